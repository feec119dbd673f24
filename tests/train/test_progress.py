"""What the bar shows on a terminal, and the lines that stay."""

from __future__ import annotations

import io
import os
import re
import signal

import pytest
from rich.console import Console

from minigrad.train import Callback, ProgressBar
from minigrad.train.progress import readable


def console(terminal=False, width=200):
    """Return a rich console that writes to a string, and the string."""
    text = io.StringIO()
    return Console(file=text, force_terminal=terminal, width=width, color_system=None, legacy_windows=False), text


class Redraw(Callback):
    """Draws the bar after every batch, instead of ten times a second."""

    def __init__(self, bar):
        self.bar = bar

    def batch_ended(self, trainer, means):
        self.bar._bar.refresh()


def test_numbers_are_short_and_named():
    row = {"epoch": 3.0, "loss": 0.123456, "accuracy": 0.98765, "val_loss": 1e-9}
    assert readable(row) == "loss 0.1235  accuracy 0.9877  val_loss 1e-09"


def test_a_line_per_epoch_stays_with_its_numbers(build_run):
    out, text = console()
    run = build_run([ProgressBar(out)])
    history = run.trainer.fit(run.loader, 2, run.validation)
    lines = [line for line in text.getvalue().splitlines() if line.startswith("epoch ")]
    assert [re.sub(r"\d+\.\d s$", "s", line) for line in lines] == [
        f"epoch {int(row['epoch'])}/2  {readable(row)}  s" for row in history
    ]


def test_a_line_is_not_broken_by_a_narrow_console(build_run):
    out, text = console(width=30)
    run = build_run([ProgressBar(out)])
    run.trainer.fit(run.loader, 1, run.validation)
    assert re.search(r"^epoch 1/1  loss .*val_accuracy \S+  \S+ s$", text.getvalue(), re.MULTILINE)


def test_a_terminal_sees_the_batches_the_means_and_the_bar_taken_down(build_run):
    out, text = console(terminal=True)
    bar = ProgressBar(out)
    run = build_run([bar, Redraw(bar)])
    run.trainer.fit(run.loader, 1)
    shown = text.getvalue()
    assert "epoch 1/1" in shown and "3/6" in shown and "6/6" in shown and "accuracy" in shown
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h") == 1  # the cursor hidden, and shown again


def test_a_resumed_epoch_begins_where_it_stopped(build_run):
    out, text = console(terminal=True)
    bar = ProgressBar(out)

    class CtrlC(Callback):
        def batch_ended(self, trainer, means):
            if trainer.batches == 8:
                os.kill(os.getpid(), signal.SIGINT)

    run = build_run([CtrlC()])
    with pytest.raises(KeyboardInterrupt):
        run.trainer.fit(run.loader, 2)
    run.trainer.callbacks = [bar, Redraw(bar)]
    run.trainer.fit(run.loader, 2)
    counts = re.findall(r"(\d)/6", text.getvalue())
    assert counts[0] in "23" and "1" not in counts and counts[-1] == "6"


def test_a_loader_without_a_length_has_a_bar_too(build_run):
    out, text = console(terminal=True)
    bar = ProgressBar(out)
    run = build_run([bar, Redraw(bar)])
    run.trainer.fit((batch for batch in run.loader), 1)
    assert "6/?" in text.getvalue()


def test_names_in_brackets_are_not_taken_for_styles(build_run):
    out, text = console(terminal=True)
    bar = ProgressBar(out)
    run = build_run([bar, Redraw(bar)])
    run.trainer.metrics = {"top[k]": run.trainer.metrics["accuracy"]}
    run.trainer.fit(run.loader, 1, run.validation)
    assert text.getvalue().count("val_top[k]") == 1 and text.getvalue().count("top[k]") > 2


def test_the_bar_is_taken_down_when_training_fails(build_run):
    out, text = console(terminal=True)

    class Fail(Callback):
        def batch_ended(self, trainer, means):
            raise ZeroDivisionError

    run = build_run([ProgressBar(out), Fail()])
    with pytest.raises(ZeroDivisionError):
        run.trainer.fit(run.loader, 1)
    assert text.getvalue().count("\x1b[?25l") == text.getvalue().count("\x1b[?25h") == 1


def test_a_bar_serves_one_run_after_another(build_run):
    out, text = console()
    run = build_run([ProgressBar(out)])
    run.trainer.fit(run.loader, 1)
    run.trainer.fit(run.loader, 2)
    lines = [line for line in text.getvalue().splitlines() if line.startswith("epoch ")]
    assert [line[:9] for line in lines] == ["epoch 1/1", "epoch 2/2"]
