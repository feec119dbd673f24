"""A kernel stands in for a marked loop, unless the mode of the thread or the kernel itself says no."""

import os
import subprocess
import sys
import threading
import types

import numpy as np
import pytest

from minigrad import kernels
from minigrad.backend import Accelerable, accelerable
from minigrad.errors import ArgumentError
from minigrad_kernels import registry
from tests.backend.fake import CudaArray, fake_cupy


@pytest.fixture
def cupy(monkeypatch):
    return fake_cupy(monkeypatch)


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
