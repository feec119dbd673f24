"""Pairs of NumPy functions: with inputs or with a cache, with options, with one gradient per input or per floating one."""

import re

import numpy as np
import pytest

from minigrad.errors import ArgumentError
from minigrad.testing import gradcheck, numpy_pair

RNG = np.random.default_rng(0)
X, W, B = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 2)), RNG.normal(size=2)


def affine(x, w, b):
    return x @ w + b


def affine_back(dy, x, w, b):
    return dy @ w.T, x.T @ dy, dy.sum(0)


def cached(x, w, b):
    return x @ w + b, (x, w, b)


def cached_back(dy, cache):
    x, w, _ = cache
    return dy @ w.T, x.T @ dy, dy.sum(0)


def test_a_backward_takes_the_inputs_or_the_cache():
    for pair in ((affine, affine_back), (cached, cached_back), numpy_pair(affine, affine_back), [affine, affine_back]):
        report = gradcheck(pair, X, W, B)
        assert [c.name for c in report.covered] == ["x", "w", "b"] and report.function.startswith(("affine", "cached"))


def test_a_wrong_gradient_is_named_by_its_parameter():
    report = gradcheck((affine, lambda dy, x, w, b: (dy @ w.T, x.T @ dy / len(x), dy.sum(0))), X, W, B, raise_exception=False)
    assert report.entries[0].name == "w" and report.diagnosis[0] == "factor:1/4" and "batch size" in str(report)


def test_a_single_input_with_a_cache_is_found_out_by_the_pair_that_forward_returns():
    assert gradcheck((lambda x: (np.tanh(x), np.tanh(x)), lambda dy, y: dy * (1 - y**2)), X)
    assert gradcheck((lambda x: (np.exp(x), None), lambda dy, cache: dy), X, raise_exception=False).kind == "value"


def test_several_outputs_are_said_to_be_no_cache():
    pair = numpy_pair(lambda x: (x * 2, x.sum(0)), lambda dys, x: 2 * dys[0] + dys[1], cache=False)
    assert gradcheck(pair, X)
    with_cache = numpy_pair(lambda x, w: (x * w, (x, w)), lambda dy, cache, check=True: (dy * cache[1], dy * cache[0]), cache=True)
    assert gradcheck(with_cache, X, X + 1)


def test_options_are_handed_on_and_have_no_gradient():
    def strided(x, step, options):
        assert type(step) is int and options == {"pad": 0}
        return x[::step]

    def back(dy, x, step, options):
        dx = np.zeros_like(x)
        dx[::step] = dy
        return dx

    assert gradcheck((strided, back), X, 2, {"pad": 0})
    assert gradcheck((strided, lambda *a: (back(*a), None, None)), X, 2, {"pad": 0})


def test_a_python_number_beside_arrays_is_an_option_unless_it_is_chosen():
    pair = (lambda x, c: x * c, lambda dy, x, c: dy * c)
    assert [c.name for c in gradcheck(pair, X, 0.5).covered] == ["x"]
    both = (lambda x, c: x * c, lambda dy, x, c: (dy * c, (dy * x).sum()))
    assert [c.name for c in gradcheck(both, X, 0.5, wrt=["x", "c"]).covered] == ["x", "c"]
    assert gradcheck((lambda x: x * x, lambda dy, x: 2 * dy * x), 1.5)


def test_the_loss_may_be_a_python_number():
    assert gradcheck((lambda x: float((x**2).sum()), lambda dy, x: 2 * dy * x), X)


@pytest.mark.parametrize("backward, words", [
    (lambda dy, x, w, b: None, "backward returned None"),
    (lambda dy, x, w, b: (dy @ w.T, x.T @ dy), r"backward returned 2 gradient\(s\) for 3 floating input\(s\)"),
    (lambda dy, x, w, b: (dy, dy, dy, dy), r"backward returned 4 gradient\(s\) for 3"),
    (lambda dy, x, w, b: (dy @ w.T, [[1.0, 2.0]] * 3, dy.sum(0)), "the gradient of w is a list, not an array"),
])  # fmt: skip
def test_what_backward_must_return_is_told(backward, words):
    report = gradcheck((affine, backward), X, W, B, raise_exception=False)
    assert report.kind == "count" and re.search(words, report.sentence) and report.hint


@pytest.mark.parametrize("forward, words", [
    (lambda x: None, "forward returned None"), (lambda x: (), "forward returned nothing"), (lambda x: x.astype(int), "forward returned int64, which has no derivative"),
    (lambda x: "y", "forward returned <U1"),
])  # fmt: skip
def test_what_forward_must_return_is_told(forward, words):
    report = gradcheck(numpy_pair(forward, lambda dy, x: dy, cache=False), X, raise_exception=False)
    assert report.kind == "output" and words in report.sentence and report.hint


def test_a_pair_is_two_functions():
    with pytest.raises(ArgumentError, match="numpy_pair: backward must be a function, got ndarray"):
        gradcheck((affine, X), X)
    with pytest.raises(ArgumentError, match="numpy_pair: forward must be a function, got int"):
        numpy_pair(3, affine_back)


def test_a_gradient_that_is_missing_counts_as_zeros():
    report = gradcheck((affine, lambda dy, x, w, b: (dy @ w.T, None, dy.sum(0))), X, W, B, raise_exception=False)
    assert report.entries[0].name == "w" and report.diagnosis == ("disconnected",)
