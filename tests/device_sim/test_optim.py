"""Optimizers take the same steps on the GPU, with the memory of each parameter there, and do not wait for it."""

import numpy as np
import pytest

import minigrad
from minigrad import nn, optim
from minigrad.optim import lr_scheduler
from tests.cusim.simcupy import LEDGER
from tests.device_sim.both import assert_same

OPTIMIZERS = [
    (optim.SGD, {"lr": 0.1}), (optim.SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    (optim.Adam, {"lr": 0.1, "amsgrad": True}), (optim.Adam, {"maximize": True}), (optim.AdamW, {"lr": 0.1}),
    (optim.Adamax, {}), (optim.NAdam, {}), (optim.RAdam, {"weight_decay": 0.1}), (optim.Adagrad, {}), (optim.Adadelta, {}),
    (optim.RMSprop, {"centered": True, "momentum": 0.9}), (optim.Lion, {"weight_decay": 0.1}),
]  # fmt: skip
STEPS = 8


def data(device, dtype="float64"):
    rng = np.random.default_rng(0)
    return minigrad.tensor(rng.normal(size=(8, 5)), device=device).to(dtype), minigrad.tensor(rng.integers(0, 3, 8), device=device)


def network(device, dtype="float64"):
    minigrad.manual_seed(1)
    return nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 3)).to(device, dtype=dtype)


def trained(device, kind, options, dtype="float64", steps=STEPS):
    x, y = data(device, dtype)
    model = network(device, dtype)
    optimizer = kind(model.parameters(), **options)
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    return model, optimizer


def remembered(optimizer):
    return [value for state in optimizer.state_dict()["state"].values() for value in state.values() if isinstance(value, minigrad.Tensor)]


@pytest.mark.parametrize(("kind", "options"), OPTIMIZERS, ids=lambda v: v.__name__ if isinstance(v, type) else ",".join(v))
def test_an_optimizer_takes_the_same_steps(kind, options, cuda):
    (a, on_cpu), (b, on_cuda) = trained("cpu", kind, options), trained("cuda", kind, options)
    assert_same(list(a.parameters()), list(b.parameters()))
    assert_same(remembered(on_cpu), remembered(on_cuda))


@pytest.mark.parametrize(("kind", "options"), OPTIMIZERS, ids=lambda v: v.__name__ if isinstance(v, type) else ",".join(v))
def test_a_step_of_training_does_not_wait(kind, options, cuda):
    with LEDGER.counting():
        trained("cuda", kind, options, steps=3)
        assert not LEDGER.waits


def test_a_step_in_half_precision_is_taken_on_the_gpu(cuda):
    (a, _), (b, _) = (trained(device, optim.Adam, {"lr": 0.1}, "float16") for device in ("cpu", "cuda"))
    assert_same(list(a.parameters()), list(b.parameters()), rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("norm", [2.0, 1.0, float("inf")])
@pytest.mark.parametrize("limit", [0.1, 100.0])
def test_gradients_are_clipped_without_a_wait(norm, limit, cuda):
    found = {}
    for device in ("cpu", "cuda"):
        model, (x, y) = network(device), data(device)
        nn.functional.cross_entropy(model(x), y).backward()
        with LEDGER.counting():
            total = optim.clip_grad_norm_(model.parameters(), limit, norm)
            optim.clip_grad_value_(model.parameters(), 0.05)
            assert not LEDGER.waits
        found[device] = [total, *(p.grad for p in model.parameters())]
    assert_same(found["cpu"], found["cuda"])


def test_an_average_of_the_weights_is_kept_on_the_gpu(cuda):
    found = {}
    for device in ("cpu", "cuda"):
        model, optimizer = trained(device, optim.SGD, {"lr": 0.1}, steps=1)
        average = optim.ExponentialMovingAverage(model.parameters(), 0.9)
        for _ in range(3):
            optimizer.step()
            average.update()
        with average.average_parameters():
            found[device] = [p.detach().clone() for p in model.parameters()]
    assert_same(found["cpu"], found["cuda"])


def test_the_state_of_an_optimizer_goes_from_one_device_to_the_other(cuda):
    there, optimizer = trained("cuda", optim.Adam, {"lr": 0.1}, steps=3)
    here = network("cpu")
    here.load_state_dict(there.state_dict())
    continued = optim.Adam(here.parameters(), lr=0.1)
    continued.load_state_dict(optimizer.state_dict())
    for device, model, moves in ("cuda", there, optimizer), ("cpu", here, continued):
        x, y = data(device)
        model.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        moves.step()
    assert_same(list(here.parameters()), list(there.parameters()))
    assert_same(remembered(continued), remembered(optimizer))


def test_a_model_that_moves_after_its_optimizer_was_made_is_pointed_out(cuda):
    model, optimizer = trained("cpu", optim.Adam, {}, steps=1)
    model.cuda()
    with pytest.raises(minigrad.errors.StateError, match=r"on cpu, the parameter calls for .* on cuda now"):
        optimizer.step()


def test_a_schedule_moves_the_rate_of_parameters_on_the_gpu(cuda):
    model, optimizer = trained("cuda", optim.SGD, {"lr": 0.1}, steps=1)
    schedule = lr_scheduler.CosineAnnealingLR(optimizer, 10)
    before = [p.detach().clone() for p in model.parameters()]
    optimizer.step()
    schedule.step()
    assert optimizer.param_groups[0]["lr"] < 0.1
    assert all(bool((p != q).any()) for p, q in zip(model.parameters(), before, strict=True))
