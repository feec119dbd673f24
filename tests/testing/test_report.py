"""A report is true or false, reads in words, and is data for graders and notebooks (rule 11)."""

import json
import pickle

import numpy as np
import pytest

from minigrad.testing import GradcheckError, GradReport, gradcheck
from minigrad.testing.report import Covered, Entry

X = np.random.default_rng(0).normal(size=(2, 3))
RIGHT = (lambda x: 2 * x, lambda dy, x: 2 * dy)
WRONG = (lambda x, w: x * w, lambda dy, x, w: (dy * w, 2 * dy * x))


@pytest.fixture
def failed():
    return gradcheck(WRONG, X, X + 1, raise_exception=False)


def test_a_report_is_true_when_the_check_passed():
    report = gradcheck(RIGHT, X)
    assert isinstance(report, GradReport) and report and report.passed and report.diagnosis == () and report.repro() != ""
    assert str(report).startswith("gradcheck: ") and "is right" in str(report) and "6 of 6 elements" in str(report)
    assert report.smallest() is report


def test_a_failure_names_the_input_the_element_both_values_and_what_it_looks_like(failed):
    assert not failed
    lines = str(failed).splitlines()
    assert lines[0].startswith("gradcheck: w[") and "backward says" in lines[0] and "differences say" in lines[0] and "±" in lines[0]
    assert any(line.startswith("Looks like: every element is 2 times what it should be") and line.endswith("[factor:2]") for line in lines)
    assert "looked at x (2, 3): 6 of 6 elements; w (2, 3): 6 of 6 elements" in lines


def test_the_three_worst_elements_are_a_table(failed):
    table = failed.table()
    assert len(table) == 4 and table[0].split() == ["backward", "differences", "±"]
    errors = [abs(e.backward - e.differences) for e in failed.entries]
    assert errors[:3] == sorted(errors, reverse=True)[:3] and failed.entries[0].name == "w"
    assert failed.entries[0].place in table[1]


def test_one_wrong_element_needs_no_table():
    report = gradcheck((lambda x: x * 2, lambda dy, x: 3 * dy), np.array(1.0), raise_exception=False)
    assert len(report.entries) == 1 and report.table() == []


def test_the_exception_carries_the_report_and_shows_it():
    with pytest.raises(GradcheckError) as raised:
        gradcheck(WRONG, X, X + 1)
    assert raised.value.report.diagnosis[0] == "factor:2" and str(raised.value) == str(raised.value.report)


def test_the_report_is_data(failed):
    found = json.loads(json.dumps(failed.to_dict()))
    assert found["passed"] is False and found["kind"] == "value" and found["diagnosis"] == ["factor:2"]
    assert found["guesses"][0]["code"] == "factor:2" and found["entries"][0]["input"] == "w" and len(found["entries"][0]["index"]) == 2
    assert found["inputs"][0] == {**found["inputs"][0], "name": "x", "shape": [2, 3], "looked_at": 6, "wrong": 0, "flat": False}
    assert json.loads(json.dumps(gradcheck(RIGHT, X).to_dict()))["passed"] is True


def test_the_report_shows_in_a_notebook(failed):
    text = failed._repr_html_()
    assert text.startswith("<div") and "factor:2" in text and "#b3261e" in text
    tagged = gradcheck((lambda x: x * 2, lambda dy, x: 2 * dy), X)._repr_html_()
    assert "&lt;lambda&gt;" in tagged and "<lambda>" not in tagged and "#2a7f3f" in tagged


def test_the_report_and_its_exception_cross_a_process_boundary(failed):
    back = pickle.loads(pickle.dumps(failed))
    assert str(back) == str(failed) and back.to_dict() == failed.to_dict() and back.smallest() is back
    error = pickle.loads(pickle.dumps(GradcheckError(failed)))
    assert str(error) == str(failed) and error.report.diagnosis == ("factor:2",)


def test_a_place_is_written_as_one_would_index_it():
    assert Entry("x", (0, 2), 1, 2, 3).place == "x[0, 2]" and Entry("x", (), 1, 2, 3).place == "x"
    assert Entry("x", None, 1, 2, 3).place == "x along a random direction"
    assert str(Covered("x", (4, 5), 20, True, kinks=2, skipped=1)) == "x (4, 5): 20 of 20 elements, 2 at kinks, 1 not comparable"
    assert str(Covered("x", (400,), 3, False)) == "x (400,): 3 random directions"
