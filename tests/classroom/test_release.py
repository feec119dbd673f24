import ast
import zipfile

import pytest

from minigrad.classroom.assignment import Assignment, every
from minigrad.classroom.release import leaks, release, solution_lines, strip, student_files
from minigrad.errors import ArgumentError, FileFormatError

SOURCE = "def f(x):\n    y = x\n    # BEGIN SOLUTION\n    return y + 1\n    # END SOLUTION\n"


def test_the_solution_gives_way_to_an_error_that_names_the_function():
    assert strip(SOURCE, "ops.py") == 'def f(x):\n    y = x\n    # your code here\n    raise NotImplementedError("f")\n'


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (SOURCE + "# END SOLUTION\n", "line 6: END SOLUTION without its other half"),
        (SOURCE.replace("    # END SOLUTION\n", ""), "line 3: BEGIN SOLUTION without its other half"),
        (SOURCE.replace("    return", "    # BEGIN SOLUTION\n    return"), "line 4: BEGIN SOLUTION without its other half"),
        ("# BEGIN SOLUTION\nA = 1\n# END SOLUTION\n", "line 1: a solution must stand in a function"),
        (SOURCE + "    return 3\n", "f goes on after END SOLUTION\nHint: end the function there"),
        ("def f(:\n    # BEGIN SOLUTION\n", "ops.py is no Python, line 1"),
        ("def f():\n    # BEGIN SOLUTION\n    if 1:\n        # END SOLUTION\n        pass\n", "without the solution it is no Python"),
    ],
)
def test_markers_that_do_not_pair_are_refused(source, said):
    with pytest.raises(FileFormatError, match=said):
        strip(source, "ops.py")


@pytest.mark.parametrize("a", every(), ids=lambda a: a.name)
def test_no_line_of_any_solution_is_handed_out(a):
    texts = student_files(a)
    assert leaks(a, texts) == [] and len(solution_lines(a.solution)) >= 8
    for name in (n for n in texts if n.endswith(".py")):
        ast.parse(texts[name])


def test_a_line_of_the_solution_in_another_file_is_found(assignment, tmp_path):
    folder = tmp_path / "copy"
    (folder / "solution").mkdir(parents=True)
    for name in ("assignment.toml", "solution/ops.py"):
        (folder / name).write_text((assignment.folder / name).read_text())
    (folder / "handout.md").write_text("Try `return 2.0*dy *x + 0.0*x`.\n")
    with pytest.raises(FileFormatError, match=r"the solution shows in what is handed out\n  handout\.md, line 1: Try"):
        student_files(Assignment(folder))


def test_a_folder_is_written_whole_and_never_over_another(assignment, tmp_path):
    target = release(assignment, tmp_path / "out")
    assert sorted(p.name for p in target.iterdir()) == ["given.py", "handout.md", "ops.py"]
    assert 'raise NotImplementedError("square_backward")' in (target / "ops.py").read_text()
    with pytest.raises(ArgumentError, match="out exists\nHint: choose a new name"):
        release(assignment, target)


def test_a_zip_holds_the_same(assignment, tmp_path):
    with zipfile.ZipFile(release(assignment, tmp_path / "squares.zip")) as archive:
        assert sorted(archive.namelist()) == ["squares/given.py", "squares/handout.md", "squares/ops.py"]
        assert leaks(assignment, {n: archive.read(n).decode() for n in archive.namelist()}) == []


def test_a_variant_is_written_into_what_is_given(assignment):
    assert "FACTOR = 5.0  # of scale" in student_files(assignment.variant({"FACTOR": 5.0}))["given.py"]
