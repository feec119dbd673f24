import numpy as np
import pytest
from scipy import special

import minigrad
from minigrad import errors, ops
from tests.ops.laws import *

POSITIVE = {"low": 0.2, "high": 4.0}
SHAPES = [(2, 3), (), (5,), (0, 3), (2, 1, 3)]


def rsqrt(x):
    return 1 / np.sqrt(x)


CASES = [
    *[Case("exp", ops.exp, np.exp, [A(*s)]) for s in SHAPES],
    *[Case("expm1", ops.expm1, np.expm1, [A(*s)]) for s in SHAPES],
    *[Case("log", ops.log, np.log, [A(*s, **POSITIVE)]) for s in SHAPES],
    *[Case("log1p", ops.log1p, np.log1p, [A(*s, low=-0.8, high=3.0)]) for s in SHAPES],
    *[Case("log2", ops.log2, np.log2, [A(*s, **POSITIVE)]) for s in SHAPES],
    *[Case("log10", ops.log10, np.log10, [A(*s, **POSITIVE)]) for s in SHAPES],
    *[Case("sqrt", ops.sqrt, np.sqrt, [A(*s, **POSITIVE)]) for s in SHAPES],
    *[Case("rsqrt", ops.rsqrt, rsqrt, [A(*s, **POSITIVE)]) for s in SHAPES],
    Case("xlogy", ops.xlogy, special.xlogy, [A(2, 3), A(2, 3, **POSITIVE)]),
    Case("xlogy", ops.xlogy, special.xlogy, [A(2, 1, 3), A(4, 1, **POSITIVE)]),
    Case("xlogy", ops.xlogy, special.xlogy, [A(), A(3, **POSITIVE)]),
    Case("xlogy", ops.xlogy, special.xlogy, [1.5, A(3, **POSITIVE)]),
    Case("xlogy", ops.xlogy, special.xlogy, [A(0, 3), 2]),
]

UNARY = ["exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "rsqrt"]


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64"])
def test_whole_numbers_become_the_default_floating_type(name, dtype):
    x = np.array([1, 0, 1], dtype)
    with np.errstate(divide="ignore"):
        expected = rsqrt(x.astype("f4")) if name == "rsqrt" else getattr(np, name)(x.astype("f4"))
    y = getattr(ops, name)(minigrad.tensor(x))
    assert y.dtype == minigrad.float32
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-6)


@pytest.mark.parametrize("name", UNARY)
def test_infinities_and_nan_pass_without_a_warning(name):
    x = np.array([0.0, -1.0, -2.0, np.inf, -np.inf, np.nan, 1e300])
    with np.errstate(all="ignore"):
        expected = rsqrt(x) if name == "rsqrt" else getattr(np, name)(x)
    np.testing.assert_array_equal(getattr(ops, name)(minigrad.tensor(x)).numpy(), expected)


@pytest.mark.parametrize("name", UNARY)
def test_the_method_is_the_function(name):
    assert getattr(minigrad.Tensor, name) is getattr(ops, name)


@pytest.mark.parametrize("name", UNARY)
def test_a_plain_number_is_refused_with_a_hint(name):
    with pytest.raises(errors.DtypeError, match=rf"{name}: input must be a tensor, got float\nHint: wrap it"):
        getattr(ops, name)(2.0)


@pytest.mark.parametrize(("name", "x", "slope"), [("sqrt", 0.0, np.inf), ("log", 0.0, np.inf), ("rsqrt", 0.0, -np.inf)])
def test_the_slope_is_infinite_at_the_end_of_the_domain(name, x, slope):
    x = minigrad.tensor(x, dtype="float64", requires_grad=True)
    getattr(ops, name)(x).backward()
    assert x.grad.item() == slope


def test_small_arguments_keep_their_digits():
    x = minigrad.tensor([1e-20, -3e-18], dtype="float64")
    np.testing.assert_array_equal(x.expm1().numpy(), x.numpy())
    np.testing.assert_array_equal(x.log1p().numpy(), x.numpy())


def test_xlogy_is_zero_where_x_is_zero_unless_y_is_nan():
    y = np.array([0.0, -1.0, np.inf, np.nan])
    np.testing.assert_array_equal(ops.xlogy(minigrad.tensor(np.zeros(4)), minigrad.tensor(y)).numpy(), [0, 0, 0, np.nan])


def test_xlogy_hides_the_missing_logarithm_from_both_derivatives_and_their_derivatives():
    x = minigrad.tensor([0.0, 0.0, 0.0], dtype="float64", requires_grad=True)
    y = minigrad.tensor([0.0, -1.0, 4.0], dtype="float64", requires_grad=True)
    dx, dy = minigrad.grad(ops.xlogy(x, y).sum(), [x, y], create_graph=True)
    np.testing.assert_array_equal(dx.numpy(), [0, 0, np.log(4)])
    np.testing.assert_array_equal(dy.numpy(), [0, 0, 0])
    dxy, dyy = minigrad.grad((dx + dy).sum(), [x, y])
    np.testing.assert_array_equal(dxy.numpy(), [0, 0, 0.25])  # ∂²/∂x∂y = 1 / y
    np.testing.assert_array_equal(dyy.numpy(), [0, 0, 0.25])


@pytest.mark.parametrize("name", ["exp_", "sqrt_"])
def test_in_place_gives_the_same_values_and_gradients(name):
    x, w = minigrad.tensor([0.5, 2.0], requires_grad=True), minigrad.tensor([3.0, -1.0])
    (expected,) = minigrad.grad((getattr(ops, name[:-1])(x * 1.5) * w).sum(), [x])
    y = x * 1.5
    assert getattr(y, name)() is y
    (got,) = minigrad.grad((y * w).sum(), [x])
    np.testing.assert_array_equal(got.numpy(), expected.numpy())
