"""Resumed runs are the uninterrupted run bit for bit; histories are what a plain loop gives; NaN is explained."""

from __future__ import annotations

import itertools
import os
import signal

import numpy as np
import pytest

import minigrad
from minigrad.data import ArrayDataset, DataLoader
from minigrad.io import load
from minigrad.nn import functional as F
from minigrad.optim.lr_scheduler import ReduceLROnPlateau, StepLR
from minigrad.random import Generator
from minigrad.train import Callback, Checkpoint, Trainer, mean_absolute_error
from tests.train.trainer.runs import CtrlC, assert_bitwise_equal, flat, linear_run


class Events(Callback):
    """Writes down what it is told."""

    def __init__(self):
        self.seen = []

    def fit_started(self, trainer, epochs):
        self.seen.append(("fit_started", epochs))

    def epoch_started(self, trainer, epoch):
        self.seen.append(("epoch_started", epoch))

    def batch_ended(self, trainer, means):
        self.seen.append(("batch_ended", trainer.batches))

    def epoch_ended(self, trainer, row):
        self.seen.append(("epoch_ended", row["epoch"]))

    def interrupted(self, trainer):
        self.seen.append("interrupted")

    def fit_ended(self, trainer):
        self.seen.append("fit_ended")


# 44 pictures in batches of 8 are 6 batches an epoch
@pytest.mark.parametrize("at", [1, 4, 6, 9, 12, 17, 18])
@pytest.mark.parametrize("workers", [0, 1])
def test_a_run_resumed_in_a_new_trainer_is_the_uninterrupted_run_bit_for_bit(build_run, tmp_path, at, workers):
    whole = build_run(workers=workers)
    whole.trainer.fit(whole.loader, whole.epochs, whole.validation)
    path = tmp_path / "run.safetensors"

    broken = build_run([CtrlC(at), Checkpoint(path)], workers=workers)
    with pytest.raises(KeyboardInterrupt):
        broken.trainer.fit(broken.loader, broken.epochs, broken.validation)
    assert broken.trainer.batches == at

    other = build_run(seed=99, workers=workers)  # other weights and another stream, until the state is loaded
    other.trainer.load_state_dict(load(path))
    other.trainer.fit(other.loader, other.epochs, other.validation)
    assert_bitwise_equal(other.trainer.state_dict(), whole.trainer.state_dict())


def test_a_run_resumed_after_a_whole_epoch_is_the_uninterrupted_run(build_run, tmp_path):
    whole = build_run()
    whole.trainer.fit(whole.loader, whole.epochs, whole.validation)
    first = build_run([Checkpoint(tmp_path / "run.safetensors")])
    first.trainer.fit(first.loader, 1, first.validation)
    second = build_run(seed=5)
    second.trainer.load_state_dict(load(tmp_path / "run.safetensors"))
    second.trainer.fit(second.loader, second.epochs, second.validation)
    assert_bitwise_equal(second.trainer.state_dict(), whole.trainer.state_dict())


def test_a_loader_with_a_generator_of_its_own_is_resumed_too(tmp_path):
    def build():
        trainer, _, x, y = linear_run(rows=9)
        return trainer, DataLoader(ArrayDataset(x, y), 2, shuffle=True, generator=Generator(4))

    whole, loader = build()
    whole.fit(loader, 4)
    first, loader = build()
    first.callbacks = [CtrlC(12), Checkpoint(tmp_path / "run.safetensors")]
    with pytest.raises(KeyboardInterrupt):
        first.fit(loader, 4)
    second, loader = build()
    second.load_state_dict(load(tmp_path / "run.safetensors"))
    second.fit(loader, 4)
    assert_bitwise_equal(second.state_dict(), whole.state_dict())


def test_fit_again_after_ctrl_c_in_the_same_process_goes_on_in_the_middle_of_the_epoch(build_run):
    whole = build_run()
    whole.trainer.fit(whole.loader, whole.epochs, whole.validation)
    broken = build_run([CtrlC(8)])
    with pytest.raises(KeyboardInterrupt):
        broken.trainer.fit(broken.loader, broken.epochs, broken.validation)
    broken.trainer.fit(broken.loader, broken.epochs, broken.validation)
    assert_bitwise_equal(broken.trainer.state_dict(), whole.trainer.state_dict())


def test_a_state_that_is_loaded_and_taken_again_is_the_same_state(build_run, tmp_path):
    run = build_run([CtrlC(8), Checkpoint(tmp_path / "run.safetensors")])
    with pytest.raises(KeyboardInterrupt):
        run.trainer.fit(run.loader, run.epochs)
    other = build_run()
    other.trainer.load_state_dict(load(tmp_path / "run.safetensors"))
    assert_bitwise_equal(other.trainer.state_dict(), run.trainer.state_dict())


def test_batches_in_a_list_begin_their_epoch_again():
    count = itertools.count()
    trainer, batches, _, _ = linear_run(callbacks=[CtrlC(4)], metrics={"number": lambda output, y: next(count)})
    with pytest.raises(KeyboardInterrupt):
        trainer.fit(batches, 2)
    trainer.fit(batches, 2)
    assert trainer.batches == 4 + 3
    assert [(row["epoch"], row["number"]) for row in trainer.history] == [(1, 1), (2, 5)]  # means of 0 1 2 and 4 5 6


def test_ctrl_c_ends_after_the_step_tells_the_callbacks_and_gives_the_signal_back():
    events = Events()
    trainer, batches, _, _ = linear_run(callbacks=[CtrlC(2), events])
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        trainer.fit(batches, 2)
    assert signal.getsignal(signal.SIGINT) is before
    assert events.seen == [
        ("fit_started", 2), ("epoch_started", 0), ("batch_ended", 1), ("batch_ended", 2), "interrupted", "fit_ended",
    ]  # fmt: skip


def test_ctrl_c_during_the_last_evaluation_is_not_lost():
    trainer, batches, _, _ = linear_run()

    class Validation(list):
        def __iter__(self):
            os.kill(os.getpid(), signal.SIGINT)
            return super().__iter__()

    with pytest.raises(KeyboardInterrupt):
        trainer.fit(batches, 1, Validation(batches))
    assert trainer.epoch == 1 and len(trainer.history) == 1


def test_callbacks_hear_of_everything_in_order():
    events = Events()
    trainer, batches, _, _ = linear_run(rows=4, callbacks=[events])
    trainer.fit(batches, 2)
    assert events.seen == [
        ("fit_started", 2),
        ("epoch_started", 0), ("batch_ended", 1), ("batch_ended", 2), ("epoch_ended", 1),
        ("epoch_started", 1), ("batch_ended", 3), ("batch_ended", 4), ("epoch_ended", 2),
        "fit_ended",
    ]  # fmt: skip


def test_history_and_weights_are_those_of_a_numpy_loop():
    trainer, batches, x, y = linear_run(rows=5, batch=2, metrics={"mae": mean_absolute_error})  # the last batch has 1 row
    w, b = trainer.model.weight.numpy().copy(), trainer.model.bias.numpy().copy()
    trainer.fit(batches, 2, validation=batches[:1])
    for row in trainer.history:
        loss = mae = 0.0
        for i in range(0, 5, 2):
            error = x[i : i + 2] @ w.T + b - y[i : i + 2]
            loss, mae = loss + (error**2).sum(), mae + np.abs(error).sum()
            w = w - 0.1 * 2 * (error.T @ x[i : i + 2]) / len(error)
            b = b - 0.1 * 2 * error.mean(0)
        held_out = x[:2] @ w.T + b - y[:2]
        expected = [loss / 5, mae / 5, (held_out**2).mean(), np.abs(held_out).mean()]
        assert list(row) == ["epoch", "loss", "mae", "val_loss", "val_mae"]
        np.testing.assert_allclose([row[name] for name in list(row)[1:]], expected, rtol=1e-12)
    np.testing.assert_allclose(trainer.model.weight.numpy(), w, rtol=1e-12)
    np.testing.assert_allclose(trainer.model.bias.numpy(), b, rtol=1e-12)


def test_evaluate_uses_evaluation_mode_and_leaves_the_mode_and_the_weights_alone(build_run):
    run = build_run()
    run.trainer.loader = run.loader
    before, seen = flat(run.model.state_dict()), []
    run.trainer.metrics["mode"] = lambda output, target: seen.append(run.model.training) or 0.0
    for training in (True, False):
        run.model.train(training)
        first, second = run.trainer.evaluate(run.validation), run.trainer.evaluate(run.validation)
        assert first == second and run.model.training is training
    assert not any(seen) and len(seen) == 12
    np.testing.assert_equal(flat(run.model.state_dict()), before)


def test_the_mean_of_an_evaluation_weighs_examples_not_batches(build_run):
    run = build_run()
    whole = DataLoader(run.validation.dataset, 20)
    parts, one = run.trainer.evaluate(run.validation), run.trainer.evaluate(whole)
    assert parts["accuracy"] == pytest.approx(one["accuracy"]) and parts["loss"] == pytest.approx(one["loss"], rel=1e-6)


def test_an_evaluation_in_the_middle_of_an_epoch_does_not_show_in_its_means():
    class Evaluate(Callback):
        def batch_ended(self, trainer, means):
            trainer.evaluate(batches[:1])

    plain, batches, _, _ = linear_run()
    watched, _, _, _ = linear_run(callbacks=[Evaluate()])
    assert watched.fit(batches, 2) == plain.fit(batches, 2)


@pytest.mark.parametrize(("by", "steps"), [("batch", 6), ("epoch", 2)])
def test_the_schedule_goes_on_by_batch_or_by_epoch(by, steps):
    trainer, batches, _, _ = linear_run(schedule_by=by)
    trainer.scheduler = StepLR(trainer.optimizer, 1, 0.5)
    trainer.fit(batches, 2)
    assert trainer.scheduler.get_last_lr() == [0.1 * 0.5**steps]


@pytest.mark.parametrize("validation", [True, False])
def test_a_plateau_of_the_loss_lowers_the_rate(validation):
    trainer, batches, _, _ = linear_run()
    followed = []

    class Spy(ReduceLROnPlateau):
        def step(self, metrics, epoch=None):
            followed.append(metrics)
            super().step(metrics, epoch)

    scheduler = Spy(trainer.optimizer, factor=0.5, patience=0, threshold=1e9, threshold_mode="abs")
    trainer = Trainer(trainer.model, trainer.optimizer, F.mse_loss, scheduler=scheduler)
    trainer.fit(batches, 4, batches[:1] if validation else None)
    assert followed == [row["val_loss" if validation else "loss"] for row in trainer.history]
    assert scheduler.get_last_lr() == [0.1 * 0.5**3]


def test_batches_are_brought_to_the_dtype_of_the_model_but_classes_stay_integers():
    trainer, batches, _, _ = linear_run()
    x, y = trainer.placed([batches[0][0].to("float32"), minigrad.tensor([1, 2])])
    assert x.dtype == np.float64 and y.dtype == np.int64


def test_a_state_does_not_change_when_training_goes_on():
    trainer, batches, _, _ = linear_run()
    trainer.fit(batches, 1)
    progress = trainer.state_dict()["progress"]
    trainer.fit(batches, 3)
    assert progress["epoch"] == 1 and len(progress["history"]) == 1
