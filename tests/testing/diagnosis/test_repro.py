"""The snippet runs, and fails as the report did."""

import numpy as np
import pytest

import minigrad
from minigrad.testing import GradcheckError, gradcheck, gradgradcheck, numpy_pair
from minigrad.testing.diagnosis.repro import snippet
from minigrad.testing.settings import Settings
from tests.testing import specimens

X = np.random.default_rng(0).normal(size=(3, 4))


def double(x):
    return 2 * x


def triple_back(dy, x):
    return 3 * dy


def run(report, **names):
    """Run the snippet of a report and return the report of the failure that it shows."""
    with pytest.raises(GradcheckError) as error:
        exec(report.repro(), {**names})
    return error.value.report


@pytest.mark.parametrize("name, pair, inputs, code", specimens.SPECIMENS, ids=[row[0] for row in specimens.SPECIMENS])
def test_the_snippet_of_every_planted_mistake_fails_in_the_same_way(name, pair, inputs, code):
    report = specimens.report_on(name)
    names = {getattr(f, "__name__", role) if getattr(f, "__name__", "").isidentifier() else role: f
             for f, role in zip(pair, ("forward", "backward"), strict=True)}  # fmt: skip
    assert run(report, **names).kind == report.kind


def test_functions_that_can_be_imported_are():
    report = gradcheck((double, triple_back), X, raise_exception=False)
    assert f"from {__name__} import double" in report.repro() or "# double is double (test_repro.py:" in report.repro()
    text = snippet(minigrad.ops.softmax, [X, -1], {}, Settings())
    assert "from minigrad.ops.softmax import softmax" in text and "gradcheck(softmax, input, dim)" in text
    assert "dim = -1" in text


def test_functions_that_cannot_be_imported_are_named_in_a_comment():
    report = gradcheck((lambda x: 2 * x, lambda dy, x: 3 * dy), X, raise_exception=False)
    assert "# forward is " in report.repro() and "# backward is " in report.repro() and "gradcheck((forward, backward), x)" in report.repro()
    report = gradcheck(numpy_pair(double, lambda dy, x: 3 * dy), X, raise_exception=False)
    assert "gradcheck((double, backward), x)" in report.repro()


def test_options_that_matter_are_repeated():
    pair = (double, lambda dy, x: dy * (2 + 1e-3))
    report = gradcheck(pair, X, rtol=1e-5, atol=1e-6, seed=4, wrt="x", raise_exception=False)
    call = report.repro().splitlines()[-1]
    assert "wrt='x'" in call and "rtol=1e-05" in call and "atol=1e-06" in call and "seed=4" in call
    assert "rtol" not in gradgradcheck(lambda x: x**3, X).repro()


def test_arrays_keep_their_type_and_empty_ones_their_shape():
    text = snippet(double, [np.ones((0, 3)), np.arange(2, dtype=np.int8), np.array([True]), "s", np.ones(2000)], {}, Settings())
    assert "x = np.zeros((0, 3))" in text and "x1 = np.array([0, 1], dtype=np.int8)" in text and "np.array([True])" in text
    assert "x3 = 's'" in text and "too large to write out" in text


def test_a_given_cotangent_is_written_out():
    report = gradcheck((double, triple_back), np.array([1.0, 2.0]), cotangent=np.array([2.0, 1.0]), raise_exception=False)
    assert "cotangent=[np.array([" in report.repro()
    assert run(report, double=double, triple_back=triple_back).diagnosis[0] == "factor:3/2"
