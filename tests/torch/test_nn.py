"""Layers take PyTorch's state dicts and then compute what PyTorch computes."""

import numpy as np
import pytest

import minigrad
from minigrad import nn

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

LAYERS = [
    ("Linear", (5, 3), {}, (4, 5)), ("Linear", (5, 3), {"bias": False}, (2, 4, 5)), ("Identity", (), {}, (3,)),
    ("Conv1d", (4, 6, 3), {"stride": 2, "padding": 1, "groups": 2}, (2, 4, 9)),
    ("Conv2d", (3, 4, (3, 2)), {"dilation": 2, "padding": "same"}, (2, 3, 7, 6)),
    ("Conv2d", (2, 4, 3), {"padding": 1, "padding_mode": "reflect"}, (1, 2, 5, 5)),
    ("Conv2d", (2, 4, 3), {"padding": (2, 1), "padding_mode": "circular"}, (1, 2, 5, 6)),
    ("Conv3d", (2, 3, 2), {"bias": False}, (1, 2, 3, 4, 3)),
    ("ConvTranspose1d", (4, 2, 3), {"stride": 2, "output_padding": 1}, (2, 4, 5)),
    ("ConvTranspose2d", (4, 6, 3), {"stride": 2, "padding": 1, "groups": 2}, (2, 4, 5, 4)),
    ("ConvTranspose3d", (2, 3, 2), {"dilation": 2}, (1, 2, 3, 3, 2)),
    ("BatchNorm1d", (4,), {}, (6, 4)), ("BatchNorm1d", (4,), {"momentum": None}, (6, 4, 3)),
    ("BatchNorm2d", (3,), {"eps": 1e-3, "affine": False}, (4, 3, 5, 5)),
    ("BatchNorm3d", (2,), {"track_running_stats": False}, (3, 2, 2, 3, 2)),
    ("LayerNorm", ((4, 3),), {}, (2, 4, 3)), ("GroupNorm", (2, 4), {}, (3, 4, 5)), ("RMSNorm", (6,), {}, (2, 6)),
    ("InstanceNorm1d", (3,), {"affine": True}, (2, 3, 6)), ("InstanceNorm2d", (3,), {"track_running_stats": True}, (2, 3, 4, 4)),
    ("LocalResponseNorm", (3,), {}, (2, 5, 3, 3)), ("PReLU", (3,), {}, (2, 3, 4)),
    ("MaxPool2d", (3,), {"stride": 2, "padding": 1, "ceil_mode": True}, (2, 3, 8, 7)),
    ("AvgPool2d", (3,), {"stride": 2, "padding": 1, "count_include_pad": False}, (2, 3, 8, 7)),
    ("AdaptiveAvgPool2d", ((2, 3),), {}, (2, 3, 7, 7)), ("AdaptiveMaxPool1d", (4,), {}, (2, 3, 7)),
    ("Upsample", (), {"scale_factor": 2, "mode": "bilinear"}, (1, 2, 3, 4)), ("Upsample", (5,), {}, (1, 2, 3)),
    ("Flatten", (), {}, (2, 3, 4)), ("Unflatten", (1, (2, 3)), {}, (2, 6)),
    ("Dropout", (0.5,), {}, (3, 4)), ("GELU", ("tanh",), {}, (3, 4)), ("Softmax", (1,), {}, (3, 4)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args", "options", "shape"), LAYERS, ids=lambda v: str(v).replace(" ", ""))
@pytest.mark.parametrize("training", [True, False])
def test_a_layer_with_pytorchs_state_computes_what_pytorch_computes(name, args, options, shape, training):
    if name == "Dropout" and training:
        return
    theirs = getattr(torch.nn, name)(*args, **options).double().train(training)
    ours = getattr(nn, name)(*args, **options).double().train(training)
    ours.load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
    assert [n for n, _ in ours.named_parameters()] == [n for n, _ in theirs.named_parameters()]
    rng = np.random.default_rng(0)
    for _ in range(2):  # a second time, so that running statistics have moved
        x = rng.normal(size=shape)
        a, b = minigrad.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
        y, e = ours(a), theirs(b)
        np.testing.assert_allclose(y.numpy(), e.detach().numpy(), rtol=1e-8, atol=1e-10)
    v = rng.normal(size=y.shape)
    y.backward(minigrad.tensor(v))
    e.backward(torch.tensor(v))
    np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-7, atol=1e-9)
    for mine, their in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(mine.grad.numpy(), their.grad.numpy(), rtol=1e-7, atol=1e-9)
    for key, value in theirs.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[key].numpy(), value.numpy(), rtol=1e-9, atol=1e-12)


def test_embeddings_agree():
    theirs = torch.nn.Embedding(7, 3, padding_idx=2)
    ours = nn.Embedding(7, 3, padding_idx=2)
    ours.load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
    index = np.array([[1, 2], [2, 6]])
    np.testing.assert_array_equal(ours(minigrad.tensor(index)).numpy(), theirs(torch.tensor(index)).detach().numpy())


PAIRED = ["L1Loss", "MSELoss", "SmoothL1Loss", "HuberLoss", "SoftMarginLoss", "PoissonNLLLoss", "HingeEmbeddingLoss"]


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_losses_agree(reduction):
    rng = np.random.default_rng(1)
    x, t = rng.normal(size=(4, 5)), rng.choice([-1.0, 1.0], (4, 5))
    for name in PAIRED:
        ours = getattr(nn, name)(reduction=reduction)(minigrad.tensor(x), minigrad.tensor(t))
        theirs = getattr(torch.nn, name)(reduction=reduction)(torch.tensor(x), torch.tensor(t))
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-9)
    classes = np.array([0, 4, -100, 2])
    ours = nn.CrossEntropyLoss(reduction=reduction, label_smoothing=0.1)(minigrad.tensor(x), minigrad.tensor(classes))
    theirs = torch.nn.CrossEntropyLoss(reduction=reduction, label_smoothing=0.1)(torch.tensor(x), torch.tensor(classes))
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-9)


def test_default_weights_have_pytorchs_spread():
    for name, args in [("Linear", (300, 200)), ("Conv2d", (16, 64, 5)), ("Embedding", (500, 40)), ("ConvTranspose2d", (32, 16, 5))]:
        ours, theirs = getattr(nn, name)(*args), getattr(torch.nn, name)(*args)
        for (n, mine), (m, their) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
            assert n == m and mine.shape == tuple(their.shape)
            if mine.numel() > 1000:
                np.testing.assert_allclose(mine.numpy().std(), their.detach().numpy().std(), rtol=0.05)
