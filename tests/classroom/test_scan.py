import pytest

from minigrad.classroom.scan import notes

ALLOWED = ("numpy", "math", "given")


@pytest.mark.parametrize(
    ("line", "note"),
    [
        ("import torch", "imports torch"),
        ("import numpy, minigrad.nn", "imports minigrad.nn"),
        ("from torch import nn", "imports from torch"),
        ("from . import ops", "imports from ."),
        ("A = np.core.os.sys", "reaches for .sys"),
        ("A = ().__class__", "reaches for .__class__"),
        ("np.testing.assert_allclose = None", "replaces np.testing.assert_allclose"),
    ],
)
def test_what_an_instructor_may_want_to_see_is_told_with_its_line(line, note):
    assert f"line 3 of ops.py {note}" in notes(f"import math\n\n{line}\n", "ops.py", ALLOWED)


def test_honest_code_gives_no_notes():
    source = "import math\nimport numpy as np\nimport given\n\ndef f(x):\n    x.flags.writeable = False\n    return np.linalg.norm(x)\n"
    assert notes(source, "ops.py", ALLOWED) == []


def test_a_broken_file_is_scanned_where_it_can_be():
    assert notes("def f(:\n    pass\n\nimport torch\n", "ops.py", ALLOWED) == ["line 4 of ops.py imports torch"]
