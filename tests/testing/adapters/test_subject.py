"""What is common to all subjects: values, names, and which inputs are checked."""

import numpy as np
import pytest

import minigrad
from minigrad import Tensor
from minigrad.errors import ArgumentError, DtypeError
from minigrad.testing.adapters.subject import Subject, flat, kind_of, parameter_names, value_of


@pytest.mark.parametrize("x, dtype", [(np.ones(2, "f4"), "f8"), (np.ones(2, ">f8"), "f8"), (Tensor([1.0]), "f8"), (1.5, "f8"), ([1.0, 2], "f8"),
                                      (np.float32(1), "f8"), (np.arange(2), "i8"), ([1, 2], "i8"), (np.array([True]), "?"),
                                      (minigrad.tensor([1, 2]), "i8"), (np.ones((2, 2), order="F")[::-1], "f8")])  # fmt: skip
def test_floats_become_float64_in_row_order_and_other_arrays_keep_their_type(x, dtype):
    a = value_of(x)
    assert a.dtype == np.dtype(dtype) and a.flags.c_contiguous and a.flags.writeable and not np.shares_memory(a, getattr(x, "array", a[:0] if a.ndim else np.ones(1)))


@pytest.mark.parametrize("x", [3, True, "mean", None, {"stride": 2}, (2, 2), [[1], [1, 2]], ["a"]])
def test_what_is_no_array_stays_as_it_is(x):
    assert value_of(x) is x


def test_outputs_are_laid_out_one_after_another_in_double_precision():
    row = flat([np.ones((2, 2), "f4"), np.zeros(())])
    assert row.tolist() == [1, 1, 1, 1, 0] and row.dtype == np.float64
    assert flat([np.ones(2) * 1j]).dtype.kind == "c"


def test_names_are_those_of_the_parameters_and_numbers_where_there_are_none():
    assert parameter_names(lambda x, w, *rest, how=1: x, 4) == ["x", "w", "input 2", "input 3"]
    assert parameter_names(lambda x, w: x, 1) == ["x"]
    assert parameter_names(dict, 2) == ["input 0", "input 1"]


def test_kinds_are_told_in_words():
    told = [kind_of(x) for x in (np.arange(2), Tensor([1.0]), None, 3, [])]
    assert told == ["an array of int64", "a tensor of float32", "None", "a int", "a list"]


def subject(*inputs, wrt=None):
    return Subject("gradcheck", lambda x, w, n=0: x, inputs, wrt)


def test_by_default_the_inputs_that_hold_floats_are_checked():
    assert subject(np.ones(2), np.arange(2), 3).wrt == [0] and subject(np.ones(2), 0.5).wrt == [0, 1]


def test_inputs_are_chosen_by_position_or_name():
    assert [subject(np.ones(1), np.ones(1), wrt=w).wrt for w in (1, -1, "w", ["w", 0], ())] == [[1], [1], [1], [1, 0], []]


@pytest.mark.parametrize("wrt", [2, "y", [0, None]])
def test_an_input_that_is_not_there_is_refused(wrt):
    with pytest.raises(ArgumentError, match=r"gradcheck: wrt=.* is no input; there are x, w"):
        subject(np.ones(1), np.ones(1), wrt=wrt)


def test_an_input_without_a_derivative_is_refused():
    with pytest.raises(DtypeError, match="wrt names w, which is an array of int64"):
        subject(np.ones(1), np.arange(1), wrt="w")
    with pytest.raises(DtypeError, match="wrt names n, which is a int"):
        subject(np.ones(1), np.ones(1), 3, wrt="n")


def test_no_input_and_no_floating_input_are_told_apart():
    with pytest.raises(ArgumentError, match="there is no input to differentiate by\nHint: pass an array"):
        subject()
    with pytest.raises(ArgumentError, match=r"no floating input to differentiate by: x is an array of int64, w is a str\nHint: .*astype\(float\)"):
        subject(np.arange(2), "w")
    with pytest.raises(ArgumentError, match="x is an array of complex128"):
        subject(np.ones(1) * 1j)
