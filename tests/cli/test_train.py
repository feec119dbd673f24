"""`minigrad train` end to end on 200 digits: its files, Ctrl-C and --resume, and its refusals."""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import signal

import numpy as np
import pytest
from PIL import Image

import minigrad
from minigrad.cli import classifier, main, parser, train
from minigrad.cli.classifier import OPTIMIZERS, Recipe, load_classifier
from minigrad.io import load, save
from minigrad.train import Callback, Trainer

FILES = [
    "checkpoint.safetensors", "confusion.png", "curves.png", "filters.png", "history.csv", "metrics.json",
    "mistakes.png", "model.safetensors",
]  # fmt: skip
SMALL = ["--model", "mlp", "--epochs", "2", "--batch-size", "50"]


def start(out, *options):
    return main(["train", *SMALL, "--out", str(out), *options])


def press_ctrl_c_after(monkeypatch, batches):
    """Make the next runs press Ctrl-C when so many batches are done."""

    class CtrlC(Callback):
        def batch_ended(self, trainer, means):
            if trainer.batches == batches:
                os.kill(os.getpid(), signal.SIGINT)

    original = Trainer.fit

    def fit(self, *args, **kwargs):
        self.callbacks.append(CtrlC())
        return original(self, *args, **kwargs)

    monkeypatch.setattr(Trainer, "fit", fit)


@pytest.mark.parametrize("model", ["mlp", "lenet"])
def test_a_run_writes_every_file_and_says_where(model, few_digits, tmp_path, capsys):
    out = tmp_path / "a folder" / "run"
    assert start(out, "--model", model, "--epochs", "1") == 0
    shown = capsys.readouterr().out
    assert sorted(path.name for path in out.iterdir()) == FILES
    assert all(f"  {out / name}\n" in shown for name in FILES)  # whole, however narrow the terminal
    for name in FILES:
        if name.endswith(".png"):
            with Image.open(out / name) as image:
                assert image.format == "PNG" and len(np.unique(np.asarray(image))) > 2
    assert "on digits: 200 pictures to train on, 60 to test" in shown and re.search("^epoch 1/1  loss", shown, re.MULTILINE)


def test_metrics_say_how_good_how_long_how_large_and_from_what(sketched, tmp_path):
    start(tmp_path, "--seed", "3", "--lr", "0.004")
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    expected = {"model": "mlp", "data": "digits", "epochs": 2, "batch_size": 50, "lr": 0.004, "optimizer": "adam",
                "seed": 3, "device": "cpu", "dtype": "float32", "augment": True, "parameters": 203_530}  # fmt: skip
    assert {key: metrics[key] for key in expected} == expected
    assert metrics["seconds"] > 0 and len(metrics["recall"]) == len(metrics["f1"]) == 10
    model, recipe, classes = load_classifier(tmp_path / "model.safetensors")
    assert recipe == Recipe(model="mlp", epochs=2, batch_size=50, lr=0.004, seed=3) and classes == list("0123456789")
    test = classifier.load_pictures(recipe, "test")
    scores = model(minigrad.from_numpy(np.stack([x for x, _ in test]))).numpy()
    assert metrics["test_accuracy"] == pytest.approx((scores.argmax(1) == test.y).mean())
    log = np.log(np.exp(scores).sum(1)) - scores[np.arange(60), test.y]
    assert metrics["loss"] == pytest.approx(log.mean(), rel=1e-4)
    with open(tmp_path / "history.csv", newline="") as file:
        last = list(csv.DictReader(file))[-1]
    assert float(last["val_accuracy"]) == pytest.approx(metrics["test_accuracy"]) and last["epoch"] == "2.0"


def test_a_seed_gives_the_same_weights_and_another_seed_others(sketched, tmp_path):
    for folder, seed in (("one", "1"), ("two", "1"), ("three", "2")):
        start(tmp_path / folder, "--seed", seed, "--epochs", "1")
    one, two, three = (load(tmp_path / f / "model.safetensors")["model"] for f in ("one", "two", "three"))
    assert all(np.array_equal(one[name].numpy(), two[name].numpy()) for name in one)
    assert not any(np.array_equal(one[name].numpy(), three[name].numpy()) for name in one)


# 200 pictures in batches of 50 are 4 batches an epoch
@pytest.mark.parametrize("at", [3, 4, 6, 8])
def test_ctrl_c_saves_and_says_how_to_resume_and_the_resumed_run_is_the_uninterrupted_one(
    at, sketched, tmp_path, capsys, monkeypatch
):
    whole, broken = tmp_path / "whole", tmp_path / "broken run"
    assert start(whole) == 0
    with monkeypatch.context() as patch:
        press_ctrl_c_after(patch, at)
        capsys.readouterr()
        assert start(broken) == 130
    command = re.search(r"interrupted; go on with  minigrad (.*)", capsys.readouterr().out)[1]
    assert shlex.split(command) == ["train", "--resume", str(broken)]
    assert load(broken / "checkpoint.safetensors")["progress"]["batches"] == at

    assert main(shlex.split(command)) == 0
    trained = re.findall(r"^epoch (\d)/2  ", capsys.readouterr().out, re.MULTILINE)
    assert trained == (["1", "2"] if at <= 4 else ["2"])  # the epoch under way is finished first
    assert sorted(path.name for path in broken.iterdir()) == FILES
    for name in ("model.safetensors", "checkpoint.safetensors", "history.csv", "confusion.png"):
        assert (whole / name).read_bytes() == (broken / name).read_bytes(), name


def test_a_run_is_resumed_from_the_file_of_its_checkpoint_into_another_folder(sketched, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        press_ctrl_c_after(patch, 5)
        assert start(tmp_path / "one") == 130
    checkpoint = tmp_path / "one" / "checkpoint.safetensors"
    assert main(["train", "--resume", str(checkpoint), "--out", str(tmp_path / "two")]) == 0
    assert sorted(path.name for path in (tmp_path / "two").iterdir()) == FILES
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == ["checkpoint.safetensors", "history.csv"]


def test_resuming_a_finished_run_only_writes_its_results_again(sketched, tmp_path):
    start(tmp_path)
    before = {name: (tmp_path / name).read_bytes() for name in FILES if name != "metrics.json"}
    (tmp_path / "curves.png").unlink()
    assert main(["train", "--resume", str(tmp_path)]) == 0
    assert before == {name: (tmp_path / name).read_bytes() for name in before}


def test_options_that_contradict_the_run_are_refused_and_those_that_agree_are_not(sketched, tmp_path, capsys):
    start(tmp_path)
    for option, value, text in (("--epochs", "5", "epochs 2, not 5"), ("--lr", "0.5", f"lr {Recipe().lr}, not 0.5"),
                                ("--model", "cnn", "model mlp, not cnn")):  # fmt: skip
        assert main(["train", "--resume", str(tmp_path), option, value]) == 1
        assert f"minigrad train: --resume: the run was begun with {text}\nHint:" in capsys.readouterr().err
    assert main(["train", "--resume", str(tmp_path), "--epochs", "2", "--model", "mlp"]) == 0


@pytest.mark.parametrize("kind", ["missing", "weights", "text", "recipe of another version"])
def test_what_cannot_be_resumed_is_explained(kind, sketched, tmp_path, capsys):
    path = tmp_path / "checkpoint.safetensors"
    if kind == "weights":
        save({"weight": minigrad.ones(2)}, path)
    elif kind == "text":
        path.write_text("no checkpoint")
    elif kind == "recipe of another version":
        save({"run": {"model": "mlp", "dropout": 0.5}}, path)
    assert main(["train", "--resume", str(path)]) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("minigrad train: ") and str(path) in err and "Traceback" not in err
    assert [p.name for p in tmp_path.iterdir()] in ([], ["checkpoint.safetensors"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--epochs", "0"], "epochs 0 and batch size 50 must be at least 1"),
        (["--lr", "-1"], r"lr -1\.0 above 0"),
        (["--lr", "nan"], "lr nan above 0"),
        (["--device", "tpu"], "device: 'tpu' is unknown; use"),
        (["--model", "lenet", "--data", "cifar10"], "lenet takes pictures of 28×28"),
    ],
)
def test_options_that_cannot_be_followed_are_errors_in_one_line_and_leave_no_folder(
    options, message, sketched, tmp_path, capsys
):
    assert start(tmp_path / "run", *options) == 1
    error = capsys.readouterr().err
    assert re.match(f"minigrad train: .*({message})", error) and error.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("options", [["--model", "vgg"], ["--optimizer", "lbfgs"], ["--epochs", "many"], ["--dtype", "int8"]])
def test_unknown_choices_are_refused_by_the_parser(options, tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        start(tmp_path / "run", *options)
    assert stopped.value.code == 2 and f"argument {options[0]}: invalid" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_an_error_in_one_line(sketched, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert start(tmp_path / "file" / "run") == 1
    error = capsys.readouterr().err
    assert error.startswith("minigrad train: ") and str(tmp_path / "file") in error and error.count("\n") == 1


def test_a_second_ctrl_c_before_anything_was_saved_promises_nothing(sketched, tmp_path, capsys, monkeypatch):
    class Twice(Callback):
        def batch_ended(self, trainer, means):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    original = Trainer.fit
    monkeypatch.setattr(Trainer, "fit", lambda self, *a, **k: (self.callbacks.append(Twice()), original(self, *a, **k)))
    assert start(tmp_path) == 130
    assert "--resume" not in capsys.readouterr().out and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_of_the_list_is_the_one_that_is_built(optimizer):
    parameters = classifier.build_model(Recipe(model="mlp")).parameters()
    built = train.make_optimizer(Recipe(optimizer=optimizer, lr=0.25), parameters)
    assert type(built).__name__.lower() == optimizer and built.param_groups[0]["lr"] == 0.25


def test_float64_trains_and_is_kept(sketched, tmp_path):
    assert start(tmp_path, "--dtype", "float64", "--epochs", "1") == 0
    assert all(w.dtype == np.float64 for w in load(tmp_path / "model.safetensors")["model"].values())


def test_no_augment_trains_on_the_pictures_as_they_are(sketched, tmp_path):
    start(tmp_path, "--no-augment", "--epochs", "1")
    assert load(tmp_path / "checkpoint.safetensors")["run"]["augment"] is False


def test_without_out_a_folder_under_runs_says_what_it_holds(sketched, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["train", *SMALL, "--epochs", "1"]) == 0
    (folder,) = (tmp_path / "runs").iterdir()
    assert re.fullmatch(r"mlp-digits-\d{8}-\d{6}", folder.name) and (folder / "metrics.json").exists()


def test_the_defaults_are_those_of_the_recipe():
    assert train.given_options(parser().parse_args(["train"])) == {}
    given = train.given_options(parser().parse_args(["train", "--no-augment", "--seed", "0"]))
    assert given == {"augment": False, "seed": 0}
