"""One function, whatever computes it: kernels, devices, checkpoints."""

import numpy as np
import pytest

import minigrad
from minigrad import nn
from minigrad.autograd import record
from minigrad.backend import accelerable
from minigrad.errors import DeviceError, LawError, MissingPackageError
from minigrad.testing.laws import check_checkpoint, check_devices, check_implementations
from minigrad_kernels import registry

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 3, 6, 6))


@accelerable
def halved_loop(x):
    return x / 2


def halved(x):
    return record("halved", halved_loop(x.array), (x, lambda dy, _: dy / 2))


def halved_back(x):
    return record("halved", x.array / 2, (x, lambda dy, _: minigrad.tensor(halved_loop(dy.array))))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_kernels_agree_with_definitions(dtype):
    check_implementations(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.MaxPool2d(2)).to(dtype), X.astype(dtype))


@pytest.mark.parametrize(("f", "told"), [(halved, "output 0, shape"), (halved_back, "the gradient of input 0")])
def test_a_kernel_that_computes_something_else_is_found(f, told, monkeypatch):
    find = registry.find
    monkeypatch.setattr(registry, "find", lambda name, device: (lambda x: x / 2.01) if name == "halved_loop" else find(name, device))
    with pytest.raises(LawError, match=f"kernels beside definitions of {f.__name__}: {told}"):
        check_implementations(f, X)
    check_implementations(f, X, rtol=0.1)


class Scale(nn.Module):
    """Scale by a weight whose gradient alone goes through the kernel."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(minigrad.ones(6, dtype="float64"))

    def forward(self, x):
        w = self.weight
        return record("scale", x.array * w.array, (x, lambda dy, _: dy * w), (w, lambda dy, _: halved(dy * x).sum((0, 1, 2)) * 2))


def test_the_gradients_of_parameters_are_compared_too(monkeypatch):
    find = registry.find
    monkeypatch.setattr(registry, "find", lambda name, device: (lambda x: x / 2.01) if name == "halved_loop" else find(name, device))
    with pytest.raises(LawError, match="kernels beside definitions of Scale: the gradient of weight"):
        check_implementations(Scale(), X)


def test_a_device_agrees_with_itself_and_one_that_is_not_there_says_so():
    check_devices(minigrad.tanh, X, devices=("cpu", "cpu"))
    check_devices(nn.Conv2d(3, 2, 3).double(), X, devices=("cpu", "cpu"))
    with pytest.raises((DeviceError, MissingPackageError), match="cuda"):
        check_devices(minigrad.tanh, X)


def test_a_checkpoint_changes_nothing():
    minigrad.manual_seed(0)
    check_checkpoint(nn.Sequential(nn.Linear(6, 4), nn.Tanh(), nn.Dropout(0.5), nn.Linear(4, 2)).double().eval(), X)
    check_checkpoint(lambda a, b: (a * b, a.sum()), X, X)


def test_a_block_with_random_numbers_of_its_own_is_found():
    rng = np.random.default_rng(0)

    def noisy(x):
        return x * minigrad.tensor(rng.normal(size=x.shape))

    with pytest.raises(LawError, match="checkpointed beside kept of noisy: output 0"):
        check_checkpoint(noisy, X)


def test_a_block_that_counts_its_calls_is_found_by_its_gradient():
    class Counting(nn.Module):
        calls = 0

        def forward(self, x):
            self.calls += 1
            return x * (2.0 if self.calls < 3 else 3.0) if self.calls != 2 else x * 5.0

    with pytest.raises(LawError, match="checkpointed beside kept of Counting"):
        check_checkpoint(Counting(), X)
