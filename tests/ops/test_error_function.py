import math

import numpy as np
import pytest
from scipy import special

import minigrad
from minigrad import ops
from tests.ops.laws import *

SHAPES = [(2, 3), (), (5,), (0, 3), (2, 1, 3)]
CASES = [
    *[Case("erf", ops.erf, special.erf, [A(*s, low=-5, high=5)], rtol=2e-15) for s in SHAPES],
    *[Case("erfc", ops.erfc, special.erfc, [A(*s, low=-3, high=3)], rtol=5e-15) for s in SHAPES],
]
# The ranges of the approximation, their ends, and what lies beyond them.
RANGES = [(0, 15 / 32), (15 / 32, 1), (1, 4), (4, 8), (8, 26)]


@pytest.mark.parametrize("low,high", RANGES)
@pytest.mark.parametrize("sign", [-1, 1])
def test_values_are_within_a_few_units_in_the_last_place(low, high, sign):
    x = sign * np.concatenate([np.linspace(low, high, 401), np.nextafter([low, high], [high, low])])
    for name in ("erf", "erfc"):
        exact = np.array([getattr(math, name)(v) for v in x])
        got = getattr(ops, name)(minigrad.tensor(x)).numpy()
        assert np.max(np.abs(got - exact) / np.spacing(np.abs(exact))) <= 8, name


def test_single_precision_is_kept():
    x = np.linspace(-6, 6, 1001, dtype="f4")
    for name in ("erf", "erfc"):
        exact = getattr(special, name)(x.astype("f8"))
        got = getattr(ops, name)(minigrad.tensor(x)).numpy()
        assert got.dtype == np.float32
        assert np.max(np.abs(got - exact) / np.spacing(np.abs(exact).astype("f4"))) <= 10, name


def test_half_precision_is_computed_in_single_precision():
    x = np.linspace(-6, 6, 101).astype("f2")
    y = ops.erf(minigrad.tensor(x))
    assert y.dtype == np.float16
    np.testing.assert_array_equal(y.numpy(), special.erf(x.astype("f8")).astype("f2"))


def test_the_ends_of_the_line():
    x = minigrad.tensor([np.inf, -np.inf, np.nan, 0.0, 1e200, -1e200, 27.0], dtype="float64")
    np.testing.assert_array_equal(x.erf().numpy(), [1, -1, np.nan, 0, 1, -1, 1])
    np.testing.assert_array_equal(x.erfc().numpy()[:6], [0, 2, np.nan, 1, 0, 2])
    assert 0 < x.erfc()[6].item() < 1e-300


def test_the_error_function_is_odd_down_to_the_sign_of_zero():
    x = np.concatenate([np.linspace(0, 7, 50), [0.0]])
    y, z = ops.erf(minigrad.tensor(x)).numpy(), ops.erf(minigrad.tensor(-x)).numpy()
    np.testing.assert_array_equal(y, -z)
    np.testing.assert_array_equal(np.signbit(z), True)


def test_the_slope_far_away_is_zero_not_nan():
    x = minigrad.tensor([1e100, -np.inf], dtype="float64", requires_grad=True)
    (x.erf() - x.erfc()).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [0, 0])
