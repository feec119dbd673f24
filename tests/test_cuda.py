"""What minigrad.cuda says about the GPU, and graphs that are recorded once and replayed; on a stand-in for CuPy."""

import sys

import numpy as np
import pytest

import minigrad
from minigrad import backend, cuda
from minigrad.errors import DeviceError
from tests.cusim.simcupy import LEDGER, installed


@pytest.fixture
def gpu():
    with installed() as cupy:
        yield cupy


@pytest.fixture
def no_gpu(monkeypatch):
    monkeypatch.delitem(sys.modules, "cupy", raising=False)
    monkeypatch.setattr(backend, "driver_problem", lambda: "there is no driver")


def test_without_a_gpu_everything_says_so_and_asking_is_no_error(no_gpu):
    assert not cuda.is_available() and cuda.device_count() == 0
    for question in (cuda.synchronize, cuda.get_device_name, cuda.memory_stats, cuda.empty_cache):
        with pytest.raises(DeviceError, match="cuda is not available here: there is no driver"):
            question()


def test_the_gpu_is_described(gpu):
    assert cuda.is_available() and cuda.device_count() == 1
    assert cuda.get_device_name() == "stand-in" and cuda.get_device_capability() == (9, 0)


def test_memory_is_counted_while_a_tensor_lives_and_kept_until_it_is_given_back(gpu):
    cuda.empty_cache()
    before = cuda.memory_stats()
    x = minigrad.zeros(1000, device="cuda")
    during = cuda.memory_stats()
    assert during["allocated"] - before["allocated"] >= x.nbytes == 4000
    assert during["reserved"] >= during["allocated"] and during["total"] == cuda.mem_get_info()[1]
    del x
    assert cuda.memory_allocated() == before["allocated"] and cuda.memory_reserved() == during["reserved"]
    cuda.empty_cache()
    assert cuda.memory_reserved() < during["reserved"]


def test_synchronize_waits(gpu):
    with LEDGER.counting():
        cuda.synchronize()
    assert LEDGER.waits == {"synchronize": 1}


def test_a_recorded_step_is_replayed_on_the_same_arrays(gpu):
    w = minigrad.tensor([1.0, -2.0], device="cuda", requires_grad=True)
    x = minigrad.tensor([[1.0, 2.0], [3.0, 4.0]], device="cuda")
    optimizer = minigrad.optim.SGD([w], lr=0.125, momentum=0.5)

    def step():
        optimizer.zero_grad()
        ((x @ w) ** 2).sum().backward()
        optimizer.step()

    twin = minigrad.tensor([1.0, -2.0], requires_grad=True)
    reference = minigrad.optim.SGD([twin], lr=0.125, momentum=0.5)
    step()
    graph = cuda.CUDAGraph()
    with cuda.graph(graph):
        step()
    for _ in range(2):
        graph.replay()
    for _ in range(3):
        reference.zero_grad()
        ((x.cpu() @ twin) ** 2).sum().backward()
        reference.step()
    np.testing.assert_allclose(w.detach().cpu().numpy(), twin.detach().numpy(), rtol=1e-5)


def test_what_is_in_the_arrays_at_the_time_of_the_replay_counts(gpu):
    x, graph = minigrad.tensor([1.0, 2.0], device="cuda"), cuda.CUDAGraph()
    with cuda.graph(graph):
        y = x * 3
    x.copy_(minigrad.tensor([5.0, 6.0], device="cuda"))
    graph.replay()
    assert y.tolist() == [15, 18]


def test_an_error_while_recording_is_passed_on_and_leaves_nothing_behind(gpu):
    graph = cuda.CUDAGraph()
    with pytest.raises(ZeroDivisionError), cuda.graph(graph):
        raise ZeroDivisionError
    with pytest.raises(DeviceError, match="nothing was recorded"):
        graph.replay()
    assert (minigrad.ones(2, device="cuda") + 1).tolist() == [2, 2]
