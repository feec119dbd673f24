"""Every planted mistake gets the verdict it deserves, and right rules get none."""

import inspect
import itertools
import re

import numpy as np
import pytest

from minigrad.autograd import record
from minigrad.testing import gradcheck
from minigrad.testing.diagnosis import experiments, patterns, verdict
from tests.testing.specimens import HEALTHY, ROW, SPECIMENS, X, report_on


def verdict_on(pair, inputs):
    report = gradcheck(pair, *inputs, raise_exception=False, zero="allowed")
    return report, report.diagnosis


@pytest.mark.parametrize("name, pair, inputs", HEALTHY, ids=[row[0] for row in HEALTHY])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_right_rule_raises_no_alarm(name, pair, inputs, seed):
    report = gradcheck(pair, *inputs, raise_exception=False, seed=seed)
    assert report and report.diagnosis == (), str(report)


@pytest.mark.parametrize("name, pair, inputs, code", SPECIMENS, ids=[row[0] for row in SPECIMENS])
def test_a_planted_mistake_is_found_and_named(name, pair, inputs, code):
    report, codes = report_on(name), report_on(name).diagnosis
    assert not report
    if code is None:
        assert codes == ()
    else:
        assert codes and (codes[0] == code or (code.endswith(":") and codes[0].startswith(code))), str(report)


@pytest.mark.parametrize("name, pair, inputs, code", SPECIMENS, ids=[row[0] for row in SPECIMENS])
def test_a_report_fits_on_fifteen_lines_before_the_code_that_repeats_it(name, pair, inputs, code):
    report = report_on(name)
    text = str(report).split("\n\nimport numpy")[0].splitlines()
    assert len(text) <= 15 and all(len(line) <= 200 for line in text)
    assert (text[0].startswith("gradcheck: ") and "Looks like" in str(report)) or code is None


def test_every_hypothesis_has_a_planted_mistake_that_only_it_explains():
    """The codes of the specimens and of the tests below reach every hypothesis of both modules."""
    functions = [f for module in (patterns, experiments) for _, f in inspect.getmembers(module, inspect.isfunction)
                 if f.__module__ == module.__name__ and not f.__name__.startswith("_")]  # fmt: skip
    assert set(functions) == set(verdict.HYPOTHESES)


def test_the_names_of_lengths_are_told():
    report, _ = verdict_on((lambda x: x.mean(0), lambda dy, x: np.broadcast_to(dy, x.shape) * 1.0), [np.arange(15.0).reshape(5, 3)])
    assert "5 times what it should be (the length of axis 0 of x, the batch size)" in str(report)
    report, _ = verdict_on((lambda x: x.mean(), lambda dy, x: np.full(x.shape, float(dy))), [np.arange(15.0).reshape(5, 3)])
    assert report.diagnosis[0] == "factor:15" and "the number of elements of x" in str(report)


def test_one_number_is_no_evidence_for_a_factor():
    _, codes = verdict_on((lambda x: np.sin(x), lambda dy, x: 0.77 * dy * np.cos(x)), [np.array([0.3])])
    assert codes == ()
    _, codes = verdict_on((lambda x: np.sin(x), lambda dy, x: 2 * dy * np.cos(x)), [np.array([0.3])])
    assert codes == ("factor:2",)


def test_a_mistake_that_fits_no_hypothesis_gets_no_verdict():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=X.shape)
    report, codes = verdict_on((np.exp, lambda dy, x: dy * (np.exp(x) + noise)), [X])
    assert codes == () and "Looks like" not in str(report)


def test_a_history_that_was_cut_is_told_from_zeros():
    report = gradcheck(lambda x: x.detach() * 2, X, raise_exception=False)
    assert report.diagnosis == ("disconnected",)
    report = gradcheck(lambda x: record("zero", x.array * 2, (x, lambda dy, _: dy * 0)), X, raise_exception=False)
    assert report.diagnosis[0] == "zero"


def test_rounding_to_float32_in_backward_is_no_wrong_formula():
    pair = (np.exp, lambda dy, x: (dy * np.exp(x)).astype(np.float32).astype(float))
    report = gradcheck(pair, X, rtol=1e-9, raise_exception=False)
    assert not report and report.diagnosis[0] == "float32-noise"


def test_rounding_to_float32_in_forward_is_no_wrong_formula():
    pair = (lambda x: np.exp(x.astype(np.float32)).astype(float), lambda dy, x: dy * np.exp(x))
    assert "coarser than float64" in str(gradcheck(pair, X))
    report = gradcheck(pair, X, rtol=1e-7, atol=1e-7, raise_exception=False)
    assert not report and report.diagnosis == ("float32-noise",)
    wrong = gradcheck((pair[0], lambda dy, x: 1.5 * dy * np.exp(x)), X, rtol=1e-7, atol=1e-7, raise_exception=False)
    assert not wrong and "float32-noise" not in wrong.diagnosis


def test_a_wrong_rule_in_float32_is_wrong_all_the_same():
    pair = (lambda x: np.exp(x.astype(np.float32)).astype(float), lambda dy, x: 1.5 * dy * np.exp(x))
    report = gradcheck(pair, X, raise_exception=False)
    assert not report and report.kind == "value"


def refused(op):
    report = gradcheck(op, X, ROW, raise_exception=False)
    assert report.kind == "raises" and "its rule returned a gradient of shape" in report.sentence
    return report.diagnosis


def test_what_minigrads_engine_refuses_is_diagnosed_by_its_shapes():
    add = lambda rule: lambda x, b: record("add", x.array + b.array, (x, lambda dy, _: dy), (b, rule))
    assert refused(add(lambda dy, _: dy)) == ("missing-sum:0",)
    assert refused(add(lambda dy, _: dy.sum(0, keepdim=True))) == ("kept-axis",)
    assert refused(add(lambda dy, _: dy.sum(1))) == ()
    column = lambda x, b: record("add", x.array + b.array[:, None], (x, lambda dy, _: dy), (b, lambda dy, _: dy.sum(1, keepdim=True)))
    report = gradcheck(column, X, np.ones(2), raise_exception=False)
    assert report.kind == "raises" and report.diagnosis == ("dropped-axis",)


def test_an_error_that_is_not_about_shapes_gets_no_verdict():
    assert verdict.diagnose_refusal(None) == () and verdict.diagnose_refusal(ValueError("shape (2,)")) == ()


def test_every_code_is_one_word_and_perhaps_a_place():
    codes = [report_on(name).diagnosis for name, *_ in SPECIMENS]
    for code in itertools.chain(*codes):
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*(:[^ ]+)*", code), code


def test_statistics_of_a_wrong_input_do_not_hide_another_wrong_input():
    report = gradcheck(lambda a, b: record("mul", a.array * b.array, (a, lambda dy, _: dy * b * 2), (b, lambda dy, _: dy * a * 3)),
                       X, X + 1, raise_exception=False)  # fmt: skip
    assert "wrong: a, b" in str(report)
