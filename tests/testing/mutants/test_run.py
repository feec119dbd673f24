import re
from importlib import import_module

import pytest

from minigrad.errors import ArgumentError
from minigrad.testing.mutants import load
from minigrad.testing.mutants.run import Result, by_family, reached, run, score
from tests.testing.mutants.test_mutant import mutant

run_module = import_module("minigrad.testing.mutants.run")

SEES = """
import minigrad

def test_softmax_of_a_slope():
    x = minigrad.tensor([1.0, 2.0], dtype="float64", requires_grad=True)
    x.softmax(0).backward(minigrad.tensor([1.0, 0.0], dtype="float64"))
    p = x.softmax(0).detach()
    assert abs(x.grad[0].item() - p[0].item() * p[1].item()) < 1e-12
"""


def named(*names):
    return [m for m in load() if m.name in names]


def written(tmp_path, text):
    path = tmp_path / "test_own.py"
    path.write_text(text)
    return [str(path)]


@pytest.fixture
def ends(monkeypatch):
    """Let pytest end as told, first without a mutant, then with one."""

    def end(*ends):
        outcomes = iter(ends)
        monkeypatch.setattr(run_module, "_pytest", lambda files, limit, extra: (*next(outcomes), 1.0))

    return end


def test_tests_kill_what_they_see_and_let_live_what_they_do_not(tmp_path):
    told = []
    mutants = named("softmax-no-sum", "log-softmax-no-sum")
    seen, unseen = run(mutants, files=written(tmp_path, SEES), limit=300, told=told.append)
    assert (seen.verdict, unseen.verdict) == ("killed", "survived")
    assert seen.by.endswith("test_own.py::test_softmax_of_a_slope") and not unseen.by
    assert sorted(told, key=lambda r: r.verdict) == [seen, unseen]


@pytest.mark.slow
def test_the_mutants_that_a_file_can_see_are_those_of_the_functions_it_calls(tmp_path):
    names = {m.name for m in reached(written(tmp_path, SEES), limit=300)}
    assert {"softmax-no-sum", "softmax-mean"} <= names and not {"conv-flipped", "adam-uncorrected"} & names


@pytest.mark.parametrize(
    ("end", "verdict", "killed"),
    [((0, ""), "survived", False), ((1, "FAILED a.py::b - no"), "killed", True), ((2, "ERROR a.py"), "killed", True),
     ((None, ""), "timeout", True), ((4, "usage"), "invalid", False)],
)  # fmt: skip
def test_the_way_pytest_ends_is_the_verdict(end, verdict, killed, ends):
    ends((0, ""), end)
    (result,) = run(named("softmax-mean"), files=["a.py"])
    assert (result.verdict, result.killed) == (verdict, killed)


@pytest.mark.parametrize(
    ("end", "message"),
    [((1, "FAILED a.py::b - no"), "a.py::b fails without any mutant, after 1 s\nHint: a score means something only"),
     ((None, ""), "a.py took more than 300 s without any mutant"), ((4, "no such file"), "pytest cannot run a.py: no such")],
)  # fmt: skip
def test_a_score_of_tests_that_fail_anyway_is_refused(end, message, ends):
    ends(end)
    with pytest.raises(ArgumentError, match=re.escape(message)):
        run(named("softmax-mean"), files=["a.py"])


def test_the_score_counts_what_was_killed_and_what_never_ended():
    results = [Result(mutant(family=family), verdict, 1.0) for family, verdict in
               [("a", "killed"), ("a", "survived"), ("b", "timeout"), ("b", "killed")]]  # fmt: skip
    assert score(results) == 75 and score([]) == 100
    assert list(by_family(results)) == [("a", 2, 1), ("b", 2, 2)]


@pytest.mark.slow
def test_a_sample_of_the_zoo_is_killed_by_our_own_tests():
    sample = load()[::12]
    results = run(sample, limit=600)
    assert [r.mutant.name for r in results if not r.killed] == []
