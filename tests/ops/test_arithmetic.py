import operator

import numpy as np
import pytest

import minigrad
from minigrad import errors, ops
from minigrad.testing import gradcheck, gradgradcheck
from tests.ops.laws import *

A3, B3 = A(2, 3), A(3)
NONZERO = {"away_from": (0.0,), "gap": 0.4}
POSITIVE = {"low": 0.5}
# Quotients that stay away from whole numbers, where the rounded ones jump.
ABOVE, BELOW = A(2, 3, low=0.55, high=0.95), A(3, low=-2.0, high=-1.0)


def scaled_sum(sign):
    return lambda x, y, alpha: x + sign * alpha * y


def trunc_div(x, y, rounding_mode):
    return np.trunc(x / y)


def floor_div(x, y, rounding_mode):
    return np.floor(x / y)


PAIRS = [(A3, A3), (A3, B3), (A(2, 1, 4), A(3, 1)), (A(), A(3)), (A(), A()), (A(0, 3), A(3)), (A3, 2), (2.5, A3), (A3, -0.5)]
QUOTIENTS = [
    (A3, A(2, 3, **NONZERO)), (A3, A(3, **NONZERO)), (A(), A(2, **NONZERO)), (2.0, A(3, **NONZERO)), (A3, -3),
    (A(2, 1), A(3, **NONZERO)), (A(0, 3), A(3, **NONZERO)), (A(), A(**NONZERO)),
]  # fmt: skip
STEPS = [(ABOVE, BELOW), (BELOW, ABOVE), (ABOVE, 0.3), (1.7, BELOW), (A(0, 3), BELOW), (A(low=0.2, high=0.8), BELOW)]
POWERS = [
    (A(2, 3, **POSITIVE), A(3)), (A(2, 1, **POSITIVE), A(3)), (A(**POSITIVE), A(2)), (A(**POSITIVE), A()),
    (A(0, 3, **POSITIVE), A(3)), (2.0, A3), (3, A3), (0.5, A()), (A(2, 3, **POSITIVE), 0.5), (A(2, 3, **POSITIVE), -1.5),
    *[(A3, n) for n in (0, 1, 2, 3, 2.0, True)], *[(A(2, 3, **NONZERO), n) for n in (-1, -2.0)],
]  # fmt: skip
CASES = [
    *[Case("add", ops.add, np.add, list(p)) for p in PAIRS],
    *[Case("add", ops.add, scaled_sum(1), [A3, B3], {"alpha": a}) for a in (3, -0.5, 0)],
    Case("add", ops.add, scaled_sum(1), [1.5, B3], {"alpha": 2}),
    *[Case("sub", ops.sub, np.subtract, list(p)) for p in PAIRS],
    *[Case("sub", ops.sub, scaled_sum(-1), [A3, B3], {"alpha": a}) for a in (3, -0.5, 0)],
    *[Case("rsub", ops.rsub, lambda x, y: y - x, list(p)) for p in PAIRS],
    *[Case("mul", ops.mul, np.multiply, list(p)) for p in PAIRS],
    *[Case("div", ops.div, np.divide, list(p)) for p in QUOTIENTS],
    *[Case("div", ops.div, trunc_div, list(p), {"rounding_mode": "trunc"}) for p in STEPS],
    *[Case("div", ops.div, floor_div, list(p), {"rounding_mode": "floor"}) for p in STEPS],
    *[Case("floor_divide", ops.floor_divide, np.floor_divide, list(p)) for p in STEPS],
    *[Case("remainder", ops.remainder, np.remainder, list(p)) for p in STEPS],
    *[Case("fmod", ops.fmod, np.fmod, list(p)) for p in STEPS],
    *[Case("neg", ops.neg, np.negative, [A(*s)]) for s in [(2, 3), (), (0, 3)]],
    *[Case("square", ops.square, np.square, [A(*s)]) for s in [(2, 3), (), (0, 3)]],
    *[Case("reciprocal", ops.reciprocal, np.reciprocal, [A(*s, **NONZERO)]) for s in [(2, 3), (), (0, 3)]],
    *[Case("pow", ops.pow, np.power, list(p)) for p in POWERS],
]


def slopes(f, *values):
    """Return f's value, its gradient and its own second derivatives ∂²f/∂x², one number for each argument."""
    xs = [minigrad.tensor(v, dtype="float64", requires_grad=True) for v in values]
    y = f(*xs)
    first = minigrad.grad(y, xs, create_graph=True)
    second = [minigrad.grad(g, [x], retain_graph=True, allow_unused=True)[0] if g.requires_grad else None
              for g, x in zip(first, xs, strict=True)]  # fmt: skip
    return y.item(), [g.item() for g in first], [0 if g is None else g.item() for g in second]


@pytest.mark.parametrize(
    ("n", "value", "slope", "curvature"),
    [(0, 1, 0, 0), (1, 0, 1, 0), (2, 0, 0, 2), (3, 0, 0, 0), (2.0, 0, 0, 2), (0.5, 0, np.inf, -np.inf), (1.5, 0, 0, np.inf),
     (-1, np.inf, -np.inf, np.inf)],
)  # fmt: skip
def test_a_fixed_power_of_zero(n, value, slope, curvature):
    assert slopes(lambda x: x**n, 0.0) == (value, [slope], [curvature])


@pytest.mark.parametrize(
    ("n", "value", "slope", "curvature"),
    [(0.0, 1, 0, 0), (1.0, 0, 1, 0), (2.0, 0, 0, 2), (3.0, 0, 0, 0), (0.5, 0, np.inf, -np.inf)],
)
def test_a_power_of_zero_to_a_tensor_is_flat_in_the_exponent(n, value, slope, curvature):
    y, (dx, dn), (dxx, dnn) = slopes(ops.pow, 0.0, n)
    assert (y, dx, dxx) == (value, slope, curvature)
    assert (dn, dnn) == (0, 0)


@pytest.mark.parametrize("n", [0.0, 1.0, 2.0])
def test_a_constant_zero_to_a_tensor_is_flat(n):
    assert slopes(lambda y: 0.0**y, n) == (0.0**n, [0], [0])


@pytest.mark.parametrize("x", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("y", [0.0, 1.0, -1.0])
def test_a_power_at_whole_exponents_has_every_mixed_derivative(x, y):
    flat = "expected" if (x, y) == (1, 0) else "alarm"  # the slopes are y x^(y-1) and x^y ln x
    assert gradcheck(ops.pow, np.array(x), np.array(y), zero=flat)
    assert gradgradcheck(ops.pow, np.array(x), np.array(y))


@pytest.mark.parametrize("x", [-2.0, -0.5])
@pytest.mark.parametrize("n", [0, 1, 2, 3, -1, 2.0])
def test_whole_powers_of_negative_numbers_are_differentiated_right(x, n):
    zero = "expected" if n == 0 else "alarm"
    assert gradcheck(lambda x: x**n, np.array(x), zero=zero)
    assert gradgradcheck(lambda x: x**n, np.array(x), zero="allowed")


def test_a_negative_number_to_a_tensor_has_no_slope_in_the_exponent_but_one_in_the_base():
    x, y = minigrad.tensor(-2.0, requires_grad=True), minigrad.tensor(3.0, requires_grad=True)
    dx, dy = minigrad.grad(x**y, [x, y])
    assert dx.item() == 12 and np.isnan(dy.item())


def test_a_reciprocal_at_zero_is_infinite():
    assert slopes(ops.reciprocal, 0.0)[:2] == (np.inf, [-np.inf])


def table(*rows):
    return pytest.mark.parametrize(("left", "right", "expected"), rows)


def operand(text):
    """Read "float32", a tensor with axes, "0-d float32", a tensor without, or a Python number."""
    if text in ("True", "2", "2.5"):
        return {"True": True, "2": 2, "2.5": 2.5}[text]
    shape = () if text.startswith("0-d ") else (2,)
    return minigrad.ones(*shape, dtype=text.removeprefix("0-d "))


PROMOTION = [
    ("float32", "2.5", "float32"), ("float32", "2", "float32"), ("float64", "2.5", "float64"), ("float16", "2.5", "float16"),
    ("float32", "float64", "float64"), ("float16", "float32", "float32"),
    ("float32", "0-d float64", "float32"), ("0-d float32", "0-d float64", "float64"), ("0-d float32", "2.5", "float32"),
    ("int64", "2.5", "float32"), ("int64", "0-d float64", "float64"), ("int64", "float16", "float16"), ("int64", "2", "int64"),
    ("uint8", "2", "uint8"), ("uint8", "int8", "int16"), ("uint8", "0-d int64", "uint8"), ("int8", "int32", "int32"),
    ("0-d int8", "2", "int8"), ("bool", "2", "int64"), ("bool", "uint8", "uint8"), ("bool", "2.5", "float32"),
    ("uint8", "True", "uint8"), ("bool", "float16", "float16"),
]  # fmt: skip


@table(*PROMOTION)
@pytest.mark.parametrize("op", [ops.add, ops.mul, ops.maximum])
def test_the_higher_category_decides_then_the_operand_with_axes(op, left, right, expected):
    assert op(operand(left), operand(right)).dtype == op(operand(right), operand(left)).dtype == expected


@table(("int64", "int64", "float32"), ("int64", "2", "float32"), ("uint8", "bool", "float32"), ("bool", "bool", "float32"),
       ("int64", "2.5", "float32"), ("int64", "float64", "float64"), ("float16", "int64", "float16"))  # fmt: skip
def test_a_quotient_is_floating(left, right, expected):
    assert ops.div(operand(left), operand(right)).dtype == ops.div(operand(right), operand(left)).dtype == expected


def test_the_default_type_of_quotients_and_python_numbers_can_be_changed():
    minigrad.dtypes.set_default_dtype("float64")
    try:
        x = minigrad.ones(2, dtype="int64")
        assert (x / 2).dtype == (x * 0.5).dtype == (1 / x).dtype == np.float64
    finally:
        minigrad.dtypes.set_default_dtype("float32")


@table(("int64", "2", "int64"), ("int64", "2.5", "float32"), ("uint8", "uint8", "uint8"), ("float64", "2", "float64"),
       ("2", "int64", "int64"), ("2.5", "int64", "float32"), ("int64", "0-d float64", "float64"))  # fmt: skip
def test_a_power_follows_the_same_rule(left, right, expected):
    assert ops.pow(operand(left), operand(right)).dtype == expected


@pytest.mark.parametrize("left,right", [("float32", "float64"), ("float32", "0-d float64"), ("float16", "float32")])
def test_a_gradient_has_the_type_and_shape_of_its_operand(left, right):
    x, y = operand(left).requires_grad_(), operand(right).requires_grad_()
    z = x * y
    z.backward(minigrad.ones(*z.shape, dtype=z.dtype))
    assert (x.grad.dtype, x.grad.shape) == (x.dtype, x.shape) and (y.grad.dtype, y.grad.shape) == (y.dtype, y.shape)


OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.pow]


@pytest.mark.parametrize("symbol", OPERATORS)
@pytest.mark.parametrize("other", [2, 2.5, np.float64(1.5), np.array([2.0, 0.5, 3.0]), np.array(2.0)], ids=repr)
def test_the_operators_work_with_numbers_and_arrays_on_either_side(symbol, other):
    a = np.array([1.25, 0.75, 4.5])
    x = minigrad.tensor(a, requires_grad=True)
    for got, expected in ((symbol(x, other), symbol(a, other)), (symbol(other, x), symbol(other, a))):
        assert isinstance(got, minigrad.Tensor) and got.requires_grad
        np.testing.assert_allclose(got.detach().numpy(), expected, rtol=1e-14)


@pytest.mark.parametrize("symbol", OPERATORS)
def test_whole_numbers_are_computed_as_python_does(symbol):
    a, b = [7, -7, 8, 3, 0], [2, 2, 3, 4, 5]
    got = symbol(minigrad.tensor(a), minigrad.tensor(b))
    np.testing.assert_allclose(got.numpy(), [symbol(x, y) for x, y in zip(a, b, strict=True)], rtol=1e-6)


@pytest.mark.parametrize("dtype", ["int8", "int64", "float32"])
@pytest.mark.parametrize(("mode", "expected"), [("trunc", [3, -3, -3, 3, 2]), ("floor", [3, -4, -4, 3, 2])])
def test_quotients_are_rounded_towards_zero_or_down(dtype, mode, expected):
    x, y = minigrad.tensor([7, -7, 7, -7, 4], dtype=dtype), minigrad.tensor([2, 2, -2, -2, 2], dtype=dtype)
    z = ops.div(x, y, rounding_mode=mode)
    assert z.dtype == dtype and z.tolist() == expected


def test_large_whole_quotients_do_not_pass_through_floating_numbers():
    n = 2**62 + 1
    for mode in ("trunc", "floor"):
        assert ops.div(minigrad.tensor([n]), 1, rounding_mode=mode).tolist() == [n]


def test_the_two_remainders_differ_in_their_sign():
    x, y = minigrad.tensor([7.0, -7.0, 7.0, -7.0]), minigrad.tensor([3.0, 3.0, -3.0, -3.0])
    assert (x % y).tolist() == [1, 2, -2, -1]
    assert ops.fmod(x, y).tolist() == [1, -1, 1, -1]


EDGES = np.array([0.0, -0.0, 1.0, -1.0, 2.5, np.inf, -np.inf, np.nan])


@pytest.mark.parametrize(
    ("name", "reference"),
    [("div", np.divide), ("floor_divide", np.floor_divide), ("remainder", np.remainder), ("fmod", np.fmod), ("pow", np.power)],
)
def test_division_by_zero_and_infinity_is_that_of_ieee_754_without_a_warning(name, reference):
    x, y = (a.ravel() for a in np.meshgrid(EDGES, EDGES))
    with np.errstate(all="ignore"):
        expected = reference(x, y)
    np.testing.assert_array_equal(getattr(ops, name)(minigrad.tensor(x), minigrad.tensor(y)).numpy(), expected)


WHOLE_DIVISIONS = [ops.floor_divide, ops.remainder, ops.fmod, lambda x, y: ops.div(x, y, rounding_mode="trunc")]


@pytest.mark.parametrize("op", WHOLE_DIVISIONS)
@pytest.mark.parametrize("zero", [0, minigrad.tensor([1, 0])])
def test_whole_numbers_cannot_be_divided_by_zero(op, zero):
    with pytest.raises(errors.ArgumentError, match=r"(div|remainder|fmod): division of int64 by 0\nHint: convert with .float"):
        op(minigrad.tensor([3, 4]), zero)
    assert op(minigrad.zeros(0, 2, dtype="int64"), zero).shape == (0, 2)


@pytest.mark.parametrize("op", WHOLE_DIVISIONS)
def test_bools_cannot_be_divided_into_whole_numbers(op):
    with pytest.raises(errors.DtypeError, match="bool tensors cannot be divided into whole numbers\nHint: convert"):
        op(minigrad.tensor([True]), minigrad.tensor([True]))


def test_the_slope_of_a_rounded_quotient_is_zero_even_for_an_infinite_gradient():
    x, y = minigrad.tensor([7.0], requires_grad=True), minigrad.tensor([2.0], requires_grad=True)
    (x // y).backward(minigrad.tensor([np.inf]))
    assert x.grad.item() == y.grad.item() == 0


@pytest.mark.parametrize("base", [2, minigrad.tensor([2, 3])])
def test_whole_numbers_have_no_negative_whole_powers(base):
    with pytest.raises(errors.ArgumentError, match="pow: a whole number to a negative power is a fraction\nHint: convert"):
        ops.pow(base, minigrad.tensor([1, -1]))


@pytest.mark.parametrize("exponent", [2, minigrad.tensor([True, False]), minigrad.tensor([3, 0])])
def test_bools_are_raised_as_whole_numbers(exponent):
    assert ops.pow(minigrad.tensor([True, False]), exponent).dtype == np.int64


def test_a_bool_tensor_adds_as_or_and_multiplies_as_and():
    x, y = minigrad.tensor([True, True, False]), minigrad.tensor([True, False, False])
    assert (x + y).tolist() == [True, True, False] and (x * y).tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda b, x: b - b, errors.DtypeError, "sub: bool tensors cannot be subtracted\nHint: use logical_xor"),
        (lambda b, x: -b, errors.DtypeError, "neg: a bool tensor has no sign\nHint: use logical_not"),
        (lambda b, x: ops.div(x, x, rounding_mode="up"), errors.ArgumentError, "div: rounding_mode is 'up'; use None, \"trunc\""),
        (lambda b, x: x + "a", errors.DtypeError, "add: works on tensors, arrays and numbers, got str: 'a'"),
        (lambda b, x: x * None, errors.DtypeError, "mul: works on tensors, arrays and numbers, got NoneType"),
        (lambda b, x: [1.0] / x, errors.DtypeError, "div: works on tensors, arrays and numbers, got list"),
        (lambda b, x: x**1j, errors.DtypeError, "pow: works on tensors, arrays and numbers, got complex"),
        (lambda b, x: ops.square(3.0), errors.DtypeError, "square: input must be a tensor, got float"),
        (lambda b, x: x - minigrad.zeros(4, 3), errors.ShapeError, r"sub: shapes \(2,\) and \(4, 3\) do not broadcast, axis -1"),
        (lambda b, x: 2 ** minigrad.zeros(2, 2) % minigrad.ones(3), errors.ShapeError, r"remainder: shapes \(2, 2\) and \(3,\)"),
    ],
)
def test_bad_operands_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call(minigrad.tensor([True, False]), minigrad.tensor([1.0, 2.0]))


def test_negating_in_place_gives_the_same_values_and_gradients():
    x = minigrad.tensor([1.0, -2.0], requires_grad=True)
    y = x * 3
    assert y.neg_() is y and y.tolist() == [-3, 6]
    y.backward(minigrad.tensor([5.0, 7.0]))
    assert x.grad.tolist() == [-15, -21]
