import pytest

from minigrad.classroom.assignment import Assignment

TOML = 'title = "Squares"\nfile = "ops.py"\nseconds = 1.0\n\n[variants]\nFACTOR = [2.0, 3.0, 5.0]\n'
GIVEN = '"""Given."""\n\nFACTOR = 1.0  # of scale\n\n\ndef square(x):\n    return x * x\n\n\ndef scale(x):\n    return FACTOR * x\n'
SOLUTION = '''"""Squares."""

import given


def square_backward(dy, x):
    """y = x²"""
    # BEGIN SOLUTION
    return 2.0 * dy * x + 0.0 * x
    # END SOLUTION


def scale_backward(dy, x):
    """y = given.FACTOR · x"""
    # BEGIN SOLUTION
    return given.FACTOR * dy * 1.0
    # END SOLUTION


def total(x):
    # BEGIN SOLUTION
    return sum(x.reshape(-1)) * 1.0
    # END SOLUTION
'''
PROPERTIES = '''from minigrad.classroom.draws import distinct, oblong
from minigrad.classroom.properties import Agrees, Gradient

from . import given


def draw(rng, size):
    return [distinct(rng, oblong(rng, size, 2))]


PROPERTIES = [
    Gradient("square_backward", "the slope", given.square, draw, points=2, examples=4),
    Gradient("square_backward", "float32", given.square, draw, points=1, hidden=True, examples=4, float32=True),
    Gradient("scale_backward", "the factor", given.scale, draw, points=2, examples=4),
    Agrees("total", "all elements", lambda x: x.sum(), draw, points=1, hidden=True, examples=4),
]
'''
WRONG = {
    "first": '"""total: the mean of the first row is taken."""\n\n\ndef total(x):\n    return x[0].mean()\n',
    "half": '"""square_backward: the factor 2 is missing."""\n\n\ndef square_backward(dy, x):\n    return dy * x\n',
    "shared": '"""square_backward: x is changed in place."""\n\n\ndef square_backward(dy, x):\n    x *= 2.0\n    return dy * x\n',
    "rows": '"""total: only the first row is summed."""\n\n\ndef total(x):\n    return x[0].sum()\n',
    "mean": '"""total: the mean is taken."""\n\n\ndef total(x):\n    return x.mean()\n',
    "sign": '"""scale_backward: the sign is wrong."""\n\nimport given\n\n\ndef scale_backward(dy, x):\n    return -given.FACTOR * dy\n',
}


@pytest.fixture(scope="session")
def assignment(tmp_path_factory):
    """A small assignment with everything that one may have."""
    folder = tmp_path_factory.mktemp("assignments") / "b1_squares"
    for name, text in {"assignment.toml": TOML, "given.py": GIVEN, "properties.py": PROPERTIES, "handout.md": "# Squares\n",
                       "solution/ops.py": SOLUTION, **{f"wrong/{k}.py": v for k, v in WRONG.items()}}.items():  # fmt: skip
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return Assignment(folder)
