import ast
from pathlib import Path

import pytest

from minigrad.classroom.cheats import BODIES, source
from minigrad.classroom.selftest import selftest

QUICK = ["ends the process", "writes 2 stray bytes and waits", "returns equal to everything", "calls minigrad"]


@pytest.mark.parametrize("name", BODIES)
def test_every_cheat_is_a_function(name):
    tree = ast.parse(source(name, "relu_backward", Path("solution.py"), Path("results.json")))
    assert isinstance(tree.body[-1], ast.FunctionDef) and tree.body[-1].name == "relu_backward"


@pytest.mark.parametrize("name", QUICK)
def test_a_cheat_gets_nothing_and_leaves_the_others_theirs(assignment, name):
    (verdict,) = [v for v in selftest(assignment, mistakes=[], tricks=[name]) if name in v.what]
    assert verdict.passed, verdict


def test_no_cheat_writes_a_file(assignment, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    verdicts = list(selftest(assignment, mistakes=[], tricks=["overwrites the results"]))
    assert all(v.passed for v in verdicts) and list(tmp_path.iterdir()) == []
