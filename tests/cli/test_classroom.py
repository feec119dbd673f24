import json

import pytest

from minigrad.classroom.assignment import find
from minigrad.classroom.grade import variant_of
from minigrad.cli import main


@pytest.fixture
def handed(tmp_path, monkeypatch):
    """A folder with a student's work on the first assignment, right but for one function."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret").write_text("long and random\n")
    assert main(["classroom", "release", "a1", "alice"]) == 0
    source = find("a1").solution.replace("dy.T @ x, dy.sum(0)", "dy.T @ x, dy.mean(0)")
    (tmp_path / "alice" / "ops.py").write_text(source, encoding="utf-8")
    return tmp_path


def test_release_writes_a_folder_that_gets_no_points(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["classroom", "release", "a1", "new"]) == 0
    assert main(["classroom", "check", "a1", "new", "-k", "relu"]) == 1
    told = capsys.readouterr().out
    assert "wrote new" in told and "relu_backward is not written yet in line 16 of ops.py" in told
    assert "0 of 2 public checks hold" in told


def test_release_to_a_student_writes_their_variant(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MINIGRAD_CLASSROOM_SECRET", "s")
    assert main(["classroom", "release", "a1", "ann", "--student", "ann"]) == 0
    slope = variant_of(find("a1"), b"s", "ann")["SLOPE"]
    assert f"SLOPE = {slope!r}" in (tmp_path / "ann" / "given.py").read_text()


def test_check_tells_what_is_right_and_shows_what_is_wrong(handed, capsys):
    path = handed / "alice" / "ops.py"
    path.write_text(path.read_text().replace("    return dy @ weight", '    print("shapes", dy.shape)\n    return dy @ weight'))
    assert main(["classroom", "check", "a1", "alice", "-k", "linear"]) == 1
    told = capsys.readouterr().out
    assert "WRONG  linear_backward: all three" in told and "import ops" in told and "printed: shapes (" in told
    assert "A known mistake: the gradient of the bias is averaged" in told
    assert main(["classroom", "check", "a1", "alice", "-k", "mean"]) == 0
    assert "1 of 1 public checks hold" in capsys.readouterr().out


def test_check_uses_the_variant_in_the_students_folder(handed):
    given = handed / "alice" / "given.py"
    given.write_text(given.read_text().replace("SLOPE = 0.01", "SLOPE = 0.2"))
    path = handed / "alice" / "ops.py"
    path.write_text(path.read_text().replace("given.SLOPE", "0.2"))
    assert main(["classroom", "check", "a1", "alice", "-k", "leaky"]) == 0


def test_grade_writes_all_it_is_asked_for(handed, capsys):
    options = ["--secret-file", "secret", "--results", "results.json", "--json", "g.json", "--junit", "g.xml"]
    assert main(["classroom", "grade", "a1", "alice", *options, "--class-report", "class.md", "--github"]) == 0
    told = capsys.readouterr().out
    assert "alice: 23 of 26 points" in told and "::error file=alice/ops.py,line=" in told
    assert json.loads((handed / "results.json").read_text())["score"] == 23.0
    assert json.loads((handed / "g.json").read_text())[0]["mistakes"] == {"linear_backward": "linear_bias_averaged"}
    assert (handed / "g.xml").read_text().startswith("<?xml") and "averaged" in (handed / "class.md").read_text()


def test_a_submission_that_is_not_there_gets_nothing_and_the_others_theirs(handed, capsys):
    assert main(["classroom", "grade", "a1", "nobody", "--secret-file", "secret", "--json", "g.json"]) == 0
    assert "nobody: 0 of 26 points" in capsys.readouterr().out
    assert json.loads((handed / "g.json").read_text())[0]["problems"] == ["classroom: nobody holds no ops.py"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("grade a1 alice", "there is no secret, so everybody could foretell the inputs\nHint: pass --secret-file"),
        ("grade a1 alice bob --results r.json --secret-file secret", "--results and --id are for one submission\nHint: use --json"),
        ("check a9", "there is no assignment 'a9'"),
        ("check a1 nowhere", "nowhere holds no ops.py"),
    ],
)
def test_mistakes_on_the_command_line_are_explained(handed, capsys, line, said):
    assert main(["classroom", *line.split()]) == 1
    assert f"minigrad classroom: classroom: {said}" in capsys.readouterr().err


def test_results_are_pessimistic_until_the_end(handed):
    assert main(["classroom", "grade", "a1", "alice", "--results", "r.json"]) == 1
    assert json.loads((handed / "r.json").read_text())["score"] == 0.0


def test_selftest_of_a_folder_without_assignments_fails(tmp_path, capsys):
    assert main(["classroom", "--assignments", str(tmp_path), "selftest"]) == 1
    assert "0 assignments, 0 failures" in capsys.readouterr().out


@pytest.mark.slow
def test_selftest_is_green(capsys):
    assert main(["classroom", "selftest", "--quick"]) == 0, capsys.readouterr().out
