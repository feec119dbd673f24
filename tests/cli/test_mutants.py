"""`minigrad mutants` names the mistakes that tests cannot see."""

import json
from importlib import import_module

import pytest

from minigrad.cli import main, mutants
from minigrad.testing.mutants import load
from minigrad.testing.mutants.run import Result

run_module = import_module("minigrad.testing.mutants.run")
page_module = import_module("minigrad.testing.mutants.page")


@pytest.fixture
def asked(monkeypatch):
    """Let everything survive whose name contains "mean", and note what was asked for."""
    calls = []

    def run(found, source, files, jobs, limit, told):
        calls.append(([m.name for m in found], source, list(files), jobs, limit))
        return [Result(m, "survived" if "mean" in m.name else "killed", 0.5, "a.py::b") for m in found]

    monkeypatch.setattr(run_module, "run", run)
    monkeypatch.setattr(run_module, "reached", lambda files, source, limit: [m for m in load(source) if m.family == "softmax"])
    return calls


def test_mutants_are_listed_with_their_specimens(capsys):
    assert main(["mutants", "--list", "--only", "softmax-*"]) == 0
    out = capsys.readouterr().out
    assert "softmax-no-sum" in out and "SmallPebble" in out and "conv-flipped" not in out


def test_the_list_is_json_if_asked(capsys):
    main(["mutants", "--list", "--json", "--only", "softmax-mean"])
    (entry,) = json.loads(capsys.readouterr().out)["zoo"]
    assert (entry["kind"], entry["where"]) == ("rule", "minigrad.ops.softmax:softmax") and entry["law"]


def test_the_suite_runs_every_mutant_and_survivors_are_told(asked, capsys):
    assert main(["mutants", "--suite", "--only", "softmax", "-j", "1", "--timeout", "5"]) == 0
    ((names, source, files, jobs, limit),) = asked
    assert "softmax-mean" in names and (source, files, jobs, limit) == ("zoo", [], 1, 5.0)
    out = capsys.readouterr().out
    assert f"{100 * (len(names) - 1) / len(names):.1f} % of {len(names)} mutants in zoo are killed" in out
    assert "survived:\n  softmax-mean  in minigrad.ops.softmax:softmax\n    (dy * y).sum(axis, keepdim=True)  ->" in out
    assert "    seen  " in out and "    law   " in out


def test_a_file_runs_the_mutants_of_the_functions_that_it_calls(asked):
    main(["mutants", "--file", "tests/a.py", "tests/b.py", "-j", "2"])
    ((names, _, files, _, _),) = asked
    assert set(names) == {m.name for m in load() if m.family == "softmax"} and files == ["tests/a.py", "tests/b.py"]


def test_a_file_runs_the_mutants_that_are_named(asked):
    main(["mutants", "--file", "tests/a.py", "--only", "conv-flipped"])
    assert asked[0][0] == ["conv-flipped"]


def test_a_file_that_calls_nothing_of_interest_is_told_so(asked, monkeypatch, capsys):
    monkeypatch.setattr(run_module, "reached", lambda *_: [])
    assert main(["mutants", "--file", "tests/a.py"]) == 1
    assert "tests/a.py calls no function that has a mutant in zoo\nHint: --list" in capsys.readouterr().err


def test_results_are_json_if_asked(asked, capsys):
    main(["mutants", "--suite", "--only", "softmax-m*", "--json"])
    (entry,) = json.loads(capsys.readouterr().out)["zoo"]
    assert (entry["name"], entry["verdict"], entry["by"], entry["seconds"]) == ("softmax-mean", "survived", "a.py::b", 0.5)


def test_a_score_that_is_too_low_is_the_exit_status(asked):
    arguments = ["mutants", "--suite", "--only", "softmax", "--fail-under"]
    assert main([*arguments, "99"]) == 1 and main([*arguments, "50"]) == 0


def test_several_sets_are_reported_apart(asked, tmp_path, capsys):
    path = tmp_path / "held_out.py"
    path.write_text("from minigrad.testing.mutants import load\nMUTANTS = load()[:3]\n")
    main(["mutants", "--suite", "--set", "zoo", "--set", str(path)])
    assert [source for _, source, _, _, _ in asked] == ["zoo", str(path)]
    out = capsys.readouterr().out
    assert "mutants in zoo are killed" in out and f"of 3 mutants in {path} are killed" in out


def test_mutants_that_hang_or_cannot_be_run_are_named():
    (m,) = [m for m in load() if m.name == "conv-flipped"]
    text = mutants.report("zoo", [Result(m, "timeout", 1.0), Result(m, "invalid", 1.0)])
    assert "timeout:\n  conv-flipped" in text and "invalid:\n  conv-flipped" in text


def test_the_table_is_written_where_it_belongs(monkeypatch, capsys):
    written = []
    monkeypatch.setattr(page_module, "write", lambda path, *found: written.append((path, *map(len, found))) or path)
    assert main(["mutants", "--table"]) == 0
    held_out = load("minigrad.testing.mutants.held_out")
    assert written == [("tutorials/zoo/README.md", len(load()), len(held_out))]
    assert "wrote tutorials/zoo/README.md" in capsys.readouterr().out


def test_a_pattern_that_nothing_matches_is_an_error(capsys):
    assert main(["mutants", "--list", "--only", "nothing"]) == 1
    assert "no name or family matches 'nothing'" in capsys.readouterr().err
