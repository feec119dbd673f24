import math

import numpy as np
import pytest

import minigrad
from minigrad import errors, ops
from tests.ops.laws import *

LAMBDA, ALPHA = 1.0507009873554804934, 1.6732632423543772848  # of selu


def relu(x):
    return np.maximum(x, 0)


def elu(x, alpha=1.0):
    return np.where(x > 0, x, alpha * (np.exp(x) - 1))


def celu(x, alpha=1.0):
    return np.maximum(x, 0) + np.minimum(0, alpha * (np.exp(x / alpha) - 1))


def prelu(x, w):
    w = w.reshape(-1, *(1,) * (x.ndim - 2)) if x.ndim > 1 else w.reshape(())
    return np.where(x > 0, x, w * x)


def softplus(x, beta=1.0, threshold=20.0):
    return np.where(beta * x > threshold, x, np.logaddexp(0, beta * x) / beta)


def hardshrink(x, lambd=0.5):
    return x * (np.abs(x) > lambd)


def softshrink(x, lambd=0.5):
    return np.sign(x) * np.maximum(np.abs(x) - lambd, 0)


def hardtanh(x, min_val=-1.0, max_val=1.0):
    return np.clip(x, min_val, max_val)


SHAPES = [(2, 3), (), (5,), (0, 3)]
ZERO = {"away_from": (0.0,)}
HALVES = {"away_from": (-0.5, 0.5)}
CASES = [
    *[Case("relu", ops.relu, relu, [A(*s, **ZERO)]) for s in SHAPES],
    *[Case("relu6", ops.relu6, lambda x: np.clip(x, 0, 6), [A(*s, low=-3, high=9, away_from=(0.0, 6.0))]) for s in SHAPES],
    *[Case("leaky_relu", ops.leaky_relu, lambda x, a=0.01: np.where(x > 0, x, a * x), [A(*s, **ZERO), *a])
      for s in SHAPES for a in ([], [0.3], [-1.0])],
    *[Case("elu", ops.elu, elu, [A(*s, **ZERO), *a]) for s in SHAPES for a in ([], [0.7], [-2])],
    *[Case("celu", ops.celu, celu, [A(*s, **ZERO), *a]) for s in SHAPES for a in ([], [0.7])],
    *[Case("selu", ops.selu, lambda x: LAMBDA * elu(x, ALPHA), [A(*s, **ZERO)]) for s in SHAPES],
    *[Case("prelu", ops.prelu, prelu, [A(*s, **ZERO), A(*w)])
      for s, w in [((2, 3), (3,)), ((2, 3, 4), (3,)), ((2, 3, 1, 2), (1,)), ((5,), (1,)), ((), (1,)), ((2, 3), ()), ((0, 3), (3,)),
                   ((1, 1), (1,))]],
    *[Case("softplus", ops.softplus, softplus, [A(*s), *a]) for s in SHAPES for a in ([], [3.0], [-0.5])],
    Case("softplus", ops.softplus, softplus, [A(4, 5, low=-2, high=2, away_from=(0.5,)), 2.0, 1.0]),
    *[Case("softsign", ops.softsign, lambda x: x / (1 + np.abs(x)), [A(*s, **ZERO)]) for s in SHAPES],
    *[Case("hardtanh", ops.hardtanh, hardtanh, [A(*s, away_from=(-1.0, 1.0))]) for s in SHAPES],
    Case("hardtanh", ops.hardtanh, hardtanh, [A(4, 5, away_from=(0.3, 1.7)), 0.3, 1.7]),
    *[Case("threshold", ops.threshold, lambda x, t, v: np.where(x > t, x, v), [A(*s, **HALVES), 0.5, -7]) for s in SHAPES],
    *[Case("hardshrink", ops.hardshrink, hardshrink, [A(*s, **HALVES)]) for s in SHAPES],
    Case("hardshrink", ops.hardshrink, hardshrink, [A(4, 5, away_from=(-1.2, 1.2)), 1.2]),
    *[Case("softshrink", ops.softshrink, softshrink, [A(*s, **HALVES)]) for s in SHAPES],
    Case("softshrink", ops.softshrink, softshrink, [A(4, 5, away_from=(-1.2, 1.2)), 1.2]),
    *[Case("tanhshrink", ops.tanhshrink, lambda x: x - np.tanh(x), [A(*s)]) for s in SHAPES],
]  # fmt: skip

# Where each has a kink, the slope there, and its values on both sides: name, arguments, x, dy/dx.
KINKS = [
    ("relu", (), [0.0, -0.0], [0, 0]),
    ("relu6", (), [0.0, 6.0], [0, 0]),
    ("hardtanh", (), [-1.0, 1.0], [0, 0]),
    ("threshold", (0.5, -7.0), [0.5], [0]),
    ("leaky_relu", (0.25,), [0.0, -0.0], [0.25, 0.25]),
    ("elu", (3.0,), [0.0, -0.0], [3, 3]),
    ("celu", (3.0,), [0.0], [1]),
    ("selu", (), [0.0], [LAMBDA * ALPHA]),
    ("hardshrink", (), [0.5, -0.5], [0, 0]),
    ("softshrink", (), [0.5, -0.5], [0, 0]),
    ("softsign", (), [0.0], [1]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args", "x", "slope"), KINKS, ids=[k[0] for k in KINKS])
def test_the_slope_at_a_kink_is_the_one_stated(name, args, x, slope):
    x = minigrad.tensor(x, dtype="float64", requires_grad=True)
    dy = np.arange(2.0, 2.0 + len(slope))
    getattr(ops, name)(x, *args).backward(minigrad.tensor(dy))
    np.testing.assert_allclose(x.grad.numpy(), dy * slope, rtol=1e-15)


def test_prelu_has_the_lower_slope_at_its_kink():
    x, w = minigrad.tensor([0.0], requires_grad=True), minigrad.tensor([0.25], requires_grad=True)
    ops.prelu(x, w).backward(minigrad.tensor([4.0]))
    assert x.grad.item() == 1 and w.grad.item() == 0


FAR = [("relu", 0, 1), ("leaky_relu", 0.01, 1), ("elu", 0, 1), ("celu", 0, 1), ("selu", 0, LAMBDA), ("softplus", 0, 1),
       ("softsign", 0, 0), ("hardtanh", 0, 0), ("softshrink", 1, 1), ("tanhshrink", 1, 1)]  # fmt: skip


@pytest.mark.parametrize(("name", "left", "right"), FAR)
def test_far_from_zero_the_slopes_are_finite_to_second_order(name, left, right):
    x = minigrad.tensor([-1e4, 1e4], dtype="float64", requires_grad=True)
    (dx,) = minigrad.grad((getattr(ops, name)(x) * minigrad.tensor([3.0, 5.0])).sum(), [x], create_graph=True)
    np.testing.assert_allclose(dx.detach().numpy(), [3 * left, 5 * right], rtol=1e-12, atol=1e-7)
    if dx.requires_grad:
        (second,) = minigrad.grad((dx * minigrad.tensor([2.0, -1.0])).sum(), [x], allow_unused=True)
        np.testing.assert_allclose([0, 0] if second is None else second.numpy(), [0, 0], atol=1e-7)


@pytest.mark.parametrize("name", ["relu", "relu6", "leaky_relu", "elu", "celu", "selu", "softplus", "hardtanh", "hardshrink",
                                  "softshrink", "tanhshrink", "softsign"])  # fmt: skip
def test_nan_stays_nan(name):
    assert np.isnan(getattr(ops, name)(minigrad.tensor([np.nan, 1.0]))[0].item())


def test_nan_stays_nan_under_a_threshold():
    assert np.isnan(ops.threshold(minigrad.tensor(np.nan), 1.0, 2.0).item())


def test_whole_numbers_stay_whole_under_relu_and_become_floating_where_they_must():
    x = minigrad.tensor([-2, 9])
    assert x.relu().tolist() == [0, 9] and x.relu().dtype == np.int64
    assert ops.relu6(x).tolist() == [0, 6] and ops.relu6(x).dtype == np.int64
    for op in (ops.leaky_relu, ops.elu, ops.celu, ops.selu, ops.softplus, ops.softsign):
        assert op(x).dtype == minigrad.float32
        np.testing.assert_allclose(op(x).numpy(), op(minigrad.tensor([-2.0, 9.0])).numpy())


def test_relu_by_the_reference_equals_relu_by_a_kernel():
    x = np.random.default_rng(0).normal(size=(7, 5)).astype("f4")
    with minigrad.kernels("reference"):
        expected = ops.relu(minigrad.tensor(x)).numpy()
    np.testing.assert_array_equal(ops.relu(minigrad.tensor(x)).numpy(), expected)


def test_relu_needs_its_result_and_not_its_input():
    x = minigrad.tensor([-1.0, 2.0], requires_grad=True)
    h = x * 1
    y = h.relu()
    h.mul_(-1)  # allowed: the rule looks at y
    y.backward(minigrad.tensor([3.0, 4.0]))
    assert x.grad.tolist() == [0, 4]
    y = (x * 1).relu()
    with minigrad.no_grad():
        y.add_(1)
    with pytest.raises(errors.InPlaceError, match="relu: backward needs its result"):
        y.sum().backward()


def test_relu_in_place_gives_the_same_values_and_gradients():
    x = minigrad.tensor([-1.0, 2.0], requires_grad=True)
    y = x * 2
    assert y.relu_() is y and y.tolist() == [0, 4]
    y.backward(minigrad.tensor([3.0, 4.0]))
    assert x.grad.tolist() == [0, 8]


def test_softplus_is_exact_where_the_exponential_would_overflow():
    x = minigrad.tensor([-800.0, -30.0, 19.0, 800.0], dtype="float64", requires_grad=True)
    y = ops.softplus(x, threshold=1e6)
    np.testing.assert_allclose(y.detach().numpy(), [0, math.log1p(math.exp(-30)), 19 + math.log1p(math.exp(-19)), 800], rtol=1e-15)
    y.backward(minigrad.tensor([1.0, 1.0, 1.0, 2.0], dtype="float64"))
    np.testing.assert_allclose(x.grad.numpy(), [0, 1 / (1 + math.exp(30)), 1 / (1 + math.exp(-19)), 2], rtol=1e-14)


def test_bounds_and_widths_may_be_of_size_zero():
    x = minigrad.tensor([-2.0, 0.5])
    assert ops.hardtanh(x, 1, 1).tolist() == [1, 1]
    assert ops.softshrink(x, 0).tolist() == ops.hardshrink(x, 0).tolist() == [-2, 0.5]


def test_softplus_is_linear_above_its_threshold():
    x = minigrad.tensor([20.0, 20.5], dtype="float64", requires_grad=True)
    y = ops.softplus(x)
    y.sum().backward()
    assert y[0].item() > 20 and y[1].item() == 20.5 and x.grad[0].item() < 1 and x.grad[1].item() == 1


def test_selu_keeps_mean_and_variance():
    x = np.random.default_rng(0).normal(size=200_000)
    y = ops.selu(minigrad.tensor(x)).numpy()
    assert abs(y.mean()) < 0.01 and abs(y.var() - 1) < 0.02


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: ops.hardtanh(x, 1, -1), errors.ArgumentError, "hardtanh: min_val 1 is larger than max_val -1"),
        (lambda x: ops.celu(x, 0), errors.ArgumentError, "celu: alpha cannot be 0\nHint: the limit"),
        (lambda x: ops.softplus(x, 0), errors.ArgumentError, "softplus: beta cannot be 0"),
        (lambda x: ops.softshrink(x, -1), errors.ArgumentError, "softshrink: lambd must not be negative, got -1"),
        (lambda x: ops.relu(x > 0), errors.DtypeError, "relu: a bool tensor has no negative part\nHint: convert"),
        (lambda x: ops.relu([1.0]), errors.DtypeError, "relu: input must be a tensor, got list"),
        (lambda x: ops.prelu(x, 0.5), errors.DtypeError, "prelu: weight must be a tensor, got float"),
        (lambda x: ops.prelu(x, minigrad.zeros(2)), errors.ShapeError,
         r"prelu: C is 3 in input but 2 in weight\n  input  \(N, C, ...\) = \(2, 3\)\n  weight \(C\) = \(2,\)\nHint: give one"),
        (lambda x: ops.prelu(x, minigrad.zeros(1, 3)), errors.ShapeError, "prelu: weight has 2 axes"),
        (lambda x: ops.prelu(x[0], minigrad.zeros(3)), errors.ShapeError, "prelu: C is 1 in input but 3 in weight"),
    ],
)  # fmt: skip
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call(minigrad.zeros(2, 3))
