"""Every recipe at toy size: little of the real data, small models, two epochs."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from minigrad.data import LoadedDataset, load
from minigrad.recipes import RECIPES, Run, bert, gpt, names, run, seq2seq, speakers
from minigrad.train import Callback, Trainer

TOY = {
    "gpt": {"epochs": 2, "steps": 3, "batch_size": 4, "layers": 2, "heads": 2, "width": 8, "context": 8, "dropout": 0.2},
    "speakers": {"epochs": 2, "batch_size": 9, "width": 4},
    "names": {"epochs": 2, "batch_size": 20, "width": 8, "samples": 12},
    "seq2seq": {"epochs": 2, "batch_size": 20, "width": 8, "layers": 1, "words": 9},
    "bert": {"pretraining_epochs": 2, "epochs": 2, "labels": 12, "repeats": 2, "batch_size": 40, "vocabulary": 200, "layers": 1,
             "heads": 2, "width": 8, "context": 8},
}  # fmt: skip
STRIDES = {"names": 300, "pronunciations": 400, "japanese_vowels": 10, "speeches": 200}
MODULES = (bert, gpt, names, seq2seq, speakers)


def load_few(name, split):
    """Return a few items of a real data set, spread over all of it; the beginning of the text."""
    whole = load(name, split)
    keep = slice(3000) if name == "shakespeare" else slice(None, None, STRIDES[name])
    return LoadedDataset(whole.x[keep], None if whole.y is None else whole.y[keep], info=whole.info)


def sketch(path, *parts):
    path.write_text(repr(parts))
    return path


def without_pictures(patch):
    """Make every drawing function write what it should draw as text: drawing takes longer than training here."""
    patch.setattr(run, "plot_curves", lambda history, path, title: sketch(path, history, title))
    for module in MODULES:
        for name in ("plot_maps", "plot_confusion", "plot_lines"):
            if hasattr(module, name):
                patch.setattr(module, name, lambda drawn, path, *rest, **more: sketch(path, str(drawn), rest, more))


def with_few_data(patch):
    for module in MODULES:
        patch.setattr(module, "load", load_few)


@pytest.fixture(name="few_data")
def few_data_fixture(monkeypatch):
    with_few_data(monkeypatch)


@pytest.fixture(name="sketched")
def sketched_fixture(few_data, monkeypatch):
    without_pictures(monkeypatch)


@pytest.fixture(name="run_toy")
def run_toy_fixture(sketched):
    """Return a function that runs a recipe at toy size, from the start or from the checkpoints of `source`."""

    def run_toy(name, out, source=None, **changes):
        return Run(replace(RECIPES[name](**TOY[name]), **changes), out, source).execute()

    return run_toy


class CtrlC(Callback):
    """Presses Ctrl-C when so many batches are done, those of all stages together."""

    def __init__(self, at):
        self.at, self.done = at, 0

    def batch_ended(self, trainer, means):
        self.done += 1
        if self.done == self.at:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture(name="press_ctrl_c_after")
def press_ctrl_c_after_fixture():
    """Return a context in which Ctrl-C is pressed after so many batches."""

    @contextmanager
    def press(batches):
        pressing, original = CtrlC(batches), Trainer.fit

        def fit(self, *args, **kwargs):
            self.callbacks.append(pressing)
            return original(self, *args, **kwargs)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Trainer, "fit", fit)
            yield

    return press


@pytest.fixture(name="finished", scope="session")
def finished_fixture(tmp_path_factory):
    """Return a function from a recipe's name to (folder, metrics) of its run at toy size, pictures drawn."""
    done = {}

    def finished(name, **changes):
        key = (name, *changes.items())
        if key not in done:
            out = tmp_path_factory.mktemp(name)
            with pytest.MonkeyPatch.context() as patch:
                with_few_data(patch)
                done[key] = out, Run(RECIPES[name](**TOY[name] | changes), out).execute()
        return done[key]

    return finished


@pytest.fixture(name="assert_drawn")
def assert_drawn_fixture():
    """Return a check that a folder holds these pictures and no others, none of them blank."""

    def assert_drawn(folder, names):
        assert sorted(path.name for path in folder.glob("*.png")) == sorted(names)
        for name in names:
            with Image.open(folder / name) as image:
                assert image.format == "PNG" and len(np.unique(np.asarray(image.convert("L")))) > 10, name

    return assert_drawn
