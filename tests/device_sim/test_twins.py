"""The CUDA kernels in their places: every op, and whole steps of training, in float32, with the kernels compiled for the host."""

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, optim
from minigrad.backend import kernels
from tests.cusim.simcupy import LEDGER
from tests.device_sim.both import assert_same, moved
from tests.device_sim.test_ops import run
from tests.device_sim.test_tools import STEPS, assert_replayed
from tests.device_sim.test_training import MODELS
from tests.ops.test_registry import FAMILIES, cases_of

pytestmark = pytest.mark.slow  # g++ compiles the kernels when they are first used


def single(value):
    """Return an argument with its float64 arrays in float32."""
    if isinstance(value, np.ndarray) and value.dtype == np.float64:
        return value.astype(np.float32)
    return type(value)(map(single, value)) if type(value) in (list, tuple) else value


class Single:
    """A case with arguments in float32."""

    def __init__(self, case):
        self.case = case
        self.op, self.kwargs, self.differentiable, self.floating = case.op, case.kwargs, case.differentiable, case.floating

    def draw(self, seed):
        return single(self.case.draw(seed))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_case_gives_with_kernels_what_numpy_gives(family, twins):
    for case in cases_of(family):
        try:
            with kernels("reference"):
                expected = run(Single(case), "cpu")
            assert_same(expected, run(Single(case), "cuda"), rtol=2e-3, atol=2e-4)
        except Exception as error:
            raise AssertionError(case.id) from error


@pytest.mark.parametrize("name", ["lenet", "cnn", "resnet", "gpt", "lstm", "gru", "bert", "t5"])
def test_a_network_trains_with_kernels_as_with_numpy(name, twins):
    make, inputs, loss_of, target = MODELS[name]
    found = {}
    for device, mode in (("cpu", "reference"), ("cuda", "auto")):
        minigrad.manual_seed(1)
        model, x, t = make().to(device), moved(single(inputs), device), moved(target, device)
        optimizer, losses = optim.Adam(model.parameters(), lr=0.01), []
        minigrad.manual_seed(2)
        with kernels(mode), LEDGER.counting():
            for _ in range(3):
                optimizer.zero_grad()
                loss: Tensor = loss_of(model(*x), t)
                loss.backward()
                optimizer.step()
                losses.append(loss.detach())
            assert not LEDGER.waits and (device == "cpu" or LEDGER.launches > 0)
        found[device] = losses
    assert_same(found["cpu"], found["cuda"], rtol=5e-3, atol=1e-3)


@pytest.mark.parametrize("name", STEPS)
def test_a_step_with_kernels_is_recorded_and_replayed(name, twins):
    assert_replayed(name, "float32", 1e-4)
