"""Inputs and cotangents stay as they are, gradients own their memory, and the answer is the same twice (rules 7, 8)."""

import re

import numpy as np
import pytest

import minigrad
from minigrad.autograd import record
from minigrad.testing import gradcheck, ownership
from minigrad.testing.adapters.choose import subject_for
from minigrad.testing.flaws import Flaw
from minigrad.testing.ownership import nearly_same, same_bytes
from minigrad.testing.point import Point

X = np.random.default_rng(0).normal(size=(2, 3))


def failing(f, *inputs, **options):
    report = gradcheck(f, *inputs, raise_exception=False, **options)
    assert not report
    return report


def scale_dy(dy, x):
    dy *= 3
    return dy


def test_a_cotangent_that_is_overwritten_is_reported_with_its_cure():
    report = failing((lambda x: 3 * x, scale_dy), X)
    assert report.kind == "mutation" and "changed the cotangent dy in place" in report.sentence and "copy" in report.hint


def test_the_culprit_of_an_overwritten_input_is_named():
    def back(dy, x):
        x[...] = 0
        return 3 * dy

    assert failing((lambda x: 3 * x, back), X).sentence == "backward changed its input x in place"
    assert failing((lambda x: x.__imul__(3), lambda dy, x: 3 * dy), X).sentence == "forward changed its input x in place"


def test_rules_over_tensors_are_watched_too():
    def into_dy(dy, _):
        dy.array[...] *= 2
        return dy

    report = failing(lambda x: record("twice", x.array * 2, (x, into_dy)), X)
    assert report.diagnosis == ("mutates-cotangent",)
    report = failing(lambda x: record("half square", x.array**2 / 2, (x, lambda dy, _: x)), X)
    assert report.diagnosis == ("aliases-input:x",)


def test_tensor_rules_may_hand_one_gradient_to_two_inputs():
    assert gradcheck(lambda x, y: x + y, X, X)


def test_these_checks_can_be_left_out():
    assert gradcheck((lambda x: 3 * x, lambda dy, x: dy.__imul__(3)), X, ownership=False)
    assert gradcheck((lambda a, b: a + b, lambda dy, a, b: (dy, dy)), X, X, ownership=False)


@pytest.mark.parametrize("pair, shape, words", [
    ((lambda x: x * 2, lambda dy, x: 2 * dy[0]), (2, 3), r"the gradient of x has shape \(3,\), x has \(2, 3\)"),
    ((lambda x: x * 2, lambda dy, x: np.atleast_1d(2 * dy)), (), r"the gradient of x has shape \(1,\), x has \(\)"),
])  # fmt: skip
def test_a_gradient_has_the_shape_of_its_input(pair, shape, words):
    report = failing(pair, np.ones(shape))
    assert report.kind == "shape"
    assert re.search(words, report.sentence)


def test_a_gradient_has_the_type_of_its_input():
    report = failing((np.exp, lambda dy, x: (dy * np.exp(x)).astype("f4")), X)
    assert report.kind == "dtype" and "the gradient of x is float32, x is float64" in report.sentence
    assert gradcheck((lambda x: x.astype("f4") * 2, lambda dy, x: 2 * dy.astype("f4")), X)  # all of it in float32


def test_a_gradient_is_an_array():
    report = failing((lambda x: x * 2, lambda dy, x: "2 dy"), X)
    assert report.kind == "count" and "is a str, not an array" in report.sentence


def test_memory_in_another_order_changes_nothing():
    report = failing((lambda x: x * 2, lambda dy, x: 2 * dy.ravel("K").reshape(x.shape)), X)
    assert report.kind == "layout" and "gives another answer" in report.sentence

    def sorts_in_place(x):
        x = x if x.flags.writeable and x.flags.c_contiguous else x / 0 * 0
        return x * 2

    with np.errstate(all="ignore"):
        assert failing((sorts_in_place, lambda dy, x: 2 * dy), X).kind == "layout"
    report = failing((lambda x: np.frombuffer(x).reshape(x.shape) * 2, lambda dy, x: 2 * dy), X)
    assert report.kind == "layout" and "raises ValueError" in report.sentence


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
def test_a_sum_that_cancels_to_rounding_is_no_answer_about_memory(scale):
    x = scale * np.array([[[[2.111111111111111, -1.0], [0.3333333333333333, -1.4444444444444444]]]])
    assert gradcheck((lambda x: x.mean((2, 3)), lambda dy, x: np.broadcast_to(dy[:, :, None, None] / 4, x.shape).copy()), x)
    other = (lambda x: np.atleast_1d(x.ravel("K")[:2].sum()), lambda dy, x: dy * [[1, 1, 0], [0, 0, 0]])
    assert failing(other, scale * X[:2, :3]).kind == "layout"


def test_two_runs_must_agree_and_one_run_is_not_compared():
    noisy = (lambda x: x * 2, lambda dy, x: 2 * dy * (1 + 1e-7 * np.random.default_rng().normal()))
    assert failing(noisy, X).kind == "nondeterministic"
    assert gradcheck(noisy, X, determinism=1, ownership=False)


def test_randomness_of_minigrads_own_generator_is_seen():
    report = failing(lambda x: minigrad.dropout(x, 0.5), X)
    assert report.diagnosis == ("nondeterministic:forward",) and "eval mode" in report.hint

    def seeded(x):
        minigrad.manual_seed(1)
        return minigrad.dropout(x, 0.5)

    assert gradcheck(seeded, X)


def test_a_buffer_that_was_used_before_is_still_seen_to_accumulate():
    kept = np.ones_like(X)

    def back(dy, x):
        kept[...] += 2 * dy
        return kept

    assert failing((lambda x: x * 2, back), X).diagnosis == ("accumulates",)


def test_a_cache_that_backward_changes_shows_when_backward_runs_again():
    def forward(x):
        return x * 2, {"slope": np.full(x.shape, 2.0)}

    def backward(dy, cache):
        cache["slope"] *= dy
        return cache["slope"].copy()

    assert failing((forward, backward), X).kind == "nondeterministic"


def test_bytes_tell_a_negative_zero_and_nan_is_the_same_as_itself():
    assert not same_bytes(np.array([0.0]), np.array([-0.0])) and same_bytes(np.array([np.nan]), np.array([np.nan]))
    assert nearly_same(np.array([1.0, np.nan]), np.array([1 + 1e-12, np.nan])) and not nearly_same(np.ones(2), np.ones(2) * 1.001)


def test_a_gradient_lives_where_its_input_lives(monkeypatch):
    """There is no second device here, so one is made up: the gradient is said to be on it."""
    point = Point(subject_for("gradcheck", (lambda x: 2 * x, lambda dy, x: 2 * dy), [X]), [X])
    monkeypatch.setattr(ownership, "device_of", lambda a: "cuda" if a is point.raw[0] else "cpu")
    with pytest.raises(Flaw, match="the gradient of x is on cuda, x is not") as raised:
        ownership.check_form(point.subject, point.run, 0, point.raw[0])
    assert raised.value.kind == "device"
