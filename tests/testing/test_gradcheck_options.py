"""The options of gradcheck, and what it says to those who ask for the impossible."""

import re
import time

import numpy as np
import pytest

import minigrad
from minigrad import Tensor
from minigrad.autograd import record
from minigrad.errors import ArgumentError, DtypeError, GradientError, InPlaceError
from minigrad.testing import GradcheckError, GradReport, gradcheck, gradgradcheck, smallest

RNG = np.random.default_rng(0)
MATRIX = RNG.normal(size=(3, 3))
ROWS = RNG.normal(size=(2, 5))


def twice_too_large(x):
    return record("exp", np.exp(x.array), (x, lambda dy, y: 2 * dy * y))


def softmax_without_the_mean(x):
    e = np.exp(x.array - x.array.max(-1, keepdims=True))
    return record("softmax", e / e.sum(-1, keepdims=True), (x, lambda dy, y: y * dy))


@pytest.mark.parametrize("check", [gradcheck, gradgradcheck])
def test_nothing_to_differentiate_is_an_error(check):
    with pytest.raises(ArgumentError, match=rf"{check.__name__}: there is no input"):
        check(lambda: Tensor(1.0))
    with pytest.raises(ArgumentError, match=rf"{check.__name__}: there is no floating input to differentiate by: x is an array of int64\nHint: integers"):
        check(lambda x: x * x, np.array([1, 2, 3]))


def said(check, f, *inputs, **options):
    with pytest.raises(GradcheckError) as error:
        check(f, *inputs, **options)
    return error.value.report


NOTHING = [(lambda x: x > 0, r"returns no floating tensor \(a tensor of bool\)"), (lambda x: [], r"returns no floating tensor \(nothing\)"),
           (lambda x: None, "returned None, not a tensor"), (lambda x: 3.0, "returned a float, not a tensor"),
           (lambda x: x.array * 2, "returned an array of float64, not a tensor")]  # fmt: skip


@pytest.mark.parametrize("f, words", NOTHING)
@pytest.mark.parametrize("check", [gradcheck, gradgradcheck])
def test_a_function_that_returns_nothing_to_differentiate_is_told_what_to_return(check, f, words):
    found = said(check, f, ROWS)
    assert found.kind == "output" and re.search(words, found.sentence) and found.hint and f"Hint: {found.hint}" in str(found)


@pytest.mark.parametrize("check", [gradcheck, gradgradcheck])
def test_an_error_of_the_function_is_reported_and_chained(check):
    def broken(x):
        raise ZeroDivisionError("in f")

    with pytest.raises(GradcheckError, match=r"forward raised ZeroDivisionError: in f\n.*\nHint: the traceback above") as error:
        check(broken, ROWS)
    assert isinstance(error.value.__cause__, ZeroDivisionError)

    def overwriting(x):
        y = x * 1
        z = y * y
        y.zero_()
        return z

    with pytest.raises(GradcheckError, match=r"(backward|forward) raised InPlaceError") as error:
        check(overwriting, ROWS)
    assert isinstance(error.value.__cause__, InPlaceError)


def test_an_old_caller_catches_the_error_as_a_gradient_error():
    with pytest.raises(GradientError):
        gradcheck(twice_too_large, ROWS)


@pytest.mark.parametrize("check", [gradcheck, gradgradcheck])
def test_a_report_is_returned_instead_of_an_error_if_that_is_asked_for(check):
    found = check(twice_too_large, ROWS, raise_exception=False)
    assert isinstance(found, GradReport) and not found


def test_a_check_that_sees_only_zeros_raises_an_alarm():
    for f in (lambda x: x.softmax(-1).sum(), lambda x: x.floor(), lambda x: Tensor(np.ones(3))):
        found = said(gradcheck, f, ROWS)
        assert found.kind == "vacuous" and found.diagnosis == ("vacuous",) and 'zero="expected"' in found.hint
        assert gradcheck(f, ROWS, zero="expected") and gradcheck(f, ROWS, zero="allowed")
    assert said(gradcheck, lambda x: x * 2, ROWS, zero="expected").kind == "nonzero"


def test_one_flat_input_among_others_is_noted_and_no_alarm():
    found = gradcheck(lambda x, y: x.cos(), ROWS, MATRIX)
    assert found.notes == ["the output does not depend on y"]
    found = gradcheck(lambda x, b: (x + b).softmax(0), ROWS, np.ones((1, 5)))
    assert found.notes == ["the slopes by b are 0: zeros from backward would pass"]
    assert gradcheck(lambda x, b: (x + b).softmax(0), ROWS, np.ones((1, 5)), zero="allowed").notes == []


def test_nothing_to_look_at_is_no_alarm():
    assert gradcheck(lambda x: x * x, np.zeros((0, 3))) and gradcheck(lambda x: x[:0], ROWS)


def test_inputs_are_chosen_by_position_or_name():
    f = lambda x, w: record("mm", x.array @ w.array, (x, lambda dy, _: dy @ w.t()), (w, lambda dy, _: 2 * x.t() @ dy))
    assert gradcheck(f, MATRIX, MATRIX, wrt=0) and gradcheck(f, MATRIX, MATRIX, wrt="x") and gradcheck(f, MATRIX, MATRIX, wrt=[-2])
    assert said(gradcheck, f, MATRIX, MATRIX, wrt=["w"]).entries[0].name == "w"
    with pytest.raises(ArgumentError, match="wrt='b' is no input; there are x, w"):
        gradcheck(f, MATRIX, MATRIX, wrt="b")
    with pytest.raises(ArgumentError, match="wrt=2 is no input"):
        gradcheck(f, MATRIX, MATRIX, wrt=2)
    with pytest.raises(DtypeError, match="wrt names i, which is an array of int64: it has no derivative\nHint: pass it as floats"):
        gradcheck(lambda x, i: x[i], ROWS, np.array([0, 1]), wrt="i")


def test_integers_and_options_reach_the_function_as_they_are():
    seen = []

    def f(x, index, keep, how):
        seen.append((type(index), index.dtype, keep, how))
        return x[index]

    assert gradcheck(f, ROWS, np.array([1, 0]), True, {"a": 1})
    assert set(map(str, seen)) == {str((Tensor, np.dtype("int64"), True, {"a": 1}))}


def test_kinks_may_be_refused_or_skipped():
    at_zero = np.array([0.0, 1.0])
    wrong = lambda x: record("relu", np.maximum(x.array, 0), (x, lambda dy, _: dy * Tensor(np.where(x.array == 0, 7.0, x.array > 0))))
    assert gradcheck(lambda x: x.relu(), at_zero)
    assert said(gradcheck, lambda x: x.relu(), at_zero, kinks="error").sentence == "1 of 2 elements of x are at a kink of the function"
    assert said(gradcheck, wrong, at_zero).kind == "value"
    assert gradcheck(wrong, at_zero, kinks="skip").covered[0].skipped == 1
    assert gradcheck(lambda x: x.relu(), at_zero + 1, kinks="error")


def test_the_complex_step_is_for_numpy_functions():
    pair = (lambda x: np.sin(x) * x, lambda dy, x: dy * (np.sin(x) + x * np.cos(x)))
    assert gradcheck(pair, ROWS, method="complex", rtol=1e-13)
    assert said(gradcheck, (pair[0], lambda dy, x: dy * np.sin(x)), ROWS, method="complex").kind == "value"
    with pytest.raises(ArgumentError, match='method="complex" needs a NumPy function'):
        gradcheck(lambda x: x.sin(), ROWS, method="complex")


def test_central_differences_are_good_to_fewer_digits():
    assert gradcheck(lambda x: x.exp(), ROWS, method="central")
    assert said(gradcheck, twice_too_large, ROWS, method="central").diagnosis[0] == "factor:2"


def test_smallest_finds_four_elements_and_refuses_what_passes():
    found = smallest(softmax_without_the_mean, RNG.normal(size=(3, 5)))
    assert not found and found.inputs[0].size <= 4 and found.diagnosis[0].startswith("missing-term:y")
    with pytest.raises(ArgumentError, match="smallest: the check passes at these inputs\nHint: give inputs at which it fails"):
        smallest(lambda x: x * x, ROWS)


def test_checking_one_op_takes_a_fraction_of_a_second():
    start = time.perf_counter()
    gradcheck(lambda x, w, b: minigrad.conv2d(x, w, b), RNG.normal(size=(2, 2, 5, 5)), RNG.normal(size=(2, 2, 3, 3)), RNG.normal(size=2))
    with pytest.raises(GradcheckError) as error:
        gradcheck(softmax_without_the_mean, ROWS)
    assert "Looks like" in str(error.value)
    assert time.perf_counter() - start < 3

