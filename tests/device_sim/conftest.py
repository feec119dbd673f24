"""The whole framework on `device="cuda"` where there is no GPU: a stand-in plays CuPy, with CuPy's strictness.

The array code runs, not the CUDA kernels, which tests/kernels/cuda checks one by one; `twins` switches them on as well.
"""

import pytest

from minigrad.backend import kernels
from tests.cusim.simcupy import installed
from tests.cusim.simulator import missing_compiler


@pytest.fixture
def cuda():
    """CuPy's stand-in, with the array code in place of kernels."""
    with installed() as cupy, kernels("reference"):
        yield cupy


@pytest.fixture
def twins():
    """CuPy's stand-in, with the CUDA kernels compiled for the host."""
    if missing_compiler():
        pytest.skip(missing_compiler())
    with installed() as cupy, kernels("auto"):
        yield cupy
