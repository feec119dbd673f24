"""`pytest --gradcheck my_ops.py`: an item per check, the verdict as its failure."""

import re

import pytest

from tests.pytest_runs import run_pytest, write

MIXED = """
    import numpy as np
    import minigrad
    from minigrad import nn
    from minigrad.autograd import record
    from minigrad.testing import A, gradchecked, op_test

    @gradchecked(A(2, 3), order=2)
    def right(x):
        return x.tanh()

    @gradchecked(A(3))
    def wrong(x):
        return record("wrong", x.array**2, (x, lambda dy, _: dy * x))

    @gradchecked(A(3))
    def breaks(x):
        raise KeyError("no such thing")

    @gradchecked(A(4, 3))
    class Layer(nn.Linear):
        def __init__(self):
            super().__init__(3, 2)

    class Unmarked(nn.Module):
        pass

    @op_test(np.square, A(2))
    def test_square():
        return minigrad.square
"""


@pytest.fixture
def shown(tmp_path):
    write(tmp_path, "my_ops.py", MIXED)
    code, text = run_pytest(tmp_path, "-v", "--gradcheck", "my_ops.py")
    assert code == 1
    return text


def test_every_check_is_an_item_with_its_verdict(shown):
    for line in (
        "my_ops.py::right PASSED", "my_ops.py::wrong FAILED", "my_ops.py::breaks FAILED", "my_ops.py::Layer PASSED",
        "my_ops.py::Unmarked SKIPPED", "my_ops.py::test_square[values_agree_with_the_reference] PASSED",
    ):  # fmt: skip
        assert line in shown, shown
    assert "say with @gradchecked(A(2, 3)) what it is called on" in re.sub(r"\s+", " ", shown)
    verdict = shown.split("gradcheck of wrong")[1].split("gradcheck of breaks")[0]
    assert "backward" in verdict and "Traceback" not in verdict and "marks.py" not in verdict
    assert "KeyError: 'no such thing'" in shown.split("gradcheck of breaks")[1]


@pytest.mark.parametrize(("target", "source", "told"), [
    ("empty.py", "x = 1\n", "--gradcheck: empty.py has nothing to check"),
    ("absent", "", "--gradcheck: cannot import absent: ModuleNotFoundError: No module named 'absent'"),
    ("broken.py", "1 / 0\n", "--gradcheck: cannot import broken.py: ZeroDivisionError"),
], ids=["empty", "absent", "broken"])  # fmt: skip
def test_a_module_without_checks_or_that_cannot_be_imported_is_refused(tmp_path, target, source, told):
    write(tmp_path, target, source)
    code, text = run_pytest(tmp_path, "--gradcheck", target)
    assert code not in (0, 5) and told in text, text
