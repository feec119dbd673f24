"""`minigrad train RECIPE`: the options reach the recipe, --resume finds the right one, and mistakes are explained."""

from __future__ import annotations

import json
import re

import pytest

from minigrad.cli import main
from minigrad.cli.classifier import Recipe
from minigrad.io import load, save
from minigrad.recipes import RECIPES, SpeakersRecipe, speakers
from minigrad.recipes import run as runs

TOY = ["--epochs", "1", "--width", "4", "--batch-size", "90"]


def blank(_, path, *rest):
    path.write_text("")
    return path


@pytest.fixture(name="toy", autouse=True)
def toy_fixture(monkeypatch):
    """Draw nothing."""
    for module, name in ((runs, "plot_curves"), (speakers, "plot_confusion")):
        monkeypatch.setattr(module, name, blank)


def test_options_before_and_after_the_name_reach_the_recipe(tmp_path):
    out = tmp_path / "run"
    assert main(["train", "--seed", "5", "--out", str(out), "speakers", *TOY, "--model", "lstm"]) == 0
    metrics = json.loads((out / "metrics.json").read_text())
    expected = SpeakersRecipe(epochs=1, width=4, batch_size=90, seed=5, model="lstm").described()
    assert {name: metrics[name] for name in expected} == expected


def test_without_out_the_folder_is_named_by_the_recipe(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["train", "speakers", *TOY]) == 0
    (folder,) = (tmp_path / "runs").iterdir()
    assert re.fullmatch(r"speakers-\d{8}-\d{6}", folder.name)


@pytest.fixture(name="begun")
def begun_fixture(tmp_path):
    """Return the folder of a finished run."""
    assert main(["train", "speakers", *TOY, "--out", str(tmp_path / "run")]) == 0
    return tmp_path / "run"


@pytest.mark.parametrize("named", [[], ["speakers"]])
def test_a_run_is_resumed_with_and_without_its_recipe_s_name(named, begun):
    before = load(begun / "model.safetensors")["model"]["head.weight"].tolist()
    (begun / "metrics.json").unlink()
    assert main(["train", *named, "--resume", str(begun)]) == 0
    assert load(begun / "model.safetensors")["model"]["head.weight"].tolist() == before
    assert (begun / "metrics.json").exists()


def test_a_run_is_resumed_into_another_folder(begun, tmp_path):
    assert main(["train", "speakers", "--resume", str(begun), "--out", str(tmp_path / "new")]) == 0
    assert sorted(p.name for p in begun.iterdir()) == sorted(p.name for p in (tmp_path / "new").iterdir())


def test_all_options_that_contradict_the_run_are_listed(begun, capsys):
    assert main(["train", "speakers", "--resume", str(begun), "--width", "8", "--epochs", "1", "--lr", "0.5"]) == 1
    error = capsys.readouterr().err
    assert "--resume: the run was begun with " in error and "width 4, not 8" in error and "lr 0.005, not 0.5" in error
    assert "epochs" not in error and "Hint: leave the option out" in error


@pytest.mark.parametrize(("named", "run"), [("names", None), ("digits", None), ("names", Recipe())])
def test_the_folder_of_another_recipe_is_refused(named, run, begun, capsys):
    if run is not None:
        save({"run": vars(run)}, begun / "checkpoint.safetensors")
    assert main(["train", named, "--resume", str(begun)]) == 1
    kind = "digits" if run else "speakers"
    expected = f"minigrad train: --resume: {begun} holds a run of {kind}, not of {named}\nHint: minigrad train --resume"
    assert capsys.readouterr().err.startswith(expected)


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("kind", ["missing", "empty", "model"])
def test_a_folder_that_holds_no_run_is_refused(name, kind, tmp_path, capsys):
    folder = tmp_path / "run"
    if kind != "missing":
        folder.mkdir()
    if kind == "model":
        save({"recipe": {}, "model": {}}, folder / "checkpoint.safetensors")
    assert main(["train", name, "--resume", str(folder)]) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("minigrad train: ") and str(folder) in err and "Traceback" not in err


def test_a_run_of_a_recipe_that_is_not_there_is_refused(tmp_path, capsys):
    save({"run": {"recipe": "diffusion"}}, tmp_path / "checkpoint.safetensors")
    assert main(["train", "--resume", str(tmp_path)]) == 1
    assert "its recipe is 'diffusion', there are gpt, speakers" in capsys.readouterr().err


def test_options_that_a_recipe_does_not_have_are_refused(tmp_path, capsys):
    assert main(["train", "--optimizer", "sgd", "--no-augment", "gpt", "--out", str(tmp_path / "run")]) == 1
    expected = "minigrad train: gpt has no --optimizer, --no-augment\nHint: minigrad train gpt --help lists its options\n"
    assert capsys.readouterr().err == expected and not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["bard"], "invalid choice: 'bard'"), (["speakers", "--model", "rnn"], "invalid choice: 'rnn'"),
     (["gpt", "--layers", "many"], "invalid int value: 'many'")],
)  # fmt: skip
def test_unknown_names_are_refused_by_the_parser_with_those_that_there_are(arguments, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["train", *arguments])
    assert stopped.value.code == 2 and message in capsys.readouterr().err


def test_values_that_make_no_run_leave_no_folder(tmp_path, capsys):
    for recipe, options, message in (("gpt", ["--epochs", "0"], "gpt: --epochs is 0; it must be at least 1"),
                                     ("gpt", ["--heads", "3"], "heads divide width"),
                                     ("bert", ["--heads", "3"], "heads = 3 must divide width = 128")):  # fmt: skip
        assert main(["train", recipe, *options, "--out", str(tmp_path / "run")]) == 1
        assert message in capsys.readouterr().err and not (tmp_path / "run").exists()
