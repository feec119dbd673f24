"""A run of any recipe: its files, its figures, and that a run which was broken off and resumed is the unbroken one."""

from __future__ import annotations

import json
import re

import pytest
from rich.console import Console

from minigrad.errors import StateError
from minigrad.io import load, save
from minigrad.recipes import RECIPES, GPTRecipe, Run

TIMES = {"seconds", "cpu_seconds"}
# batches: in the middle of an epoch, at the end of one, in a later stage
BREAKS = {"gpt": (2, 3), "speakers": (4,), "names": (7,), "seq2seq": (6,), "bert": (4, 18, 19, 21)}


def untimed(metrics):
    return {name: value for name, value in metrics.items() if name not in TIMES}


@pytest.mark.parametrize("name", RECIPES)
def test_metrics_are_complete_and_lie_in_the_folder(name, finished):
    out, metrics = finished(name)
    assert json.loads((out / "metrics.json").read_text()) == metrics
    assert metrics["recipe"] == name and set(RECIPES[name]().described()) <= set(metrics)
    assert metrics["seconds"] > 0 and metrics["cpu_seconds"] > 0


@pytest.mark.parametrize("name", RECIPES)
def test_the_model_is_stored_with_the_recipe_that_builds_it(name, finished):
    out, metrics = finished(name)
    stored = load(out / "model.safetensors")
    assert all(metrics[key] == value for key, value in stored["recipe"].items()) and stored["model"]


@pytest.mark.parametrize(("name", "at"), [(name, at) for name, places in BREAKS.items() for at in places])
def test_a_resumed_run_is_the_uninterrupted_one(name, at, run_toy, press_ctrl_c_after, tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    expected = run_toy(name, whole)
    with press_ctrl_c_after(at), pytest.raises(KeyboardInterrupt):
        run_toy(name, broken)
    assert not (broken / "metrics.json").exists()
    assert untimed(run_toy(name, broken, broken)) == untimed(expected)
    assert sorted(path.name for path in broken.iterdir()) == sorted(path.name for path in whole.iterdir())
    for path in whole.iterdir():
        if path.name != "metrics.json":
            assert path.read_bytes() == (broken / path.name).read_bytes(), path.name


def test_stages_that_were_completed_are_not_trained_again(run_toy, press_ctrl_c_after, tmp_path, capsys):
    with press_ctrl_c_after(21), pytest.raises(KeyboardInterrupt):
        run_toy("bert", tmp_path)
    capsys.readouterr()
    run_toy("bert", tmp_path, tmp_path)
    trained = re.findall(r"^(\S[a-z ]+\d?): .* parameters|^epoch (\d)", capsys.readouterr().out, re.MULTILINE)
    anew = [("", "1"), ("", "2")]
    assert trained == [("bert", ""), ("pretrained", ""), ("from scratch", ""), *anew,
                       ("pretrained 2", ""), *anew, ("from scratch 2", ""), *anew]  # fmt: skip


def test_a_run_that_is_broken_off_says_how_to_go_on(run_toy, press_ctrl_c_after, tmp_path, capsys):
    with press_ctrl_c_after(2), pytest.raises(KeyboardInterrupt):
        run_toy("gpt", tmp_path / "a folder")
    said = re.search("interrupted; go on with  (.*)", capsys.readouterr().out)
    assert said[1] == f"minigrad train --resume '{tmp_path / 'a folder'}'"


def test_a_seed_gives_the_same_figures_and_another_seed_others(run_toy, tmp_path):
    one, two = (untimed(run_toy("names", tmp_path / each)) for each in ("one", "two"))
    three = untimed(run_toy("names", tmp_path / "three", seed=1))
    assert one == two and one["validation_loss"] != three["validation_loss"]


def test_every_file_is_listed(run_toy, tmp_path, capsys):
    run_toy("gpt", tmp_path)
    listed = re.findall(r"^  (/.*)$", capsys.readouterr().out, re.MULTILINE)
    assert listed == sorted(str(path) for path in tmp_path.iterdir())


def test_a_checkpoint_of_another_shape_says_what_differs(run_toy, tmp_path):
    run_toy("gpt", tmp_path)
    with pytest.raises(StateError) as error:
        run_toy("gpt", tmp_path / "new", tmp_path, width=4, layers=1)
    assert "the state does not fit GPT" in str(error.value) and "wte.weight: (" in str(error.value)
    assert "unexpected keys: h.1." in str(error.value) and not (tmp_path / "new").exists()


def test_a_checkpoint_without_an_optimizer_is_refused(run_toy, tmp_path):
    (tmp_path / "old").mkdir()
    save({"run": GPTRecipe().described()}, tmp_path / "old" / "checkpoint.safetensors")
    with pytest.raises(StateError, match="the checkpoint has no loader, model, optimizer"):
        run_toy("gpt", tmp_path / "new", tmp_path / "old")


def test_the_figures_are_said_in_a_line(tmp_path):
    console = Console(record=True, width=200)
    Run(GPTRecipe(), tmp_path, console=console).finish({"validation_loss": 1.5, "sample": ["a"]})
    assert "validation loss 1.5; 0.0 s, 0.0 s of CPU; written to" in console.export_text()
