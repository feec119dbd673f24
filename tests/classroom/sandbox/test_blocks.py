import pytest

from minigrad.classroom.sandbox.blocks import BrokenPiece, execute, pieces

BROKEN = '''import math

def first(x):
    return x + 1

def second(x)
    return x

@staticmethod
def third(
    x,
):
    return (x

LIST = [
    1,
]

def fourth(x):
    return math.sqrt(x) + LIST[0]
'''


def run(source):
    scope = {}
    return scope, execute(source, "ops.py", scope)


def test_a_file_that_is_python_is_executed_as_it_is():
    scope, problems = run("A = 1\n\ndef f(x):\n    return x + A\n")
    assert scope["f"](2) == 3 and problems == []


def test_a_syntax_error_costs_its_own_function_only():
    scope, problems = run(BROKEN)
    assert scope["first"](1) == 2 and scope["fourth"](4) == 3.0
    assert len(problems) == 2 and problems[0].startswith("line 6 of ops.py is not Python: ")


@pytest.mark.parametrize("name", ["second", "third"])
def test_a_broken_function_says_so_when_it_is_called(name):
    with pytest.raises(BrokenPiece, match=r"of ops\.py is not Python"):
        run(BROKEN)[0][name](1)


def test_a_statement_that_raises_leaves_the_others():
    scope, problems = run("A = 1 / 0\n\ndef f():\n    return 2\n\nraise SystemExit(3)\n")
    assert scope["f"]() == 2
    assert problems == ["line 1 of ops.py raises ZeroDivisionError: division by zero", "line 6 of ops.py raises SystemExit: 3"]


def test_a_decorator_that_raises_costs_its_function():
    scope, problems = run("@missing\ndef f():\n    return 2\n")
    assert len(problems) == 1
    with pytest.raises(BrokenPiece, match="NameError"):
        scope["f"]()


def test_an_error_that_cannot_be_shown_is_told_nevertheless():
    source = "class Silent(Exception):\n    def __str__(self):\n        raise ValueError\n\nraise Silent\n"
    assert run(source)[1] == ["line 5 of ops.py raises Silent: (no message)"]


def test_line_numbers_are_those_of_the_file():
    scope, _ = run(BROKEN)
    with pytest.raises(TypeError) as caught:
        scope["fourth"]("a")
    assert caught.traceback[-1].lineno + 1 == 20


def test_else_and_closing_brackets_belong_to_the_statement_above():
    broken = "if False:\n    A = 1\nelse:\n    A = 2\nB = [\n    1\n]\ndef f(:\n    pass\n"
    scope, problems = run(broken)
    assert scope["A"] == 2 and scope["B"] == [1] and len(problems) == 1


@pytest.mark.parametrize("source", ["", "\x00\x00", "\ufeffA = 1\n", "\t\n  x\n", "(" * 10_000, "é = 'ß'\r\nB = é\r\n"])
def test_anything_can_be_a_file(source):
    assert isinstance(run(source)[1], list)


def test_pieces_know_what_they_define():
    assert [piece.defines for piece in pieces(BROKEN, "ops.py")] == ["", "first", "second", "third", "", "fourth"]
