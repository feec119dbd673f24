"""The sentences of a report name the function, its place, and how it was measured."""

import functools

import numpy as np

from minigrad import nn, ops
from minigrad.testing import gradcheck
from minigrad.testing.settings import Settings
from minigrad.testing.words import options, title


def some_function(x):
    return x


class Callable:
    def __call__(self, x):
        return x


def test_a_function_is_named_with_the_place_of_its_definition():
    assert title(some_function) == "some_function (test_words.py:13)"
    assert title(ops.softmax).startswith("softmax (softmax.py:")
    assert title(lambda x: x).startswith("test_a_function_is_named_with_the_place_of_its_definition.<lambda> (test_words.py:")


def test_what_has_no_place_is_named_by_itself():
    assert title(np.exp) == "exp" and title(nn.Linear(1, 1)) == "Linear" and title(Callable()) == "Callable"
    assert title(functools.partial(some_function)) == "partial"


def test_the_worst_element_is_described_with_both_values_and_the_tolerance():
    report = gradcheck((lambda x: x * 2, lambda dy, x: np.array([3.0, 2.0]) * dy), np.ones(2), cotangent=np.ones(2), raise_exception=False)
    assert report.sentence == "x[0], shape (2,): backward says 3, differences say 2 ± 2.0e-06; 1 of 2 elements are wrong"
    report = gradcheck((lambda x: x * 2, lambda dy, x: 3 * dy), np.array(1.0), cotangent=np.array(1.0), raise_exception=False)
    assert report.sentence.startswith("x, shape (): backward says 3, differences say 2")


def test_how_it_was_measured_is_told_for_every_method():
    pair = (np.sin, lambda dy, x: dy * np.cos(x))
    assert "Richardson steps from 0.001; cotangent of whole numbers -3 … 3, seed 0; tolerance rounding" in gradcheck(pair, np.ones(2)).options
    assert "central differences over 5e-06" in gradcheck(pair, np.ones(2), method="central").options
    assert "a complex step; cotangent as given" in gradcheck(pair, np.ones(2), method="complex", cotangent=np.array([1.0, 2.0])).options
    assert "tolerance 0.1 + 0.2 × size" in gradcheck(pair, np.ones(2), atol=0.1, rtol=0.2).options
    assert options(Settings(), None) == ""
