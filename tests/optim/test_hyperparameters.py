import math

import numpy as np
import pytest

import minigrad
from minigrad.errors import ArgumentError
from minigrad.optim.hyperparameters import (
    DECAY,
    FRACTION,
    LIMIT,
    NON_NEGATIVE,
    check_count,
    check_number,
    check_options,
)


@pytest.mark.parametrize(
    ("interval", "inside", "outside"),
    [
        (NON_NEGATIVE, [0, 0.5, 1e300], [-1e-300, math.inf, math.nan]),
        (FRACTION, [0, 0.5, 1], [-0.1, 1.0000001, math.nan]),
        (DECAY, [0, 0.999], [1, 1.5, -1, math.nan]),
        (LIMIT, [0, 3, math.inf], [-1, math.nan]),
    ],
)
def test_an_interval_holds_its_numbers_and_no_others(interval, inside, outside):
    assert all(x in interval for x in inside)
    assert not any(x in interval for x in outside)


def test_numbers_of_every_kind_become_python_numbers():
    for value in (0.5, np.float64(0.5), np.float32(0.5), minigrad.tensor(0.5), np.array(0.5)):
        number = check_number("op", "x", value, FRACTION)
        assert number == 0.5 and type(number) is float


@pytest.mark.parametrize("value", ["0.5", None, [0.5, 0.5], minigrad.tensor([0.1, 0.2]), object])
def test_what_is_no_number_is_named(value):
    with pytest.raises(ArgumentError, match=r"^op: x is .*, it must be a number in \[0, 1\]"):
        check_number("op", "x", value, FRACTION)


@pytest.mark.parametrize("value", [0, -3, 2.0, True, "3", None])
def test_a_count_is_an_integer_that_is_large_enough(value):
    with pytest.raises(ArgumentError, match=r"^op: n is .*, it must be an integer in \[1, ∞\)"):
        check_count("op", "n", value)
    assert check_count("op", "n", np.int64(3)) == 3 and check_count("op", "n", 0, least=0) == 0


def test_options_that_are_no_hyperparameters_pass():
    options = {"params": [], "lr": np.float32(0.5), "betas": [0.9, 0.5], "mine": "kept"}
    assert check_options("op", options) == {"params": [], "lr": 0.5, "betas": (0.9, 0.5), "mine": "kept"}
