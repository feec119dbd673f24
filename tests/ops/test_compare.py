import operator

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, errors, ops
from tests.ops.laws import *

INT = {"dtype": "int64", "low": -2, "high": 3}
BOOL = {"dtype": "bool"}
COMPARE = {"eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal}
LOGICAL = {"logical_and": np.logical_and, "logical_or": np.logical_or, "logical_xor": np.logical_xor}
BITWISE = {"bitwise_and": np.bitwise_and, "bitwise_or": np.bitwise_or, "bitwise_xor": np.bitwise_xor}
PAIRS = [
    (A(2, 3), A(2, 3)), (A(3, 5, **INT), A(5, **INT)), (A(2, 1, **INT), A(3, **INT)), (A(), A(2)), (A(4, **INT), 1),
    (A(4, **INT), 0.5), (A(0, 3), A(3)), (A(4, **BOOL), A(4, **BOOL)), (A(4, **BOOL), True), (A(4), A(4, **INT)),
]  # fmt: skip
WHOLE = [(A(3, 5, **INT), A(5, **INT)), (A(**INT), A(2, **INT)), (A(4, **BOOL), A(4, **BOOL)), (A(6, **INT), 3),
         (A(6, **BOOL), A(6, **INT)), (A(0, **INT), A(1, **INT))]  # fmt: skip


def yes_or_no(name, reference, *args):
    return Case(name, getattr(ops, name), reference, list(args), differentiable=False)


CASES = [
    *[yes_or_no(name, f, *p) for name, f in {**COMPARE, **LOGICAL}.items() for p in PAIRS],
    *[yes_or_no(name, f, *p) for name, f in BITWISE.items() for p in WHOLE],
    *[yes_or_no("bitwise_not", np.invert, x) for x in (A(2, 3, **INT), A(4, **BOOL), A(**INT))],
    *[yes_or_no("logical_not", np.logical_not, x) for x in (A(2, 3), A(5, **INT), A(4, **BOOL), A())],
    *[yes_or_no(name, getattr(np, name), x) for name in ("isnan", "isinf", "isfinite", "isposinf", "isneginf")
      for x in (A(2, 3), A(), A(0, 3), A(4, **INT))],
    *[yes_or_no("isclose", np.isclose, *p) for p in PAIRS],
]  # fmt: skip

EDGES = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan])


@pytest.mark.parametrize("name", [*COMPARE, *LOGICAL, "isclose"])
def test_infinities_and_nan_compare_as_in_ieee_754(name):
    x, y = (a.ravel() for a in np.meshgrid(EDGES, EDGES))
    reference = getattr(np, name, COMPARE.get(name))
    got = getattr(ops, name)(minigrad.tensor(x), minigrad.tensor(y))
    assert got.dtype == np.bool_
    np.testing.assert_array_equal(got.numpy(), reference(x, y))


@pytest.mark.parametrize("name", ["isnan", "isinf", "isfinite", "isposinf", "isneginf", "logical_not"])
def test_kinds_of_numbers_are_told_apart(name):
    got = getattr(minigrad.tensor(EDGES), name)()
    assert got.dtype == np.bool_
    np.testing.assert_array_equal(got.numpy(), getattr(np, name)(EDGES))


@pytest.mark.parametrize("symbol", [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge])
def test_the_operators_work_with_numbers_and_arrays_on_either_side(symbol):
    a = np.array([-1.0, 0.5, 2.0])
    x = minigrad.tensor(a)
    for other in (0.5, 2, np.float64(0.5), np.array([2.0, 0.5, -1.0])):
        np.testing.assert_array_equal(symbol(x, other).numpy(), symbol(a, other))
        np.testing.assert_array_equal(symbol(other, x).numpy(), symbol(other, a))


def test_the_bitwise_operators_work_with_numbers_on_either_side():
    x = minigrad.tensor([5, 6])
    assert (x & 3).tolist() == (3 & x).tolist() == [1, 2]
    assert (x | 1).tolist() == (1 | x).tolist() == [5, 7]
    assert (x ^ 4).tolist() == (4 ^ x).tolist() == [1, 2]
    assert (~x).tolist() == [-6, -7]


@pytest.mark.parametrize("other", [None, "a", [1.0], object()])
def test_equality_with_something_else_is_false_as_everywhere_in_python(other):
    x = minigrad.tensor([1.0])
    assert (x == other) is False and (x != other) is True


@pytest.mark.parametrize("symbol", [operator.lt, operator.le, operator.gt, operator.ge])
@pytest.mark.parametrize("other", [None, "a", 1j])
def test_an_order_with_something_else_is_an_error(symbol, other):
    with pytest.raises(errors.DtypeError, match=rf"{symbol.__name__}: works on tensors, arrays and numbers, got"):
        symbol(minigrad.tensor([1.0]), other)


@pytest.mark.parametrize("name", [*COMPARE, *LOGICAL, "isclose"])
def test_shapes_that_do_not_broadcast_are_named(name):
    with pytest.raises(errors.ShapeError, match=rf"{name}: shapes \(2,\) and \(3,\) do not broadcast, axis -1 is 2 and 3"):
        getattr(ops, name)(minigrad.zeros(2), minigrad.zeros(3))


@pytest.mark.parametrize("name", [*BITWISE, "bitwise_not"])
def test_the_bits_of_floating_numbers_are_refused(name):
    x = minigrad.zeros(2)
    with pytest.raises(errors.DtypeError, match=rf"{name}: needs bool or integer tensors, got float32\nHint: compare first"):
        getattr(ops, name)(*(x,) if name == "bitwise_not" else (x, x))


@pytest.mark.parametrize("x,y", [([1, 2], [1.0, 2.0]), ([[True]], [[1]]), ([], []), (3, 3)])
def test_equal_tensors_may_differ_in_type(x, y):
    assert minigrad.equal(minigrad.tensor(x), minigrad.tensor(y)) is True


@pytest.mark.parametrize("x,y", [([1, 2], [1, 3]), ([1], [[1]]), ([1, 1], [1]), ([np.nan], [np.nan]), ([[]], [])])
def test_tensors_of_another_shape_or_value_are_not_equal(x, y):
    assert minigrad.tensor(x).equal(minigrad.tensor(y)) is False


def test_closeness_is_relative_to_the_second_operand():
    x, y = minigrad.tensor([10.0, 11.0]), minigrad.tensor([11.0, 10.0])
    assert x.isclose(y, rtol=0.095, atol=0.0).tolist() == [True, False]
    assert x.isclose(y, rtol=0.0, atol=1.0).tolist() == [True, True]
    assert x.allclose(y, rtol=0.0, atol=1.0) is True and x.allclose(y, rtol=0.095, atol=0.0) is False


def test_nan_is_close_to_nan_on_request():
    x = Tensor([np.nan, 1.0])
    assert x.isclose(x).tolist() == [False, True] and x.isclose(x, equal_nan=True).tolist() == [True, True]
    assert x.allclose(x, equal_nan=True) is True


@pytest.mark.parametrize("tolerance", [{"rtol": -1.0}, {"atol": -1e-9}])
def test_a_negative_tolerance_is_an_error(tolerance):
    with pytest.raises(errors.ArgumentError, match="isclose: tolerances cannot be negative, got rtol="):
        minigrad.zeros(2).isclose(minigrad.zeros(2), **tolerance)


@pytest.mark.parametrize("name", [*COMPARE, *LOGICAL, "isclose"])
def test_a_comparison_carries_no_gradient(name):
    x = minigrad.tensor([1.0, 2.0], requires_grad=True)
    assert getattr(x, name)(x).requires_grad is False
