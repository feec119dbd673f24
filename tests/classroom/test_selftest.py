import shutil

import pytest

from minigrad.classroom.assignment import Assignment, every, find
from minigrad.classroom.selftest import selftest


def test_a_sound_assignment_passes(assignment):
    verdicts = list(selftest(assignment, tricks=[]))
    assert len(verdicts) == 10 and all(v.passed for v in verdicts), "\n".join(map(str, verdicts))
    assert str(verdicts[0]).startswith("ok    b1_squares: solution: 6 of 6 in ")


def changed(assignment, tmp_path, file, old, new):
    folder = shutil.copytree(assignment.folder, tmp_path / "b1_squares")
    path = folder / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    return {v.what.partition(": ")[2]: v for v in selftest(Assignment(folder), tricks=[])}


def test_a_solution_that_is_wrong_is_found(assignment, tmp_path):
    verdict = changed(assignment, tmp_path, "solution/ops.py", "2.0 * dy", "2.1 * dy")["solution"]
    assert not verdict.passed and "3 of 6" in verdict.seen and "square_backward: " in verdict.seen


def test_a_solution_that_is_refused_by_chance_is_found(assignment, tmp_path):
    unlucky = "lambda x: x.sum() + 1.0 * (x[0, 0] > 0.9)"
    verdict = changed(assignment, tmp_path, "properties.py", "lambda x: x.sum()", unlucky)["solution, 5 more times"]
    assert not verdict.passed and 0 < int(verdict.seen[0]) < 5 and "total: the result of total is " in verdict.seen


def test_a_stub_that_gets_points_is_found(assignment, tmp_path):
    verdict = changed(assignment, tmp_path, "solution/ops.py", "    # BEGIN SOLUTION\n    return sum(x.reshape(-1)) * 1.0\n    # END SOLUTION\n", "    return x.sum()\n")["stub"]
    assert not verdict.passed and verdict.seen == "1 points; total"


def test_a_mistake_that_costs_nothing_is_found(assignment, tmp_path):
    verdict = changed(assignment, tmp_path, "wrong/half.py", "dy * x", "dy * x * 2.0")["half"]
    assert not verdict.passed and verdict.seen == "3 of 3 for square_backward, recognised as nothing"


def test_a_mistake_that_is_taken_for_another_is_found(assignment, tmp_path):
    verdict = changed(assignment, tmp_path, "wrong/rows.py", "x[0].sum()", "x.mean()")["rows"]
    assert not verdict.passed and verdict.seen == "0 of 1 for total, recognised as mean"


def test_too_few_mistakes_are_found(assignment, tmp_path):
    folder = shutil.copytree(assignment.folder, tmp_path / "b1_squares")
    for name in ("half", "first"):
        (folder / "wrong" / f"{name}.py").unlink()
    verdicts = {v.what: v for v in selftest(Assignment(folder), mistakes=[], tricks=[])}
    assert not verdicts["b1_squares: known mistakes"].passed


def test_the_first_assignment_passes_in_a_reduced_form():
    names = ["mul_ignores_broadcasting", "add_shares_dy"]
    verdicts = list(selftest(find("a1"), mistakes=names, tricks=["patches the asserts"], others=1))
    assert len(verdicts) == 7 and all(v.passed for v in verdicts), "\n".join(map(str, verdicts))


@pytest.mark.slow
@pytest.mark.parametrize("a", every(), ids=lambda a: a.name)
def test_every_assignment_passes_as_a_whole(a):
    verdicts = list(selftest(a))
    assert all(v.passed for v in verdicts), "\n".join(map(str, verdicts))
