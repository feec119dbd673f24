"""Devices are the types of arrays, and a kernel may stand in for a marked loop.

CuPy is played by a module of the same name: its arrays are recognised by the module of their type, as the real ones.
"""

import os
import subprocess
import sys
import threading
import types

import numpy as np
import pytest

import minigrad
from minigrad import kernels
from minigrad.backend import (
    Accelerable,
    accelerable,
    add_at,
    array_module,
    as_array,
    device_of,
    is_array,
    module_for,
    to_device,
    to_numpy,
)
from minigrad.errors import ArgumentError, DeviceError, MissingPackageError
from minigrad_kernels import registry


class CudaArray:
    """An array on the other side."""

    def __init__(self, values):
        self.values = np.array(values)


CudaArray.__module__ = "cupy._core.core"


@pytest.fixture
def cupy(monkeypatch):
    """A CuPy with one device."""
    module = types.ModuleType("cupy")
    module.asarray = CudaArray
    module.asnumpy = lambda x: x.values
    module.cuda = types.SimpleNamespace(runtime=types.SimpleNamespace(getDeviceCount=lambda: 1))
    monkeypatch.setitem(sys.modules, "cupy", module)
    return module


@pytest.fixture
def no_cupy(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)  # import then raises ImportError


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


@pytest.mark.parametrize("device", ["cuda", "cuda:1"])
def test_the_module_of_cuda_is_cupy(cupy, device):
    assert module_for(device) is cupy


@pytest.mark.parametrize("device", ["tpu", "", "CPU", "gpu:0", "cpus"])
def test_an_unknown_device_is_named(device):
    with pytest.raises(ArgumentError, match="unknown") as error:
        module_for(device)
    assert str(error.value) == f'device: {device!r} is unknown; use "cpu" or "cuda"'


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


@pytest.fixture
def loop(monkeypatch):
    """A marked loop, its twin, and a record of which of them ran."""
    ran = []

    def tripled(x, n=3, *, shift=0):
        """Multiply by three."""
        ran.append("reference")
        return (x[0] if isinstance(x, list) else x) * n + shift

    def twin(x, n=3, *, shift=0):
        ran.append("twin")
        return (x[0] if isinstance(x, list) else x) * n + shift

    monkeypatch.setattr(registry, "_found", {("tripled", "cpu"): twin, ("tripled", "cuda"): None})
    monkeypatch.setattr(registry.choice, "mode", "auto")
    return types.SimpleNamespace(call=accelerable(tripled), ran=ran, reference=tripled)


def test_a_registered_twin_stands_in_for_the_reference(loop):
    assert loop.call(np.array(2.0), 5, shift=1) == 11 and loop.ran == ["twin"]


def test_in_reference_mode_the_definition_runs(loop):
    with kernels("reference"):
        assert loop.call(np.array(2.0), 5, shift=1) == 11
    assert loop.ran == ["reference"]


def test_a_twin_that_does_not_cover_a_case_leaves_it_to_the_reference(loop):
    def twin(x, n=3, *, shift=0):
        loop.ran.append("twin")
        return NotImplemented if x.dtype != "float32" else x * n

    registry._found["tripled", "cpu"] = twin
    assert loop.call(np.array(2.0)) == 6 and loop.ran == ["twin", "reference"]
    assert loop.call(np.array(2.0, "float32")) == 6 and loop.ran == ["twin", "reference", "twin"]


def test_a_result_that_is_false_is_a_result(loop):
    for value in (None, 0, False, np.zeros(0)):
        registry._found["tripled", "cpu"] = lambda x, value=value: value
        assert loop.call(np.array(2.0)) is value
    assert loop.ran == []


def test_a_loop_without_a_twin_runs_as_it_is(loop):
    registry._found["tripled", "cpu"] = None
    assert loop.call(np.array(2.0)) == 6 and loop.ran == ["reference"]


def test_the_first_argument_decides_the_device(loop, cupy):
    registry._found["tripled", "cuda"] = lambda x: "cuda twin"
    assert loop.call(CudaArray([1.0])) == "cuda twin"
    assert loop.call([CudaArray([1.0]), CudaArray([2.0])]) == "cuda twin"
    assert loop.call([np.array(2.0), np.array(3.0)]) == 6 and loop.ran == ["twin"]


def test_an_error_of_a_twin_is_not_hidden(loop):
    def twin(x):
        raise ZeroDivisionError("in the twin")

    registry._found["tripled", "cpu"] = twin
    with pytest.raises(ZeroDivisionError, match="in the twin"):
        loop.call(np.array(2.0))


def test_a_marked_loop_keeps_its_name_and_docstring(loop):
    assert isinstance(loop.call, Accelerable)
    assert loop.call.__name__ == loop.call.name == "tripled" and loop.call.__doc__ == "Multiply by three."
    assert loop.call.reference is loop.reference and loop.call.__wrapped__ is loop.reference


def test_modes_nest_and_end_with_their_block_even_after_an_error(loop):
    x = np.array(1.0)
    with kernels("reference"):
        with kernels("auto"):
            loop.call(x)
        loop.call(x)
        with pytest.raises(KeyError), kernels("auto"):
            raise KeyError
        loop.call(x)
    loop.call(x)
    assert loop.ran == ["twin", "reference", "reference", "twin"]


def test_a_mode_holds_for_its_thread_only(loop):
    x = np.array(1.0)
    with kernels("reference"):
        thread = threading.Thread(target=loop.call, args=(x,))
        thread.start()
        thread.join()
        assert loop.ran == ["twin"]
        loop.call(x)
    assert loop.ran == ["twin", "reference"]


@pytest.mark.parametrize("mode", ["fast", "", "Reference", None])
def test_an_unknown_mode_lists_the_known_ones(mode):
    with pytest.raises(ArgumentError, match=rf"kernels: mode {mode!r} is unknown; use one of auto, exact, reference"), kernels(mode):
        pass


@pytest.mark.parametrize("mode", ["auto", "exact", "reference"])
def test_the_environment_sets_the_mode_that_every_thread_starts_with(mode):
    script = f"""
import sys; sys.path[:0] = {[p for p in sys.path if p]!r}
import threading
from minigrad import backend
from minigrad_kernels import registry
seen = [registry.choice.mode]
thread = threading.Thread(target=lambda: seen.append(registry.choice.mode))
thread.start(); thread.join()
print(seen)
"""
    environment = {**os.environ, "MINIGRAD_KERNELS": mode}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == str([mode, mode])


def test_a_mode_in_the_environment_that_is_unknown_is_refused():
    script = f"import sys; sys.path[:0] = {[p for p in sys.path if p]!r}; import minigrad"
    environment = {**os.environ, "MINIGRAD_KERNELS": "referense"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode != 0 and "'referense' is unknown" in done.stderr


def test_add_at_adds_once_for_every_time_an_element_is_named():
    target = np.zeros((3, 2))
    add_at(target, [0, 2, 0, 0], np.array([[1.0, 2], [3, 4], [5, 6], [7, 8]]))
    np.testing.assert_array_equal(target, [[13, 16], [0, 0], [3, 4]])


def test_add_at_hands_arrays_of_cuda_to_cupyx(cupy, monkeypatch):
    calls = []
    cupyx = types.ModuleType("cupyx")
    cupyx.scatter_add = lambda *args: calls.append(args)
    monkeypatch.setitem(sys.modules, "cupyx", cupyx)
    target, values = CudaArray([0.0]), CudaArray([1.0])
    add_at(target, [0], values)
    assert calls == [(target, [0], values)]


def test_the_number_of_threads_is_the_users_to_set(monkeypatch):
    monkeypatch.setattr("minigrad_kernels.cpu.threads._asked", None)
    minigrad.set_num_threads(3)
    assert minigrad.get_num_threads() == 3
    with pytest.raises(ArgumentError, match="set_num_threads: needs a number of threads, at least 1, got 0"):
        minigrad.set_num_threads(0)
