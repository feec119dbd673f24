"""Casts under autocast happen only where they are due."""

import numpy as np
import pytest

import minigrad
from minigrad import autocast
from minigrad.ops.precision import lowered, raised


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int64"])
def test_without_autocast_tensors_are_left_alone(dtype):
    x = minigrad.tensor(np.ones(2, dtype))
    assert lowered(x) is x and raised(x) is x


@pytest.mark.parametrize("dtype, low, high", [("float16", "float16", "float32"), ("float32", "float16", "float32"),
                                              ("float64", "float64", "float64"), ("int64", "int64", "int64")])  # fmt: skip
def test_under_autocast_float32_is_lowered_and_float16_raised(dtype, low, high):
    x = minigrad.tensor(np.ones(2, dtype))
    with autocast("cuda"):
        assert lowered(x).dtype == low and raised(x).dtype == high
