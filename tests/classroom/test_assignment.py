import pytest

from minigrad.classroom.assignment import Assignment, every, find, functions, replaced, with_constants
from minigrad.errors import ArgumentError, FileFormatError

EVERY = every()


def test_the_course_has_six_assignments():
    assert [a.name[:2] for a in EVERY] == ["a1", "a2", "a3", "a4", "a5", "a6"]


@pytest.mark.parametrize("a", EVERY, ids=lambda a: a.name)
def test_every_assignment_is_whole(a):
    asked = {p.function for p in a.properties()}
    assert a.title and asked <= set(functions(a.solution))
    assert (a.folder / "handout.md").exists() and (a.folder / "train.py").exists()
    assert any(p.hidden for p in a.properties()) and any(not p.hidden for p in a.properties())


@pytest.mark.parametrize("a", EVERY, ids=lambda a: a.name)
def test_every_assignment_knows_five_mistakes_of_functions_it_asks_for(a):
    asked = {p.function for p in a.properties()}
    assert len(a.mistakes) >= 5 and {m.function for m in a.mistakes} <= asked
    assert all(m.sentence.endswith(".") for m in a.mistakes)


@pytest.mark.parametrize("a", EVERY, ids=lambda a: a.name)
def test_the_handout_tells_every_function_and_its_points(a):
    handout = (a.folder / "handout.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in handout.splitlines() if line.startswith("| `")]
    told = sum(float(row[2]) for row in rows)
    assert told == sum(p.points for p in a.properties())
    assert all(f"`{p.function}`" in handout for p in a.properties())


def test_an_assignment_is_found_by_how_its_name_begins(assignment):
    assert find("b1", assignment.folder.parent) == assignment == find(str(assignment.folder))
    assert find("a1").name == "a1_backward_rules"


def test_an_unknown_assignment_is_told_with_those_there_are(assignment):
    with pytest.raises(ArgumentError, match=r"no assignment 'c9' in .*; there are b1_squares\nHint: --assignments names"):
        find("c9", assignment.folder.parent)


def test_constants_take_the_place_of_those_given(assignment):
    other = assignment.variant({"FACTOR": 3.0})
    assert "FACTOR = 3.0  # of scale" in other.given["given.py"]
    assert other.properties()[2].truth(2.0) == 6.0 and assignment.properties()[2].truth(2.0) == 2.0


def test_a_constant_that_is_not_there_is_told():
    with pytest.raises(FileFormatError, match="B is a variant, and there is no line B = "):
        with_constants("A = 1\n", {"B": 2})


def test_mistakes_are_put_into_the_solution(assignment):
    half = next(m for m in assignment.mistakes if m.name == "half")
    assert (half.function, half.sentence) == ("square_backward", "the factor 2 is missing.")
    assert "return dy * x\n" in assignment.with_mistake(half) and "given.FACTOR * dy" in assignment.with_mistake(half)


def test_what_a_replaced_function_stands_on_comes_along():
    found = replaced("def f():\n    return 1\n\n\ndef g():\n    return 2\n", "f", '"""f: no."""\n\nimport math\n\n\ndef f():\n    return math.pi\n')
    assert found == "import math\n\n\ndef f():\n    return math.pi\n\n\ndef g():\n    return 2\n"


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("assignment.toml", "title = ", "assignment.toml: "),
        ("assignment.toml", 'title = "A"\n', "file is missing, or no string"),
        ("properties.py", "PROPERTIES = [1]\n", "PROPERTIES in properties.py must be a list of properties"),
        ("wrong/a.py", "def f():\n    pass\n", 'it must open with a docstring "function: mistake" and define that function'),
    ],
)
def test_a_damaged_assignment_is_explained(tmp_path, file, text, said):
    folder = tmp_path / "c1"
    (folder / "wrong").mkdir(parents=True)
    (folder / "assignment.toml").write_text('title = "C"\nfile = "ops.py"\n')
    (folder / file).write_text(text)
    with pytest.raises(FileFormatError, match=said):
        a = Assignment(folder)
        a.settings, a.mistakes, a.properties()


def test_a_solution_that_is_not_here_is_told(tmp_path):
    (tmp_path / "assignment.toml").write_text('title = "C"\nfile = "ops.py"\n')
    with pytest.raises(ArgumentError, match="there is no solution here\nHint: it stays with the instructor"):
        print(Assignment(tmp_path).solution)
