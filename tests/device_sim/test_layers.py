"""Every layer gives on the GPU what it gives on the CPU: values, gradients of inputs and of parameters, buffers."""

import inspect

import numpy as np
import pytest

import minigrad
from minigrad import nn
from tests.device_sim.both import assert_same, gradients, moved, tensors

RNG = np.random.default_rng(0)


def real(*shape, low=-2.0):
    return RNG.uniform(low, 2, shape)


def whole(high, *shape):
    return RNG.integers(0, high, shape)


def signs(*shape):
    return RNG.choice([-1.0, 1.0], shape)


ENCODER = nn.TransformerEncoderLayer(6, 2, 8, dropout=0.3)
DECODER = nn.TransformerDecoderLayer(6, 2, 8, dropout=0.3)
HIDDEN = np.array([[False] * 4, [False, False, True, True]])
FUTURE = ~np.tri(4, dtype=bool)
WINNERS = np.array([[[[0, 3], [8, 15]]]])
LAYERS = [
    (nn.CELU(0.5), [real(3, 4)]), (nn.ELU(0.5), [real(3, 4)]), (nn.GELU(), [real(3, 4)]), (nn.GELU("tanh"), [real(3, 4)]),
    (nn.GLU(), [real(3, 4)]), (nn.Hardshrink(0.3), [real(3, 4)]), (nn.Hardsigmoid(), [real(3, 4)]), (nn.Hardswish(), [real(3, 4)]),
    (nn.Hardtanh(-2, 0.5), [real(3, 4)]), (nn.LeakyReLU(0.2), [real(3, 4)]), (nn.LogSigmoid(), [real(3, 4)]),
    (nn.LogSoftmax(1), [real(3, 4)]), (nn.Mish(), [real(3, 4)]), (nn.ReLU(), [real(3, 4)]), (nn.ReLU6(), [real(3, 4)]),
    (nn.SELU(), [real(3, 4)]), (nn.SiLU(), [real(3, 4)]), (nn.Sigmoid(), [real(3, 4)]), (nn.Softmax(0), [real(3, 4)]),
    (nn.Softmin(1), [real(3, 4)]), (nn.Softplus(2.0), [real(3, 4)]), (nn.Softshrink(0.3), [real(3, 4)]), (nn.Softsign(), [real(3, 4)]),
    (nn.Tanh(), [real(3, 4)]), (nn.Tanhshrink(), [real(3, 4)]), (nn.Threshold(0.1, 5.0), [real(3, 4)]), (nn.PReLU(3), [real(2, 3, 4)]),
    (nn.Identity(), [real(3)]), (nn.Linear(5, 3), [real(2, 4, 5)]), (nn.Bilinear(3, 4, 2), [real(5, 3), real(5, 4)]),
    (nn.Embedding(7, 3, padding_idx=2), [whole(7, 2, 5)]), (nn.Flatten(), [real(2, 3, 4)]), (nn.Unflatten(1, (2, 3)), [real(2, 6)]),
    (nn.Conv1d(4, 6, 3, stride=2, padding=1, groups=2), [real(2, 4, 9)]),
    (nn.Conv2d(3, 4, (3, 2), dilation=2, padding="same"), [real(2, 3, 7, 6)]),
    (nn.Conv2d(2, 4, 3, padding=1, padding_mode="reflect"), [real(1, 2, 5, 5)]),
    (nn.Conv2d(2, 4, 3, padding=1, padding_mode="circular"), [real(1, 2, 5, 5)]), (nn.Conv3d(2, 3, 2), [real(1, 2, 3, 4, 3)]),
    (nn.ConvTranspose1d(4, 2, 3, stride=2, output_padding=1), [real(2, 4, 5)]),
    (nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, groups=2), [real(2, 4, 5, 4)]), (nn.ConvTranspose3d(2, 3, 2), [real(1, 2, 3, 3, 2)]),
    (nn.Dropout(0.4), [real(5, 6)]), (nn.Dropout1d(0.4), [real(5, 6, 2)]), (nn.Dropout2d(0.4), [real(5, 6, 2, 2)]),
    (nn.Dropout3d(0.4), [real(3, 4, 2, 2, 2)]), (nn.AlphaDropout(0.4), [real(5, 6)]),
    (nn.BatchNorm1d(4), [real(6, 4)]), (nn.BatchNorm1d(4, momentum=None), [real(6, 4, 3)]), (nn.BatchNorm2d(3), [real(4, 3, 5, 5)]),
    (nn.BatchNorm3d(2, track_running_stats=False), [real(3, 2, 2, 3, 2)]), (nn.LayerNorm((4, 3)), [real(2, 4, 3)]),
    (nn.GroupNorm(2, 4), [real(3, 4, 5)]), (nn.RMSNorm(6), [real(2, 6)]), (nn.InstanceNorm1d(3, affine=True), [real(2, 3, 6)]),
    (nn.InstanceNorm2d(3, track_running_stats=True), [real(2, 3, 4, 4)]), (nn.InstanceNorm3d(2), [real(2, 2, 2, 2, 3)]),
    (nn.LocalResponseNorm(3), [real(2, 5, 3, 3)]), (nn.MaxPool1d(2), [real(2, 3, 6)]), (nn.MaxPool3d(2), [real(1, 2, 4, 4, 2)]),
    (nn.MaxPool2d(3, 2, padding=1, ceil_mode=True, return_indices=True), [real(2, 3, 8, 7)]), (nn.AvgPool1d(2), [real(2, 3, 6)]),
    (nn.AvgPool2d(3, 2, padding=1, count_include_pad=False), [real(2, 3, 8, 7)]), (nn.AvgPool3d(2), [real(1, 2, 4, 4, 2)]),
    (nn.AdaptiveAvgPool1d(4), [real(2, 3, 7)]), (nn.AdaptiveAvgPool2d((2, 3)), [real(2, 3, 7, 7)]),
    (nn.AdaptiveAvgPool3d(2), [real(1, 2, 3, 4, 5)]), (nn.AdaptiveMaxPool1d(4), [real(2, 3, 7)]), (nn.AdaptiveMaxPool2d(3), [real(2, 3, 7, 7)]),
    (nn.MaxUnpool2d(2), [real(1, 1, 2, 2), WINNERS]), (nn.Upsample(5), [real(1, 2, 3)]),
    (nn.Upsample(scale_factor=2, mode="bilinear"), [real(1, 2, 3, 4)]),
    (nn.RNN(3, 4, num_layers=2, bidirectional=True, dropout=0.3), [real(5, 2, 3)]), (nn.RNN(3, 4, nonlinearity="relu"), [real(5, 3)]),
    (nn.GRU(3, 4, num_layers=2, batch_first=True), [real(2, 5, 3), real(2, 2, 4)]), (nn.LSTM(3, 4, proj_size=2), [real(5, 2, 3)]),
    (nn.LSTM(3, 4, bidirectional=True), [real(5, 2, 3), None, [5, 3]]), (nn.GRU(3, 4), [real(5, 2, 3), None, np.array([2, 5])]),
    (nn.RNNCell(3, 4), [real(2, 3)]), (nn.GRUCell(3, 4), [real(2, 3), real(2, 4)]), (nn.LSTMCell(3, 4), [real(2, 3), (real(2, 4), real(2, 4))]),
    (nn.MultiheadAttention(6, 2, dropout=0.3), [real(4, 2, 6), real(5, 2, 6), real(5, 2, 6)]),
    (nn.MultiheadAttention(6, 2, batch_first=True, add_bias_kv=True, add_zero_attn=True), [real(2, 4, 6)] * 3 + [HIDDEN, True, FUTURE]),
    (nn.BahdanauAttention(3, 4, 5), [real(2, 4, 3), real(2, 5, 4)]), (nn.LuongAttention(3, 4, "concat"), [real(2, 4, 3), real(2, 5, 4)]),
    (nn.LuongAttention(3, 4), [real(2, 4, 3), real(2, 4, 4), real(2, 4, 3), HIDDEN[:, None]]),
    (ENCODER, [real(4, 2, 6), FUTURE, HIDDEN]), (DECODER, [real(4, 2, 6), real(3, 2, 6), FUTURE]),
    (nn.TransformerEncoder(ENCODER, 2, nn.LayerNorm(6)), [real(4, 2, 6)]), (nn.TransformerDecoder(DECODER, 2), [real(4, 2, 6), real(3, 2, 6)]),
    (nn.Transformer(6, 2, 1, 1, 8, batch_first=True, norm_first=True), [real(2, 3, 6), real(2, 4, 6)]),
    (nn.SinusoidalEncoding(8, 6), [real(2, 5, 6)]), (nn.LearnedEncoding(8, 6), [real(2, 5, 6), 2]),
    (nn.RotaryEmbedding(), [real(2, 5, 6), 3]), (nn.ALiBi(3), [4, 6]), (nn.RelativePositionBias(2, 8, 12), [4, 6]),
    (nn.Sequential(nn.Linear(4, 3), nn.ReLU()), [real(2, 4)]),
    (nn.L1Loss(), [real(3, 4), real(3, 4)]), (nn.MSELoss(), [real(3, 4), real(3, 4)]), (nn.HuberLoss(), [real(3, 4), real(3, 4)]),
    (nn.SmoothL1Loss(), [real(3, 4), real(3, 4)]), (nn.BCELoss(), [real(3, 4, low=0) / 2, real(3, 4, low=0) / 2]),
    (nn.BCEWithLogitsLoss(), [real(3, 4), real(3, 4, low=0) / 2]), (nn.CrossEntropyLoss(label_smoothing=0.1), [real(5, 3), whole(3, 5)]),
    (nn.CrossEntropyLoss(ignore_index=1), [real(5, 3, 2), whole(3, 5, 2)]), (nn.NLLLoss(), [real(5, 3), whole(3, 5)]),
    (nn.KLDivLoss(reduction="batchmean"), [real(3, 4), real(3, 4, low=0.1)]), (nn.PoissonNLLLoss(), [real(3, 4), real(3, 4, low=0)]),
    (nn.GaussianNLLLoss(), [real(3, 4), real(3, 4), real(3, 4, low=0.1)]), (nn.CosineEmbeddingLoss(), [real(3, 4), real(3, 4), signs(3)]),
    (nn.HingeEmbeddingLoss(), [real(3, 4), signs(3, 4)]), (nn.MarginRankingLoss(), [real(3), real(3), signs(3)]),
    (nn.SoftMarginLoss(), [real(3, 4), signs(3, 4)]), (nn.TripletMarginLoss(), [real(3, 4), real(3, 4), real(3, 4)]),
    (nn.CTCLoss(), [real(6, 2, 4), whole(3, 2, 2) + 1, [6, 5], [2, 1]]),
]  # fmt: skip
NO_LAYERS = {"Module", "ModuleDict", "ModuleList", "ParameterList"}


def computed(layer, args, device):
    """Return outputs, gradients and buffers of two steps of training; the second finds moved statistics."""
    minigrad.manual_seed(3)
    layer.to(device)
    found = []
    for step in range(2):
        given = [moved(arg, device) for arg in args]
        inputs = [x.requires_grad_() for x in tensors(given) if x.is_floating_point()]
        outputs = tensors(layer(*given))
        found += outputs + gradients(outputs, [*inputs, *layer.parameters()], device, seed=step)
    return found + list(layer.buffers())


@pytest.mark.parametrize(("layer", "args"), LAYERS, ids=lambda v: repr(v).partition("\n")[0] if isinstance(v, nn.Module) else "")
def test_a_layer_gives_on_cuda_what_it_gives_on_the_cpu(layer, args, cuda):
    layer = minigrad_copy(layer)
    twin = minigrad_copy(layer)
    assert_same(computed(layer, args, "cpu"), computed(twin, args, "cuda"))
    assert all(x.device == "cuda" for x in [*twin.parameters(), *twin.buffers()])


def minigrad_copy(layer):
    import copy

    return copy.deepcopy(layer).double()


def test_every_layer_is_in_the_list():
    classes = {name for name in nn.__all__ if inspect.isclass(getattr(nn, name)) and issubclass(getattr(nn, name), nn.Module)}
    assert classes - {type(layer).__name__ for layer, _ in LAYERS} == NO_LAYERS
