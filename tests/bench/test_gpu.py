"""Work for a GPU: precisions are set around it, products are made by hand, steps are replayed; on a stand-in."""

from functools import partial

import numpy as np
import pytest

import minigrad
from minigrad.bench import gpu, matmul
from minigrad.bench.device import OnDevice
from minigrad_kernels import registry
from tests.cusim.simcupy import installed


@pytest.fixture
def lib():
    with installed():
        yield OnDevice(minigrad, "cuda")


@pytest.mark.parametrize("precision, inside", [("highest", "highest"), ("high", "high"), ("medium", "medium")])
def test_a_step_is_built_and_done_at_its_precision(lib, precision, inside, monkeypatch):
    monkeypatch.setattr(registry.choice, "precision", "highest")
    seen = []

    def build(lib):
        seen.append(registry.choice.precision)
        return lambda: seen.append(registry.choice.precision)

    step = gpu.at(precision, build, lib)
    registry.choice.precision = "highest"
    step()
    assert seen == [inside, inside]


def test_products_by_hand_and_those_of_the_library_agree(lib):
    build = partial(matmul.product, (17, 5), (5, 9))
    np.testing.assert_allclose(*(f(lib)().cpu().numpy() for f in (build, partial(gpu.by_hand, build))), rtol=1e-5)


def test_a_step_that_is_replayed_trains_on(lib):
    def network(lib):
        return lib.nn.Sequential(lib.nn.Flatten(), lib.nn.Linear(9, 4))

    def inputs(lib):
        return lib.from_numpy(np.eye(9, dtype=np.float32).reshape(9, 1, 3, 3)), lib.from_numpy(np.arange(9) % 4)

    step = gpu.replayed(partial(gpu.descent, network, inputs), lib)
    losses = [step().item() for _ in range(4)]
    assert losses == sorted(losses, reverse=True) and losses[0] > losses[-1]


def test_a_row_can_be_normalised_forward_only(lib, monkeypatch):
    monkeypatch.setattr(gpu, "tensor", lambda lib, *shape, seed=0: lib.ones(*(min(n, 8) for n in shape)))
    monkeypatch.setattr(lib.nn.functional, "layer_norm", lambda x, shape, w, b: x * 2 + b)
    assert gpu.layer_norm_forward(lib)().tolist() == [[3.0] * 8] * 8


def test_every_row_has_a_target_and_a_name_of_its_own():
    assert all(w.target for w in gpu.WORKLOADS) and len({w.name for w in gpu.WORKLOADS}) == len(gpu.WORKLOADS)
