import sys

import numpy as np
import pytest

from minigrad.classroom.sandbox.serve import Printed, answer, load


@pytest.fixture(autouse=True)
def forget():
    yield
    for name in ("helper", "ops"):
        sys.modules.pop(name, None)


def scope_of(source):
    return load({"ops.py": source})[0]["ops.py"]


def ask(source, name, *arguments):
    return answer(scope_of(source), "ops.py", name, arguments)


def test_a_result_comes_back():
    assert ask("def f(x):\n    return x + 1\n", "f", 2)["result"] == 3


def test_later_files_may_import_earlier_ones():
    scopes, problems = load({"helper.py": "def g(x):\n    return 2 * x\n", "ops.py": "import helper\ndef f(x):\n    return helper.g(x)\n"})
    assert problems == [] and answer(scopes["ops.py"], "ops.py", "f", (3,))["result"] == 6


def test_changes_of_arguments_are_told():
    reply = ask("def f(x, y):\n    x[0] = 5\n    return y\n", "f", np.zeros(2), np.ones(2))
    assert [[i, a.tolist()] for i, a in reply["changed"]] == [[0, [5.0, 0.0]]]


def test_shared_memory_is_told():
    reply = ask("def f(x):\n    y = x + 1\n    return x, y, y\n", "f", np.zeros(2))
    assert reply["shared"] == [[0, "argument", 0], [2, "result", 1]]


@pytest.mark.parametrize(
    ("body", "sentence", "code"),
    [
        ("raise NotImplementedError('f')", "is not written yet in line 2 of ops.py", "unwritten"),
        ("return f(x)", "calls itself without end in line 2 of ops.py", "recursion"),
        ("return x['a']", "raises TypeError in line 2 of ops.py: 'int' object is not subscriptable", "raises"),
        ("raise SystemExit", "raises SystemExit in line 2 of ops.py", "raises"),
        ("raise KeyboardInterrupt", "raises KeyboardInterrupt in line 2 of ops.py", "raises"),
        ("raise MemoryError", "asks for more memory than there is in line 2 of ops.py", "memory"),
        ("import torch; return torch.ones(3)", "goes out of bounds: torch.ones is out of bounds here: write it yourself, with NumPy", "out-of-bounds"),
        ("raise ValueError('two\\nlines')", "raises ValueError in line 2 of ops.py: two lines", "raises"),
    ],
)
def test_whatever_a_function_does_is_one_sentence(body, sentence, code):
    assert ask(f"def f(x):\n    {body}\n", "f", 1) == {"error": sentence, "code": code}


@pytest.mark.parametrize("source", ["", "f = 3\n", "class f:\n    pass\n"])
def test_a_missing_function_is_told(source):
    assert ask(source, "f") == {"error": "is not defined in ops.py", "code": "undefined"}


def test_a_broken_function_is_told():
    assert ask("def f(x)\n    return x\n", "f", 1)["error"].startswith("cannot run: line 1 of ops.py is not Python")


def test_of_a_million_prints_the_beginning_is_kept():
    printed = Printed()
    for _ in range(1000):
        printed.write("abcdefghij")
    assert len(printed.kept) == 2000 and printed.length == 10_000
