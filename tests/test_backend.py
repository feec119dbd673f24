"""Devices are the types of arrays: which is which, how to get from one to another, and what can go wrong on the way."""

import sys
import types

import numpy as np
import pytest

import minigrad
from minigrad import backend
from minigrad.backend import (
    add_at,
    array_module,
    as_array,
    device_of,
    is_array,
    module_for,
    to_device,
    to_numpy,
)
from minigrad.errors import ArgumentError, DeviceError, MissingPackageError, OutOfMemoryError
from minigrad_kernels import registry
from tests.backend.fake import CudaArray, fake_cupy


@pytest.fixture
def cupy(monkeypatch):
    return fake_cupy(monkeypatch)


@pytest.fixture
def no_cupy(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)  # import then raises ImportError


def driver(monkeypatch, status=0, count=1):
    """Let the driver's library be there, and answer."""

    def counted(pointer):
        pointer._obj.value = count
        return 0

    library = types.SimpleNamespace(cuInit=lambda flags: status, cuDeviceGetCount=counted)
    monkeypatch.setattr(backend.ctypes, "CDLL", lambda name: library)


@pytest.mark.parametrize("x", [np.zeros(3), np.zeros(()), np.float32(1), np.bool_(True), np.zeros((0, 2), "int8")])
def test_numpy_arrays_and_scalars_live_on_the_cpu(x):
    assert array_module(x) is np and device_of(x) == "cpu" and is_array(x)


def test_an_array_of_cupy_lives_on_cuda(cupy):
    x = CudaArray([1.0])
    assert array_module(x) is cupy and device_of(x) == "cuda" and is_array(x)


@pytest.mark.parametrize("x", [1, 2.0, True, None, "text", [1, 2], (np.zeros(2),), range(3)])
def test_other_values_are_no_arrays(x):
    assert not is_array(x)


def test_a_subclass_of_ndarray_counts_as_numpy():
    x = np.ma.masked_array([1.0, 2.0], [True, False])
    assert is_array(x) and array_module(x) is np


def test_as_array_turns_scalars_into_writable_arrays_and_leaves_arrays_alone():
    x = np.zeros(3)
    assert as_array(x) is x
    y = as_array(np.float32(2.5))
    assert type(y) is np.ndarray and y.shape == () and y.dtype == np.float32
    y[...] = 7
    assert y == 7


@pytest.mark.parametrize("device", ["cpu", "cpu:0"])
def test_the_module_of_the_cpu_is_numpy(device):
    assert module_for(device) is np


@pytest.mark.parametrize("device", ["cuda", "cuda:0"])
def test_the_module_of_cuda_is_cupy(cupy, device):
    assert module_for(device) is cupy


@pytest.mark.parametrize("device", ["tpu", "", "CPU", "gpu:0", "cpus"])
def test_an_unknown_device_is_named(device):
    with pytest.raises(ArgumentError, match="unknown") as error:
        module_for(device)
    assert str(error.value) == f'device: {device!r} is unknown; use "cpu" or "cuda"'


def test_another_gpu_than_the_first_is_refused_with_the_remedy(cupy):
    with pytest.raises(ArgumentError, match=r"'cuda:3' is not supported(.|\n)*CUDA_VISIBLE_DEVICES=3"):
        module_for("cuda:3")


def test_without_a_driver_cuda_is_refused_at_once_and_cupy_is_not_imported(monkeypatch):
    def missing(name):
        raise OSError(name)

    monkeypatch.delitem(sys.modules, "cupy", raising=False)
    monkeypatch.setattr(backend.ctypes, "CDLL", missing)
    monkeypatch.setattr(backend, "import_module", lambda name: pytest.fail(f"imported {name}"))
    with pytest.raises(DeviceError, match=r"cuda is not available here: NVIDIA's driver \(.*\) is not installed\nHint: use device=\"cpu\""):
        module_for("cuda")


@pytest.mark.parametrize("status, count, problem", [(100, 1, "does not start (error 100)"), (0, 0, "finds no GPU"), (0, 1, None)])
def test_the_driver_is_asked_whether_it_starts_and_finds_a_gpu(monkeypatch, status, count, problem):
    driver(monkeypatch, status, count)
    told = backend.driver_problem()
    assert told is None if problem is None else problem in told


def test_a_gpu_that_is_too_old_is_refused(cupy):
    cupy.cuda.Device().compute_capability = "61"
    with pytest.raises(DeviceError, match=r"compute capability 6.1, the kernels need 7.0"):
        module_for("cuda")


def test_running_out_of_memory_says_how_much_there_was(cupy):
    def full(size):
        raise MemoryError

    module_for("cuda")
    assert cupy.malloc(3) == "3 bytes"
    cupy.pool = full
    with pytest.raises(OutOfMemoryError, match=r"5,000 bytes were asked for, 100 of the GPU's 1,000 are free; .* hold 800") as error:
        cupy.malloc(5000)
    assert isinstance(error.value, MemoryError) and "checkpoint()" in str(error.value)


@pytest.mark.parametrize("precision", ["highest", "high", "medium"])
def test_the_precision_of_products_is_set_for_this_thread(monkeypatch, precision):
    monkeypatch.setattr(registry.choice, "precision", "highest")
    minigrad.set_float32_matmul_precision(precision)
    assert minigrad.get_float32_matmul_precision() == precision == registry.choice.precision
    with pytest.raises(ArgumentError, match="'low' is unknown; use one of highest, high, medium"):
        minigrad.set_float32_matmul_precision("low")


def test_cuda_without_cupy_says_what_to_install(no_cupy):
    with pytest.raises(MissingPackageError, match=r"cuda needs CuPy; install it with pip install 'minigrad\[cuda12\]'"):
        module_for("cuda")
    with pytest.raises(ImportError):
        to_device(np.zeros(2), "cuda")


def test_cuda_without_a_device_passes_on_what_the_driver_says(cupy):
    def broken():
        raise RuntimeError("cudaErrorNoDevice: no CUDA-capable device is detected")

    cupy.cuda.runtime.getDeviceCount = broken
    with pytest.raises(DeviceError, match="not available here, the driver says: cudaErrorNoDevice"):
        module_for("cuda")


def test_a_move_to_where_the_array_is_copies_nothing(cupy):
    x, y = np.zeros(3), CudaArray([1.0])
    assert to_device(x, "cpu") is x and to_device(x, "cpu:0") is x and to_numpy(x) is x
    assert to_device(y, "cuda") is y and to_device(y, "cuda:0") is y


def test_a_move_there_and_back_keeps_the_values(cupy):
    x = np.arange(6.0).reshape(2, 3)
    there = to_device(x, "cuda")
    assert type(there) is CudaArray
    np.testing.assert_array_equal(to_device(there, "cpu"), x)
    np.testing.assert_array_equal(to_numpy(there), x)


def test_to_numpy_makes_arrays_of_scalars():
    y = to_numpy(np.float64(2.0))
    assert type(y) is np.ndarray and y.shape == ()


def test_add_at_adds_once_for_every_time_an_element_is_named():
    target = np.zeros((3, 2))
    add_at(target, [0, 2, 0, 0], np.array([[1.0, 2], [3, 4], [5, 6], [7, 8]]))
    np.testing.assert_array_equal(target, [[13, 16], [0, 0], [3, 4]])


def test_add_at_hands_arrays_of_cuda_to_cupy(cupy):
    calls = []
    cupy.add = types.SimpleNamespace(at=lambda *args: calls.append(args))
    target, values = CudaArray([0.0]), CudaArray([1.0])
    add_at(target, [0], values)
    assert calls == [(target, [0], values)]


def test_the_number_of_threads_is_the_users_to_set(monkeypatch):
    monkeypatch.setattr("minigrad_kernels.cpu.threads._asked", None)
    minigrad.set_num_threads(3)
    assert minigrad.get_num_threads() == 3
    with pytest.raises(ArgumentError, match="set_num_threads: needs a number of threads, at least 1, got 0"):
        minigrad.set_num_threads(0)
