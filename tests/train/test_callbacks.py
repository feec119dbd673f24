"""What callbacks keep, stop and write, and that a resumed run finds them as they were."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

import minigrad
from minigrad import nn
from minigrad.errors import ArgumentError
from minigrad.io import load
from minigrad.nn import functional as F
from minigrad.optim import SGD
from minigrad.train import BestCheckpoint, Callback, Checkpoint, EarlyStopping, HistoryLog, Trainer


class Scripted(Callback):
    """Gives the epochs the losses of a list, and the weight the number of the epoch."""

    def __init__(self, losses):
        self.losses = losses

    def epoch_ended(self, trainer, row):
        row["val_loss"] = self.losses[trainer.epoch - 1]
        with minigrad.no_grad():
            trainer.model.weight.fill_(float(trainer.epoch))


def run(losses, *callbacks):
    """Return a trainer whose validation losses are `losses`, and its data."""
    model = nn.Linear(1, 1)
    trainer = Trainer(model, SGD(model.parameters(), lr=0.01), F.mse_loss, callbacks=[Scripted(losses), *callbacks])
    return trainer, [(minigrad.ones(2, 1), minigrad.zeros(2, 1))]


FALLING_THEN_FLAT = [5.0, 4.0, 4.5, 4.0, 3.9, 6.0, 6.0, 6.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("losses", "options", "epochs"),
    [
        (FALLING_THEN_FLAT, {"patience": 1}, 3),
        (FALLING_THEN_FLAT, {"patience": 2}, 4),
        (FALLING_THEN_FLAT, {"patience": 3}, 8),
        (FALLING_THEN_FLAT, {"patience": 4}, 10),
        (FALLING_THEN_FLAT, {"patience": 3, "min_delta": 0.2}, 5),
        ([-x for x in FALLING_THEN_FLAT], {"patience": 2, "mode": "max"}, 4),
        ([float("nan")] * 10, {"patience": 2}, 2),
    ],
)
def test_early_stopping_waits_as_long_as_its_patience(losses, options, epochs):
    trainer, data = run(losses, EarlyStopping(**options))
    assert len(trainer.fit(data, 10)) == epochs


def test_early_stopping_counts_across_a_resume():
    trainer, data = run(FALLING_THEN_FLAT, EarlyStopping(patience=3))
    trainer.fit(data, 7)  # two epochs without improvement
    other, _ = run(FALLING_THEN_FLAT, EarlyStopping(patience=3))
    other.load_state_dict(trainer.state_dict())
    assert len(other.fit(data, 10)) == 8


def test_a_run_that_was_stopped_early_stays_stopped():
    trainer, data = run(FALLING_THEN_FLAT, EarlyStopping(patience=2))
    trainer.fit(data, 10)
    other, _ = run(FALLING_THEN_FLAT, EarlyStopping(patience=2))
    other.load_state_dict(trainer.state_dict())
    assert len(other.fit(data, 10)) == 4


def test_the_best_checkpoint_holds_the_weights_of_the_best_epoch(tmp_path):
    trainer, data = run(FALLING_THEN_FLAT, BestCheckpoint(tmp_path / "best.safetensors"))
    trainer.fit(data, 8)
    weights = load(tmp_path / "best.safetensors")
    assert set(weights) == {"weight", "bias"} and weights["weight"].item() == 5.0
    assert trainer.model.weight.item() == 8.0


def test_a_resumed_run_does_not_replace_the_best_by_a_worse_one(tmp_path):
    trainer, data = run(FALLING_THEN_FLAT, BestCheckpoint(tmp_path / "best.safetensors"))
    trainer.fit(data, 5)
    other, _ = run(FALLING_THEN_FLAT, BestCheckpoint(tmp_path / "best.safetensors"))
    other.load_state_dict(trainer.state_dict())
    other.fit(data, 8)
    assert load(tmp_path / "best.safetensors")["weight"].item() == 5.0
    other.fit(data, 9)
    assert load(tmp_path / "best.safetensors")["weight"].item() == 9.0


def test_the_best_of_a_column_that_should_rise(tmp_path):
    accuracies = [0.5, 0.9, 0.7]
    trainer, data = run(accuracies, BestCheckpoint(tmp_path / "best.safetensors", mode="max"))
    trainer.fit(data, 3)
    assert load(tmp_path / "best.safetensors")["weight"].item() == 2.0


@pytest.mark.parametrize("callback", [EarlyStopping("val_f1"), BestCheckpoint("best.safetensors", "val_f1")])
def test_a_column_that_is_not_there_is_named(callback):
    trainer, data = run([1.0], callback)
    with pytest.raises(ArgumentError, match=r"no 'val_f1' in the history, only epoch, loss, val_loss\nHint: .*validation"):
        trainer.fit(data, 1)


def test_unknown_modes_patiences_and_endings_are_refused():
    with pytest.raises(ArgumentError, match='mode is \'least\'; use "min" or "max"'):
        EarlyStopping(mode="least")
    with pytest.raises(ArgumentError, match="patience must be at least 1 epoch, got 0"):
        EarlyStopping(patience=0)
    with pytest.raises(ArgumentError, match=r"ends neither in .csv nor"):
        HistoryLog("log.txt")


def test_a_checkpoint_holds_the_run_and_what_was_given_along(tmp_path):
    path, seen = tmp_path / "run.safetensors", []

    class Look(Callback):
        def epoch_ended(self, trainer, row):
            seen.append(load(path)["progress"]["epoch"])

    trainer, data = run([1.0, 2.0], Checkpoint(path, {"name": "cnn", "lr": 0.1}), Look())
    trainer.fit(data, 2)
    state = load(path)
    assert state["run"] == {"name": "cnn", "lr": 0.1} and seen == [1, 2]
    assert np.array_equal(state["model"]["weight"].numpy(), trainer.model.weight.numpy())
    assert set(state) == {"run", *trainer.state_dict()}


def test_history_logs_hold_a_line_or_an_object_per_epoch_and_grow_with_each(tmp_path):
    lengths = []

    class Look(Callback):
        def epoch_ended(self, trainer, row):
            lengths.append(len((tmp_path / "log.csv").read_text().splitlines()))

    losses = [0.1, 1 / 3, 1e-300]
    trainer, data = run(losses, HistoryLog(tmp_path / "log.csv"), HistoryLog(tmp_path / "log.json"), Look())
    history = trainer.fit(data, 3)
    assert json.loads((tmp_path / "log.json").read_text()) == history
    with open(tmp_path / "log.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [{name: float(value) for name, value in row.items()} for row in rows] == history
    assert lengths == [2, 3, 4] and list(rows[0]) == ["epoch", "loss", "val_loss"]


def test_a_history_whose_columns_change_is_still_a_table(tmp_path):
    trainer, data = run([2.0, 1.0], HistoryLog(tmp_path / "log.csv"))
    trainer.history, trainer.epoch = [{"epoch": 1.0, "loss": 3.0, "gone": 1.0}], 1
    trainer.fit(data, 2)
    first, second = (tmp_path / "log.csv").read_text().splitlines()[1:]
    assert first == "1.0,3.0," and second.endswith(",1.0")
