"""Every recipe trains with `--device cuda`, and comes to the figures that it comes to on the CPU."""

import json

import pytest

from minigrad.cli import classifier, main
from minigrad.recipes import RECIPES, Run
from tests.cli.conftest import load_few, sketch
from tests.cusim.simcupy import LEDGER
from tests.recipes.conftest import TOY, with_few_data, without_pictures

TINY = TOY | {"gpt": TOY["gpt"] | {"steps": 2, "layers": 1}, "seq2seq": TOY["seq2seq"] | {"epochs": 1, "words": 4}}
SAME = ("validation_loss", "hidden_word_loss", "test_loss", "accuracy_pretrained", "phoneme_error_rate")


@pytest.fixture(autouse=True)
def toys(monkeypatch):
    with_few_data(monkeypatch)
    without_pictures(monkeypatch)
    monkeypatch.setattr("minigrad.recipes.gpt.SAMPLE", 5)
    monkeypatch.setattr("minigrad.recipes.spelling.LONGEST", 4)


def figures(name, device, out):
    return Run(RECIPES[name](**TINY[name]), out, device=device).execute()


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_gives_the_same_figures_on_both_devices(name, tmp_path, cuda):
    here = figures(name, "cpu", tmp_path / "cpu")
    with LEDGER.counting():
        there = figures(name, "cuda", tmp_path / "cuda")
        assert LEDGER.operations > 1000  # it was the GPU that trained
    assert there["device"] == "cuda" and here["device"] == "cpu"
    compared = [key for key in SAME if key in here]
    assert compared and all(there[key] == pytest.approx(here[key], rel=2e-3) for key in compared)


def test_the_command_line_trains_a_recipe_on_cuda(tmp_path, cuda, capsys):
    options = [f"--{key.replace('_', '-')}={value}" for key, value in TINY["names"].items()]
    assert main(["train", "names", "--device", "cuda", "--out", str(tmp_path), *options]) == 0
    assert '"device": "cuda"' in (tmp_path / "metrics.json").read_text()


def test_a_run_on_cuda_goes_on_on_the_cpu(tmp_path, cuda, capsys):
    figures("names", "cuda", tmp_path)
    assert main(["train", "--resume", str(tmp_path), "--device", "cpu"]) == 0


@pytest.mark.parametrize("model", ["mlp", "lenet"])
def test_the_command_line_trains_a_classifier_of_pictures_on_cuda(model, tmp_path, monkeypatch, cuda, capsys):
    sketch(monkeypatch)
    accuracies = {}
    for device in ("cpu", "cuda"):
        monkeypatch.setattr(classifier, "load_data", load_few)
        options = ["--model", model, "--epochs", "1", "--batch-size", "50", "--device", device, "--out", str(tmp_path / device)]
        assert main(["train", *options]) == 0
        accuracies[device] = json.loads((tmp_path / device / "metrics.json").read_text())["test_accuracy"]
    assert accuracies["cuda"] == pytest.approx(accuracies["cpu"], abs=0.05)
