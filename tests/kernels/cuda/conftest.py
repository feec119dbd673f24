"""Launchers run as they are, on the stand-in for CuPy and the simulated GPU."""

from importlib import import_module

import pytest

from tests.cusim.simcupy import installed
from tests.cusim.simulator import missing_compiler


@pytest.fixture
def cupy():
    """The stand-in, as the module that `import cupy` finds."""
    if reason := missing_compiler():
        pytest.skip(reason)
    with installed() as module:
        yield module


@pytest.fixture
def twins(cupy):
    """A function that imports the launchers of a stem, anew for each test."""
    return lambda stem: import_module(f"minigrad_kernels.cuda.{stem}")
