import numpy as np
import pytest

from minigrad.classroom.grade import grade, read, seed_of, variant_of
from minigrad.classroom.worker import Worker
from minigrad.errors import ArgumentError

SECRET = b"a secret"


def sentences(found, function):
    return [r.failure.sentence for r in found.of(function) if r.failure]


def test_the_solution_gets_everything(assignment):
    found = grade(assignment, assignment.solution, "alice", SECRET)
    assert found.score == found.total == 6.0 and found.problems == found.notes == []
    assert found.functions == ["square_backward", "scale_backward", "total"]


def test_the_same_submission_gets_the_same_grade(assignment):
    source = assignment.solution.replace("2.0 * dy", "2.5 * dy")
    told = [sentences(grade(assignment, source, "alice", SECRET, only="square"), "square_backward") for _ in range(2)]
    assert told[0] == told[1] and len(told[0]) == 2


def test_inputs_depend_on_the_secret_and_on_the_submission():
    seeds = {seed_of(*parts) for parts in ((b"a", "x"), (b"b", "x"), (b"a", "y"), (b"a", "x", "y"), (b"a", "xy"))}
    assert len(seeds) == 5 and seed_of(b"a", "x") == seed_of(b"a", "x")


def test_functions_share_the_time_of_a_submission_unless_they_share_a_process(assignment, monkeypatch):
    given = []

    class Seen(Worker):
        def __init__(self, files, main, limits):
            given.append(limits.total)
            super().__init__(files, main, limits)

    monkeypatch.setattr("minigrad.classroom.grade.Worker", Seen)
    for together in (False, True):
        grade(assignment, assignment.solution, "alice", SECRET, together=together)
    assert given == [50.0 / 3, 50.0 / 3, 50.0 / 3, 40.0]


def test_credit_is_given_property_by_property(assignment):
    source = assignment.solution.replace("2.0 * dy * x + 0.0 * x", "(2.0 * dy * x).astype(float)")
    found = grade(assignment, source, "alice", SECRET)
    assert [r.score for r in found.of("square_backward")] == [2.0, 0.0] and found.score == 5.0
    assert sentences(found, "square_backward") == ["square_backward was given float32 and returned float64"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("    while True: pass", "square_backward took longer than 1 s: is there an endless loop?"),
        ("    return dy[", "square_backward cannot run: line 9 of ops.py is not Python: '[' was never closed"),
        ("    return None", "backward returned None"),
        ("    return 'a'", "the gradient of x is a str, not an array"),
        ("    return (dy, dy, dy)", "backward returned 3 gradient(s) for 1 floating input(s)"),
        ("    return dy[0]", "the gradient of x has shape"),
        ("    return square_backward(dy, x)", "square_backward calls itself without end in line 9 of ops.py"),
        ("    for i in range(10**9): print(i)", "square_backward took longer than 1 s"),
        ("    return {1: 2}", "the gradient of x is a dict, not an array"),
    ],
)
def test_bad_input_costs_its_own_function_and_is_one_sentence(assignment, body, said):
    source = assignment.solution.replace("    return 2.0 * dy * x + 0.0 * x", body).replace("# BEGIN SOLUTION", "#", 1)
    source = source.replace("# END SOLUTION", "#", 1)
    found = grade(assignment, source, "alice", SECRET)
    assert found.score == 3.0 and all("\n" not in s for s in sentences(found, "square_backward"))
    assert sentences(found, "square_backward")[0].startswith(said)


@pytest.mark.parametrize("source", ["", "def square_backward(\n", "1/0", "raise SystemExit", "\x00", "é" * 100, "import os; os._exit(0)"])
def test_a_file_of_nonsense_gets_nothing_and_harms_nobody(assignment, source):
    found = grade(assignment, source, "alice", SECRET)
    assert found.score == 0.0 and len(found.results) == 4


def test_students_are_asked_public_properties_only(assignment):
    found = grade(assignment, assignment.solution, "check", hidden=False, together=True)
    assert [r.asked.hidden for r in found.results] == [False, False]


def test_functions_are_chosen_by_name_or_by_part_of_it(assignment):
    assert grade(assignment, "", "a", only="scale").functions == ["scale_backward"]
    assert grade(assignment, "", "a", only=["total"]).functions == ["total"]
    with pytest.raises(ArgumentError, match="b1_squares has no function whose name contains 'tanh'"):
        grade(assignment, "", "a", only="tanh")


def test_variants_are_a_students_own_and_stay(assignment):
    found = {name: variant_of(assignment, SECRET, name)["FACTOR"] for name in map(str, range(30))}
    assert set(found.values()) == {2.0, 3.0, 5.0} and variant_of(assignment, SECRET, "7")["FACTOR"] == found["7"]


def test_a_number_copied_from_a_neighbour_is_wrong(assignment):
    copied = assignment.solution.replace("given.FACTOR * dy", "2.0 * dy")
    scores = [grade(assignment.variant({"FACTOR": f}), copied, "a", SECRET, only="scale").score for f in (2.0, 3.0)]
    assert scores == [2.0, 0.0]


def test_a_submission_is_a_file_or_a_folder_that_holds_it(tmp_path):
    (tmp_path / "ops.py").write_bytes(b"A = 1 # \xff\n")
    assert read(tmp_path, "ops.py") == read(tmp_path / "ops.py", "ops.py") == "A = 1 # \ufffd\n"
    with pytest.raises(ArgumentError, match=r"holds no other\.py\nHint: name the file"):
        read(tmp_path, "other.py")


def test_a_submission_of_great_length_is_refused(tmp_path):
    (tmp_path / "ops.py").write_bytes(bytes((1 << 20) + 1))
    with pytest.raises(ArgumentError, match="larger than 1048576 bytes"):
        read(tmp_path, "ops.py")


def test_properties_do_not_depend_on_each_other(assignment):
    alone = grade(assignment, assignment.solution.replace("2.0 * dy", "3.0 * dy"), "a", SECRET, only="square")
    whole = grade(assignment, assignment.solution.replace("2.0 * dy", "3.0 * dy"), "a", SECRET)
    assert sentences(alone, "square_backward") == sentences(whole, "square_backward")
    assert np.isclose(whole.score, 3.0)
