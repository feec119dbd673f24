import numpy as np
import pytest

from minigrad.classroom.properties import Agrees, Gradient, Law
from minigrad.classroom.worker import StudentError

RNG = np.random.default_rng
X = np.array([[1.0, -2.0, 3.0]])


def draw(rng, size):
    return [rng.normal(size=(size, 2))]


def failure(p, function):
    return p.run(function, RNG(0), "ops.py")


def square(x):
    return x * x


def test_a_right_gradient_passes_and_a_wrong_one_is_told_with_code_to_paste():
    p = Gradient("square_backward", "slope", square, draw)
    assert failure(p, lambda dy, x: 2 * dy * x) is None
    found = failure(p, lambda dy, x: dy * x)
    assert "backward says" in found.sentence and found.codes[0].startswith("factor")
    assert "Looks like: " in found.details and "import ops\ndy = np.array(" in found.details
    assert found.details.endswith("print(ops.square_backward(dy, x))")


def test_the_code_to_paste_shows_the_failure():
    found = failure(Gradient("f", "slope", square, draw), lambda dy, x: dy * x)
    scope = {}
    lines = [line for line in found.details.splitlines() if line.startswith(("import numpy", "dy =", "x ="))]
    exec("\n".join(lines), scope)
    assert not np.allclose(scope["dy"] * scope["x"], 2 * scope["dy"] * scope["x"])


def test_examples_grow_and_the_smallest_comes_first():
    sizes = []
    failure(Agrees("f", "t", lambda x: x, lambda rng, size: [sizes.append(size), np.ones(size)][1:], examples=8), lambda x: x.copy())
    assert sizes == [1, 1, 2, 2, 3, 3, 4, 4]


def test_single_precision_must_stay_and_be_right():
    p = Gradient("f", "t", square, draw, float32=True)
    assert failure(p, lambda dy, x: 2 * dy * x) is None
    assert failure(p, lambda dy, x: (2 * dy * x).astype(float)).sentence == "f was given float32 and returned float64"
    coarse = failure(p, lambda dy, x: 2 * dy * x if x.dtype == np.float64 else dy * x)
    assert coarse.sentence == "f gives another gradient in float32 than in float64"


def test_an_error_of_the_student_is_the_sentence():
    def refuse(*_):
        error = StudentError("f is not written yet in line 2 of ops.py")
        error.code = "unwritten"
        raise error

    for p in (Gradient("f", "t", square, draw), Agrees("f", "t", square, draw), Law("f", "t", lambda *_: None, draw)):
        found = failure(p, refuse)
        assert found.sentence == "f is not written yet in line 2 of ops.py" and found.codes == ("unwritten",)


@pytest.mark.parametrize(
    ("function", "said", "code"),
    [
        (lambda x: x + 1.0, "the result of f[0, 0] is ", "value"),
        (lambda x: x[0], "the result of f has shape (2,), due is (1, 2)", "shape"),
        (lambda x: (x, x), "f returned 2 result(s) where 1 are due", "count"),
        (lambda x: None, "the result of f is None, where numbers are due", "output"),
        (lambda x: "a", "the result of f is 'a', where numbers are due", "output"),
        (lambda x: {}, "the result of f is a dict, where numbers are due", "output"),
        (lambda x: np.full_like(x, np.nan), "the result of f[0, 0] is nan", "value"),
        (lambda x: np.full_like(x, np.inf), "the result of f[0, 0] is inf", "value"),
        (lambda x: 10**400, "the result of f is a int, where numbers are due", "output"),
    ],
)
def test_disagreement_is_one_sentence(function, said, code):
    found = failure(Agrees("f", "t", lambda x: x, draw), function)
    assert found.sentence.startswith(said) and found.codes == (code,) and "\n" not in found.sentence
    assert "print(ops.f(x0))" in found.details


def test_arguments_must_survive_and_may_not_be_handed_out_where_that_is_asked():
    def inplace(x):
        x += 0.0 if x.size == 0 else 1.0
        return x - 1.0

    p = Agrees("f", "t", lambda x: x, lambda rng, size: [np.arange(3.0)])
    assert failure(p, inplace).sentence == "f changed one of its arguments in place"
    assert failure(p, lambda x: x) is None
    fresh = Agrees("f", "t", lambda x: x, lambda rng, size: [np.arange(3.0)], fresh=True)
    assert failure(fresh, lambda x: x[:]).sentence == "f returned the memory of an argument, not a copy"


def test_nested_results_are_compared_leaf_by_leaf():
    p = Agrees("f", "t", lambda x: ([x, 2 * x], 1.0), draw)
    assert failure(p, lambda x: ([x, 2 * x], 1.0)) is None
    assert failure(p, lambda x: ([x, 3 * x], 1.0)).sentence.startswith("result 1 of f[0, 0] is ")


def test_a_list_of_numbers_is_compared_as_a_whole_so_that_rounding_beside_large_ones_counts_as_0():
    p = Agrees("f", "t", lambda x: [0.0, 100.0], draw)
    assert failure(p, lambda x: (1e-12, np.float64(100.0))) is None
    assert failure(p, lambda x: [np.array(0.1), 100.0]).sentence == "the result of f[0] is 0.1, due is 0; 1 of 2 are wrong"
    assert failure(p, lambda x: [0.0]).sentence == "the result of f has shape (1,), due is (2,)"


def test_an_infinity_that_is_due_is_right_and_excuses_nothing_beside_it():
    p = Agrees("f", "t", lambda x: np.array([-np.inf, 1.0]), draw)
    assert failure(p, lambda x: np.array([-np.inf, 1.0])) is None
    assert failure(p, lambda x: np.array([-np.inf, 2.0])).sentence == "the result of f[1] is 2, due is 1; 1 of 2 are wrong"
    assert failure(p, lambda x: np.array([np.inf, 1.0])).sentence == "the result of f[0] is inf, due is -inf; 1 of 2 are wrong"


def test_a_law_is_asked_and_a_result_it_cannot_read_is_wrong():
    p = Law("f", "t", lambda y, x: None if y["a"] == 1 else "a is not 1", draw)
    assert failure(p, lambda x: {"a": 1}) is None
    assert failure(p, lambda x: {"a": 2}).sentence == "f: a is not 1"
    assert failure(p, lambda x: {}).sentence == "f: the result is of the wrong kind: {}"


def test_a_mistake_of_the_instructors_is_told_as_such():
    found = failure(Agrees("f", "t", lambda x: 1 / 0, draw), lambda x: x)
    assert found.sentence == "f cannot be checked here: ZeroDivisionError: division by zero" and found.codes == ("grader",)


def test_probes_call_the_function_whatever_it_does():
    seen = []

    def wrong(*arguments):
        seen.append([np.shape(a) for a in arguments])
        raise StudentError("no")

    for p in (Gradient("f", "t", lambda x: (x, x), draw), Agrees("f", "t", square, draw)):
        p.probe(wrong, RNG(0))
    assert seen == [[(2, s, 2), (s, 2)] for s in (2, 3, 4)] + [[(s, 2)] for s in (2, 3, 4)]
