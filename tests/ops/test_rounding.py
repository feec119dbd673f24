import numpy as np
import pytest

import minigrad
from minigrad import errors, ops
from tests.ops.laws import *

WHOLE = {"away_from": (-2.0, -1.0, 0.0, 1.0, 2.0)}
HALVES = {"away_from": (-1.5, -0.5, 0.5, 1.5)}
TENTHS = {"away_from": tuple(np.arange(-2.05, 2.1, 0.1)), "gap": 0.02}
SHAPES = [(2, 3), (), (5,), (0, 3)]

CASES = [
    *[Case("abs", ops.abs, np.abs, [A(*s, away_from=(0.0,))]) for s in SHAPES],
    Case("absolute", ops.absolute, np.abs, [A(2, 3, away_from=(0.0,))]),
    *[Case("sign", ops.sign, np.sign, [A(*s, away_from=(0.0,))]) for s in SHAPES],
    *[Case("floor", ops.floor, np.floor, [A(*s, **WHOLE)]) for s in SHAPES],
    *[Case("ceil", ops.ceil, np.ceil, [A(*s, **WHOLE)]) for s in SHAPES],
    *[Case("trunc", ops.trunc, np.trunc, [A(*s, **WHOLE)]) for s in SHAPES],
    *[Case("frac", ops.frac, lambda x: np.modf(x)[0], [A(*s, **WHOLE)]) for s in SHAPES],
    *[Case("round", ops.round, np.round, [A(*s, **HALVES)]) for s in SHAPES],
    Case("round", ops.round, np.round, [A(2, 3, **TENTHS)], {"decimals": 1}),
    Case("round", ops.round, np.round, [A(2, 3, low=-40, high=40, dtype="float64")], {"decimals": -1}, order=0),
]

STEPS = ["sign", "floor", "ceil", "trunc", "round"]


@pytest.mark.parametrize("name", STEPS)
def test_the_slope_of_a_step_function_is_zero_even_for_an_infinite_gradient(name):
    x = minigrad.tensor([0.0, 0.3, -1.7, np.nan], requires_grad=True)
    getattr(ops, name)(x).backward(minigrad.tensor([np.inf, np.nan, -np.inf, 1.0]))
    np.testing.assert_array_equal(x.grad.numpy(), [0, 0, 0, 0])


def test_abs_has_slope_zero_at_its_kink():
    x = minigrad.tensor([0.0, -0.0, 2.0, -np.inf], requires_grad=True)
    x.abs().backward(minigrad.tensor([5.0, 5.0, 5.0, 5.0]))
    np.testing.assert_array_equal(x.grad.numpy(), [0, 0, 5, -5])


@pytest.mark.parametrize("name", ["floor", "ceil", "trunc", "round"])
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64"])
def test_whole_numbers_are_copied_as_they_are(name, dtype):
    x = minigrad.tensor([1, 0], dtype=dtype)
    y = getattr(ops, name)(x)
    assert y.dtype == x.dtype and y.tolist() == x.tolist() and not np.shares_memory(y.numpy(), x.numpy())


def test_abs_and_sign_keep_the_integer_type():
    x = minigrad.tensor([-3, 0, 7], dtype="int16")
    assert x.abs().tolist() == [3, 0, 7] and x.abs().dtype == np.int16
    assert x.sign().tolist() == [-1, 0, 1] and x.sign().dtype == np.int16
    assert abs(x).tolist() == [3, 0, 7]
    assert minigrad.tensor([True, False]).sign().tolist() == [True, False]


def test_halves_are_rounded_to_even():
    assert minigrad.tensor([0.5, 1.5, 2.5, -0.5, -1.5]).round().tolist() == [0, 2, 2, 0, -2]
    assert minigrad.tensor([5.0, 15.0, 25.0]).round(decimals=-1).tolist() == [0, 20, 20]


def test_the_fraction_has_the_sign_of_the_number_and_none_is_left_of_infinity():
    x = minigrad.tensor([2.75, -2.75, np.inf], requires_grad=True)
    np.testing.assert_array_equal(x.frac().detach().numpy(), [0.75, -0.75, np.nan])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: x.frac(), r"frac: needs a floating tensor, got int64\nHint: a whole number has no fraction"),
        (lambda x: x.round(decimals=1), r"round: decimals = 1 needs a floating tensor, got int64"),
    ],
)
def test_integers_are_refused_where_they_make_no_sense(call, message):
    with pytest.raises(errors.DtypeError, match=message):
        call(minigrad.tensor([1, 2]))
