"""A run measures the workloads asked for, and writes what it found."""

import json

import pytest

from minigrad.bench import run
from minigrad.bench.workload import Workload, tensor


@pytest.fixture
def quick(monkeypatch):
    """Two workloads that take no time, and no rival."""
    works = [Workload("add", lambda lib: lambda: tensor(lib, 2) + 1, 0.5, flops=2.0), Workload("other", lambda lib: lambda: lib.ones(1))]
    monkeypatch.setattr(run, "WORKLOADS", {"cpu": works, "cuda": works})
    monkeypatch.setattr(run, "rivals", lambda against: {})


def test_workloads_are_chosen_by_pattern_or_part():
    names = [w.name for w in run.chosen("conv 3×3*forward")]
    assert names and all(name.startswith("conv 3×3") and name.endswith("forward") for name in names)
    assert run.chosen("LSTM language") and not run.chosen("nothing of this name")
    for device, workloads in run.WORKLOADS.items():
        assert len({w.name for w in workloads}) == len(workloads) and run.chosen("*", device) == workloads


def test_the_figures_are_printed_and_written(quick, tmp_path, capsys):
    assert run.main(["--only", "add", "--seconds", "0", "--json", str(tmp_path / "figures.json")]) == 0
    found = json.loads((tmp_path / "figures.json").read_text())
    assert [row["name"] for row in found["rows"]] == ["add"] and found["rows"][0]["times"]["minigrad"] > 0
    assert found["machine"]["threads"] == 1 and "startup_s" not in found
    assert capsys.readouterr().out.splitlines()[-1].startswith("add ")


def test_startup_is_measured_on_request(quick, monkeypatch, capsys):
    monkeypatch.setattr(run, "startup", lambda names: {"import minigrad": 0.5})
    monkeypatch.setattr(run, "footprint", lambda names: {"minigrad": 7.0})
    assert run.main(["--only", "startup", "--seconds", "0"]) == 0
    assert "0.50 s" in capsys.readouterr().out


def test_rivals_are_those_installed(monkeypatch):
    monkeypatch.setattr(run, "find_spec", lambda name: None)
    assert run.rivals(None) == {}
