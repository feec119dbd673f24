"""What is built around training, on the GPU: recorded steps, mixed precision, explanations, pictures, summaries."""

import numpy as np
import pytest

import minigrad
from minigrad import memory, nn, optim, viz
from minigrad.models import GPT, CharRNN, LeNet
from minigrad.nn import functional as F
from minigrad.nn.utils.rnn import pack_sequence, pad_sequence, unpack_sequence
from tests.cusim.simcupy import LEDGER
from tests.device_sim.both import assert_same, moved, tensors

RNG = np.random.default_rng(0)
TOKENS = RNG.integers(0, 11, (3, 8))
STEPS = {
    "lenet": (LeNet, RNG.normal(size=(2, 1, 28, 28)), RNG.integers(0, 10, 2), lambda y, t: F.cross_entropy(y, t)),
    "gpt": (lambda: GPT(11, 8, 1, 2, 8, dropout=0.0), TOKENS, TOKENS, lambda y, t: F.cross_entropy(y.flatten(0, 1), t.flatten())),
    "lstm": (lambda: CharRNN(11, "lstm", 6, 1), TOKENS, TOKENS, lambda y, t: F.cross_entropy(y[0].flatten(0, 1), t.flatten())),
}  # fmt: skip


def prepared(name, device="cuda", dtype="float64"):
    minigrad.manual_seed(1)
    make, x, t, loss_of = STEPS[name]
    model, x = make().to(device, dtype=dtype), moved(x, device)
    x = x.to(dtype) if x.is_floating_point() else x
    return model, optim.SGD(model.parameters(), lr=0.1, momentum=0.9), x, moved(t, device), loss_of


def step(model, optimizer, x, t, loss_of):
    for p in model.parameters():
        p.grad = None
    loss = loss_of(model(x), t)
    loss.backward()
    optimizer.step()
    return loss.detach()


def assert_replayed(name, dtype, rtol):
    """Record a step of training, replay it, and compare with steps that are taken one by one."""
    eager, recorded = prepared(name, dtype=dtype), prepared(name, dtype=dtype)
    losses = [step(*eager) for _ in range(4)]
    found = [step(*recorded)]  # so that there is nothing left to set up
    graph = minigrad.cuda.CUDAGraph()
    with minigrad.cuda.graph(graph):
        loss = step(*recorded)
    with LEDGER.counting():
        for _ in range(3):
            graph.replay()
            found.append(loss.clone())
        assert not LEDGER.waits and LEDGER.operations == 6  # a launch each, and a copy of the loss
    np.testing.assert_allclose([x.item() for x in found], [x.item() for x in losses], rtol=rtol)
    for p, q in zip(recorded[0].parameters(), eager[0].parameters(), strict=True):
        np.testing.assert_allclose(p.cpu().numpy(), q.cpu().numpy(), rtol=rtol, atol=rtol)


@pytest.mark.parametrize("name", STEPS)
def test_a_step_of_training_is_recorded_and_replayed(name, cuda):
    assert_replayed(name, "float64", 1e-9)


def test_a_wait_inside_a_recorded_step_is_refused(cuda):
    x = minigrad.ones(3, device="cuda")
    with pytest.raises(Exception, match="cudaErrorStreamCaptureUnsupported"), minigrad.cuda.graph(minigrad.cuda.CUDAGraph()):
        x.sum().item()
    assert x.sum().item() == 3  # and the device works again


def test_mixed_precision_trains_on_cuda(cuda):
    model, optimizer, x, t, loss_of = prepared("lenet")
    model.float()
    scaler, losses = minigrad.amp.GradScaler(), []
    for _ in range(4):
        optimizer.zero_grad()
        with minigrad.autocast("cuda"):
            loss = loss_of(model(x.float()), t)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        losses.append(loss.item())
    assert losses[-1] < losses[0] and all(p.dtype == "float32" for p in model.parameters())


def test_a_loss_on_cuda_is_explained_drawn_and_weighed(tmp_path, cuda):
    found = {}
    for device in ("cpu", "cuda"):
        model, _, x, t, loss_of = prepared("lenet", device)
        loss = loss_of(model(x), t)
        found[device] = str(minigrad.explain(loss)), memory.ledger(loss).by_op()["leaf"]
        assert viz.page(loss, tmp_path / f"{device}.html").stat().st_size > 1000
        assert "Conv2d" in str(nn.summary(model.float(), (2, 1, 28, 28)))
    assert found["cpu"][1] == found["cuda"][1]
    assert [row.split()[:3] for row in found["cpu"][0].splitlines()[:20]] == [row.split()[:3] for row in found["cuda"][0].splitlines()[:20]]


def test_packed_and_padded_sequences_on_cuda(cuda):
    found = {}
    for device in ("cpu", "cuda"):
        minigrad.manual_seed(1)
        rows = [moved(np.arange(6.0).reshape(3, 2), device), moved(np.ones((4, 2)), device)]
        layer = nn.LSTM(2, 3, bidirectional=True).double().to(device)
        packed = pack_sequence(rows, enforce_sorted=False)
        y, states = layer(packed)
        found[device] = [packed.data, y.data, *tensors(states), *unpack_sequence(y), pad_sequence(rows)]
    assert_same(found["cpu"], found["cuda"])


def test_short_integers_are_added_on_cuda_as_on_the_cpu(cuda):
    for dtype in ("int8", "uint8", "int16", "bool"):
        found = {}
        for device in ("cpu", "cuda"):
            x, i = minigrad.zeros(3, dtype=dtype, device=device), minigrad.tensor([0, 2, 0], device=device)
            found[device] = [x.scatter_add(0, i, minigrad.ones(3, dtype=dtype, device=device))]
        assert_same(found["cpu"], found["cuda"])
