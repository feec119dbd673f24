import numpy as np
import pytest

from minigrad.classroom.assignment import find
from minigrad.classroom.grade import grade
from minigrad.classroom.mistakes import MOST, Recorder, name_of, same
from minigrad.classroom.worker import Limits, Worker


def calls_of(assignment, function, source, *arguments):
    with Worker({**assignment.given, "ops.py": source}, "ops.py", Limits(seconds=2.0)) as worker:
        recorder = Recorder(worker, function)
        for values in arguments:
            recorder(*values)
    return recorder.calls


def named(assignment, function, source, *arguments):
    found = name_of(assignment, function, calls_of(assignment, function, source, *arguments), Limits(seconds=2.0))
    return found.name if found else None


X = np.array([[1.0, -2.0, 3.0], [0.5, 1.5, -1.0]])


@pytest.mark.parametrize(
    ("function", "body", "name"),
    [
        ("total", "def total(a):\n    return np.mean(a, (0, 1))\n", "mean"),
        ("total", "def total(a):\n    return a[:1].sum()\n", "rows"),
        ("total", "def total(a):\n    return a.max()\n", None),
        ("total", "def total(a):\n    return [a[0].sum()]\n", None),
    ],
)
def test_a_mistake_is_known_by_its_answers_however_it_is_written(assignment, function, body, name):
    assert named(assignment, function, "import numpy as np\n\n\n" + body, [X], [X[:, :2]]) == name


def test_what_happens_to_the_arguments_counts_too(assignment):
    quiet = "def square_backward(dy, x):\n    return dy * x * 2.0\n"
    loud = "def square_backward(a, b):\n    b += b\n    return a * b\n"
    assert named(assignment, "square_backward", quiet, [X.copy(), X.copy()]) is None
    assert named(assignment, "square_backward", loud, [X.copy(), X.copy()]) == "shared"


def test_one_answer_that_differs_is_enough_to_be_another_mistake(assignment):
    source = "def total(x):\n    return x[0].sum() if len(x) > 1 else -1.0\n"
    assert named(assignment, "total", source, [X], [X[:1]]) is None


def test_without_calls_nothing_is_named(assignment):
    assert name_of(assignment, "total", [], Limits()) is None and name_of(assignment, "unknown", [], Limits()) is None


def test_only_so_many_calls_are_kept(assignment):
    assert len(calls_of(assignment, "total", "def total(x):\n    return 0.0\n", *[[X]] * (MOST + 5))) == MOST


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        (1.0, 1.0 + 1e-9, True),
        (X, X * (1 + 1e-9), True),
        (X, X[:1], False),
        ([X, 1], (X, 1), True),
        ([X], [X, X], False),
        ("a", "a", True),
        (None, 0.0, False),
        (float("nan"), float("nan"), True),
    ],
)
def test_results_are_compared_up_to_rounding(a, b, equal):
    assert same(a, b) is equal


@pytest.mark.parametrize("submission", "abcd")
def test_a_mistake_that_looks_like_another_on_small_inputs_is_told_from_it(assignment, submission):
    source = assignment.solution.replace("sum(x.reshape(-1)) * 1.0", "x.mean()")
    assert grade(assignment, source, submission, b"s", only=["total"]).mistakes == {"total": "mean"}


def test_the_same_values_in_shared_memory_are_another_mistake():
    shared = "def add_backward(dy, a, b):\n    return dy, dy\n"
    copied = "def add_backward(dy, a, b):\n    return dy.copy(), dy.copy()\n"
    a1 = find("a1")
    assert named(a1, "add_backward", shared, [X, X + 1, X - 1]) == "add_shares_dy"
    assert named(a1, "add_backward", copied, [X, X + 1, X - 1]) == "add_ignores_broadcasting"
