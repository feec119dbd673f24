import math

import numpy as np
import pytest
from numba import njit
from scipy import special

from minigrad_kernels.cpu import fastmath as fm

EVERY = np.arange(0, 2**32, 16411, dtype=np.uint32).view("float32")  # all exponents, both signs, NaN among them
SMALLEST_NORMAL = 2.0**-126


@njit(error_model="numpy")
def _table(x, y):
    for i in range(x.size):
        y[0, i] = fm.exp(x[i])
        y[1, i] = fm.log(x[i])
        y[2, i] = fm.tanh(x[i])
        y[3, i] = fm.sigmoid(x[i])
        y[4, i] = fm.erf(x[i])
        y[5, i] = fm.erfc_above(abs(x[i]))
        y[6, i] = fm.expm1_within(min(x[i], np.float32(80)))
        y[7, i], y[8, i] = fm.normal(x[i])


NAMES = ["exp", "log", "tanh", "sigmoid", "erf", "erfc", "expm1", "cdf", "density"]
BOUNDS = dict(zip(NAMES, [1.0e-7, 0.9e-7, 1.8e-7, 1.8e-7, 2.4e-7, 3.7e-7, 1.3e-7, 3.7e-7, 1.9e-7], strict=True))
EXACT = {
    "exp": np.exp, "log": np.log, "tanh": np.tanh, "sigmoid": special.expit, "erf": special.erf,
    "erfc": lambda x: special.erfc(abs(x)), "expm1": lambda x: np.expm1(np.minimum(x, 80)), "cdf": special.ndtr,
    "density": lambda x: np.exp(-x * x / 2) / math.sqrt(2 * math.pi),
}  # fmt: skip


def table(*x):
    x = np.asarray(x, "float32").reshape(-1)
    y = np.empty((len(NAMES), x.size), "float32")
    _table(x, y)
    return dict(zip(NAMES, y, strict=True))


@pytest.fixture(scope="module")
def everywhere():
    return table(EVERY)


@pytest.mark.parametrize("name", NAMES)
def test_the_error_stays_below_the_stated_bound_over_all_float32(name, everywhere):
    got = everywhere[name]
    with np.errstate(all="ignore"):
        expected = EXACT[name](EVERY.astype("float64"))
        rounded = expected.astype("float32")
    np.testing.assert_array_equal(np.isnan(got), np.isnan(expected))
    beyond = np.isinf(rounded)
    np.testing.assert_array_equal(got[beyond], rounded[beyond])
    normal = ~np.isnan(expected) & ~beyond
    error = np.abs(got[normal] - expected[normal]) / np.maximum(np.abs(expected[normal]), SMALLEST_NORMAL)
    assert error.max() < BOUNDS[name]


def test_exp_ends_where_float32_does():
    y = table(-np.inf, -104, -103.9, -87.4, 88.72, 88.73, np.inf, np.nan, 0.0)["exp"]
    assert y[0] == y[1] == 0 and y[5] == y[6] == np.inf and np.isnan(y[7]) and y[8] == 1
    np.testing.assert_array_equal(y[2], np.float32(2.0**-149))
    assert 0 < y[3] < SMALLEST_NORMAL and np.isfinite(y[4])


def test_log_knows_zero_less_than_zero_infinity_and_subnormal_numbers():
    y = table(0.0, -0.0, -1e-45, -np.inf, np.inf, np.nan, 1e-45, 1.0)["log"]
    assert y[0] == y[1] == -np.inf and y[4] == np.inf and y[7] == 0
    assert np.isnan(y[[2, 3, 5]]).all()
    np.testing.assert_allclose(y[6], math.log(2.0**-149), rtol=1e-6)


@pytest.mark.parametrize("name", ["tanh", "erf"])
def test_odd_functions_are_odd_to_the_last_bit_and_reach_one(name):
    x = np.abs(EVERY[~np.isnan(EVERY)])
    np.testing.assert_array_equal(table(x)[name], -table(-x)[name])
    np.testing.assert_array_equal(table(9.1, 20.0, 1e30, np.inf)[name], np.float32(1))
    assert np.signbit(table(-0.0)[name][0])


def test_sigmoid_keeps_its_digits_where_it_is_small_and_ends_at_zero_and_one():
    x = np.float32(-60)
    np.testing.assert_allclose(table(x)["sigmoid"][0], special.expit(float(x)), rtol=2e-7)
    np.testing.assert_array_equal(table(-np.inf, -110, 0, 30, np.inf)["sigmoid"], np.float32([0, 0, 0.5, 1, 1]))


def test_small_arguments_keep_their_digits():
    x = np.float32([1e-30, 1e-7, -1e-4])
    for name in "tanh", "erf", "expm1":
        np.testing.assert_allclose(table(x)[name], EXACT[name](x.astype("float64")), rtol=2.4e-7)


def test_the_loops_run_on_vectors():
    assembly = _table.inspect_asm(_table.signatures[0])
    assert assembly.count("mulps") > 10 or assembly.count("fmul.4s") > 10 or assembly.count("fmla") > 10


def test_clamps_let_nan_pass():
    assert np.isnan(fm.at_least.py_func(np.float32(0), np.float32(np.nan)))
    assert np.isnan(fm.at_most.py_func(np.float32(0), np.float32(np.nan)))
    assert fm.at_least.py_func(0, -1) == 0 and fm.at_most.py_func(0, 1) == 0
