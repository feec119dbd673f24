"""The same work on a GPU: tensors are made there, time is the GPU's; on a stand-in for CuPy."""

import pytest

import minigrad
from minigrad.bench.device import DeviceClock, OnDevice, measure
from minigrad.bench.workload import fill, integers, tensor
from tests.cusim.simcupy import installed


@pytest.fixture
def gpu():
    with installed() as cupy:
        yield cupy


def test_a_library_on_a_device_makes_tensors_and_models_there_and_is_itself_otherwise(gpu):
    lib = OnDevice(minigrad, "cuda")
    made = [tensor(lib, 2, grad=True), integers(lib, 3, 2), lib.arange(3), lib.zeros(2), lib.ones(2)]
    assert all(x.device == "cuda" for x in made) and made[0].requires_grad
    model = fill(lib, lib.nn.Linear(2, 3))
    assert all(p.device == "cuda" for p in model.parameters())
    assert lib.matmul is minigrad.matmul and lib.__name__ == "minigrad"


def test_the_clock_adds_up_what_events_say(gpu, monkeypatch):
    times = iter([0.0, 2.0, 5.0])
    monkeypatch.setattr(gpu.cuda.Event, "record", lambda self, stream=None: setattr(self, "time", next(times)))
    clock = DeviceClock()
    assert clock() == pytest.approx(2.0) and clock() == pytest.approx(5.0)


def test_the_yardsticks_have_the_name_of_the_gpu_and_positive_speeds(gpu):
    found = measure(side=16, copied=1000)
    assert found.cpu == "stand-in" and found.gflops > 0 and found.gbytes > 0
