import numpy as np

from minigrad.classroom.feedback import example, table
from minigrad.testing import gradcheck, numpy_pair


def test_arguments_are_written_as_code():
    code = table("ops.py", "f", [np.array([1.0, 2.0]), np.float32([3]), 2, None, np.zeros((0, 2)), (np.array([True]),), np.zeros(500)])
    assert code.splitlines()[1:] == [
        "import numpy as np",
        "import ops",
        "x0 = np.array([1.0, 2.0])",
        "x1 = np.array([3.0], np.float32)",
        "x2 = 2",
        "x3 = None",
        "x4 = np.zeros((0, 2))",
        "x5 = (np.array([True]),)",
        "x6 = ...  # an array of shape (500,), too large to write out",
        "print(ops.f(x0, x1, x2, x3, x4, x5, x6))",
    ]


def test_the_cotangent_is_the_one_that_was_checked_with():
    seen = []

    def backward(dy, x):
        seen.append(dy.tolist())
        return dy

    def cube(x):
        return x**3

    report = gradcheck(numpy_pair(cube, backward, cache=False), np.array([1.5, -1.0]), seed=7, raise_exception=False)
    code = example("ops.py", "cube_backward", report, cube, 7)
    assert f"dy = np.array({seen[0]})" in code and "x = np.array([1.5, -1.0])" in code


def test_several_outputs_give_a_tuple_of_cotangents():
    def both(a):
        return a, 2 * a

    report = gradcheck(numpy_pair(both, lambda dys, a: dys[0], cache=False), np.array([1.5]), seed=1, raise_exception=False)
    assert "dy = (np.array([" in example("ops.py", "f", report, both, 1)
