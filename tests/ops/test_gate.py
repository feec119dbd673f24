import numpy as np
import pytest
from scipy import special

import minigrad
from minigrad import errors, ops
from minigrad.testing import gradgradcheck
from tests.ops.laws import *


def hardsigmoid(x):
    return np.clip(x + 3, 0, 6) / 6


def gelu(x, approximate="none"):
    if approximate == "tanh":
        return x * 0.5 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    return x * special.ndtr(x)


def glu(x, dim=-1):
    a, b = np.split(x, 2, axis=dim)
    return a * special.expit(b)


SHAPES = [(2, 3), (), (5,), (0, 3)]
WIDE = {"low": -5, "high": 5}
CASES = [
    *[Case("sigmoid", ops.sigmoid, special.expit, [A(*s, **WIDE)]) for s in SHAPES],
    *[Case("logsigmoid", ops.logsigmoid, special.log_expit, [A(*s, **WIDE)]) for s in SHAPES],
    *[Case("silu", ops.silu, lambda x: x * special.expit(x), [A(*s, **WIDE)]) for s in SHAPES],
    *[Case("mish", ops.mish, lambda x: x * np.tanh(np.logaddexp(0, x)), [A(*s, **WIDE)]) for s in SHAPES],
    *[Case("gelu", ops.gelu, gelu, [A(*s, **WIDE)], {"approximate": a}) for s in SHAPES for a in ("none", "tanh")],
    *[Case("hardsigmoid", ops.hardsigmoid, hardsigmoid, [A(*s, **WIDE, away_from=(-3.0, 3.0))]) for s in SHAPES],
    *[Case("hardswish", ops.hardswish, lambda x: x * hardsigmoid(x), [A(*s, **WIDE, away_from=(-3.0, 3.0))])
      for s in SHAPES],
    *[Case("glu", ops.glu, glu, [A(*s), *dim])
      for s, dim in [((2, 4), []), ((4, 3), [0]), ((2, 6, 3), [1]), ((2, 6, 3), [-2]), ((2,), []), ((0, 4), []), ((3, 0), [1])]],
]  # fmt: skip


def derivative(f, x, order=1):
    """Differentiate an elementwise function `order` times."""
    x = minigrad.tensor(x, dtype="float64", requires_grad=True)
    y = f(x)
    for _ in range(order):
        (y,) = minigrad.grad(y, [x], minigrad.ones(*y.shape, dtype="float64"), create_graph=True)
    return y.detach().numpy()


@pytest.mark.parametrize("name", ["sigmoid", "logsigmoid", "silu", "mish", "gelu", "hardsigmoid", "hardswish"])
def test_far_from_zero_nothing_overflows_to_second_order(name):
    x, op = np.array([-1e4, -800.0, 800.0, 1e4]), getattr(ops, name)
    limit = {"sigmoid": [0, 1], "logsigmoid": [0, 0], "hardsigmoid": [0, 1]}.get(name)
    values = op(minigrad.tensor(x)).numpy()
    slope = {"sigmoid": [0, 0], "hardsigmoid": [0, 0], "logsigmoid": [1, 0]}.get(name, [0, 1])
    np.testing.assert_array_equal(values[2:], [limit[1]] * 2 if limit else x[2:])
    np.testing.assert_array_equal(values[:2], x[:2] if name == "logsigmoid" else [0, 0])
    np.testing.assert_array_equal(derivative(op, x), np.repeat(slope, 2))
    np.testing.assert_array_equal(derivative(lambda x: op(x) + 0 * x * x, x, 2), [0, 0, 0, 0])


@pytest.mark.parametrize("approximate", ["none", "tanh"])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_gelu_of_the_largest_numbers_has_a_slope(approximate, dtype):
    big = float(np.finfo(dtype).max)
    x = minigrad.tensor([-big, big, -300.0, 300.0], dtype=dtype, requires_grad=True)
    y = ops.gelu(x, approximate=approximate)
    y.sum().backward() if dtype == "float64" else y.backward(minigrad.ones(4, dtype=dtype))
    np.testing.assert_array_equal(y.detach().numpy(), [0, big, 0, 300])
    np.testing.assert_array_equal(x.grad.numpy(), [0, 1, 0, 1])


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_gelu_agrees_with_the_derivatives_of_its_definition(approximate):
    def definition(x):
        if approximate == "none":
            return x * 0.5 * (1 + ops.erf(x / np.sqrt(2)))
        return x * 0.5 * (1 + ops.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x * x * x)))

    x = np.linspace(-6, 6, 49)
    for order in range(4):
        ours = derivative(lambda x: ops.gelu(x, approximate=approximate), x, order)
        np.testing.assert_allclose(ours, derivative(definition, x, order), rtol=1e-9, atol=1e-12)


def test_gelu_keeps_its_digits_in_the_left_tail():
    x = np.array([-6.0, -10.0, -20.0, -35.0])
    np.testing.assert_allclose(ops.gelu(minigrad.tensor(x)).numpy(), x * special.ndtr(x), rtol=1e-13)


@pytest.mark.parametrize("op", [ops.sigmoid, ops.silu, ops.mish, ops.gelu, ops.logsigmoid])
def test_third_derivatives_agree_with_differences(op):
    x = np.random.default_rng(1).normal(size=6)

    def slope(x):
        x = x if x.requires_grad else x.detach().requires_grad_()
        return minigrad.grad(op(x).sum(), [x], create_graph=True)[0]

    assert gradgradcheck(slope, x)


def test_the_sigmoid_keeps_its_digits_down_to_the_smallest_numbers():
    x = np.array([-700.0, -40.0, -1.0, 0.0, 30.0])
    np.testing.assert_allclose(ops.sigmoid(minigrad.tensor(x)).numpy(), special.expit(x), rtol=1e-15)
    assert ops.sigmoid(minigrad.tensor(-100.0)).item() > 0  # below 1 / the largest float32


def test_the_logarithm_of_the_sigmoid_does_not_round_to_zero():
    y = ops.logsigmoid(minigrad.tensor([40.0, -1000.0], dtype="float64")).numpy()
    np.testing.assert_allclose(y, [-np.exp(-40.0), -1000], rtol=1e-15)


def test_infinities_have_the_values_of_the_limits():
    x = minigrad.tensor([-np.inf, np.inf])
    assert ops.sigmoid(x).tolist() == [0, 1]
    assert ops.logsigmoid(x).tolist() == [-np.inf, 0]
    assert ops.hardsigmoid(x).tolist() == [0, 1]
    assert [op(x[1]).item() for op in (ops.silu, ops.mish, ops.gelu, ops.hardswish)] == [np.inf] * 4


@pytest.mark.parametrize(("op", "slope"), [(ops.hardsigmoid, [0, 0]), (ops.hardswish, [0, 1])])
def test_the_slopes_at_the_kinks_are_those_stated(op, slope):
    x = minigrad.tensor([-3.0, 3.0], requires_grad=True)
    op(x).backward(minigrad.tensor([5.0, 7.0]))
    assert x.grad.tolist() == [5 * slope[0], 7 * slope[1]]


@pytest.mark.parametrize("name", ["sigmoid", "logsigmoid", "silu", "mish", "gelu", "hardsigmoid", "hardswish"])
def test_whole_numbers_become_the_default_floating_type(name):
    y = getattr(ops, name)(minigrad.tensor([-2, 3]))
    assert y.dtype == minigrad.float32
    np.testing.assert_allclose(y.numpy(), getattr(ops, name)(minigrad.tensor([-2.0, 3.0])).numpy())


def test_the_sigmoid_in_place_gives_the_same_values_and_gradients():
    x = minigrad.tensor([-1.0, 2.0], requires_grad=True)
    (expected,) = minigrad.grad((x * 2).sigmoid().sum(), [x])
    y = x * 2
    assert y.sigmoid_() is y
    (got,) = minigrad.grad(y.sum(), [x])
    np.testing.assert_array_equal(got.numpy(), expected.numpy())


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: ops.gelu(x, approximate="fast"), errors.ArgumentError, "gelu: approximate is 'fast'; use \"none\" or"),
        (lambda x: ops.glu(x), errors.ShapeError, r"glu: dim -1 must have an even size to be halved, shape \(2, 3\) has 3"),
        (lambda x: ops.glu(x, 2), errors.AxisError, r"glu: dim 2 is outside \[-2, 1\]"),
        (lambda x: ops.glu(x.sum()), errors.ShapeError, "glu: a 0-d tensor cannot be halved"),
        (lambda x: ops.sigmoid(0.5), errors.DtypeError, "sigmoid: input must be a tensor, got float"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call(minigrad.zeros(2, 3))
