"""The command on 200 real digits instead of 9,000, and pictures of digits as files."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from minigrad.cli import classifier, main, report
from minigrad.data import LoadedDataset, load

FEW = {"train": 200, "test": 60}


def load_few(name, split):
    pictures = load(name, split)
    n = FEW[split]
    return LoadedDataset(pictures.x[:n], pictures.y[:n], info=pictures.info)


def sketch(patch):
    """Make every drawing function write what it should draw as text: drawing takes longer than training here."""
    for name in ("plot_curves", "plot_confusion", "plot_images", "plot_filters"):
        where = 2 if name == "plot_images" else 1

        def write(*args, where=where):
            args[where].write_text(repr(args[:where] + args[where + 1 :]))
            return args[where]

        patch.setattr(report, name, write)


@pytest.fixture(name="few_digits")
def few_digits_fixture(monkeypatch):
    monkeypatch.setattr(classifier, "load_data", load_few)


@pytest.fixture(name="sketched")
def sketched_fixture(few_digits, monkeypatch):
    """200 digits, and text in place of pictures."""
    sketch(monkeypatch)


@pytest.fixture(name="trained", scope="session")
def trained_fixture(tmp_path_factory):
    """Return the folder of a run of the mlp on digits, good enough to tell most of them apart."""
    out = tmp_path_factory.mktemp("trained") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classifier, "load_data", load_few)
        sketch(patch)
        options = ["--model", "mlp", "--epochs", "5", "--batch-size", "20", "--lr", "0.01", "--no-augment"]
        assert main(["train", *options, "--out", str(out)]) == 0
    return out


@pytest.fixture(name="digits", scope="session")
def digits_fixture():
    """Return pixels (10, 28, 28), light on dark: the first picture of each class among those trained on."""
    few = load_few("digits", "train")
    return np.stack([few.x[few.y == i][0] for i in range(10)])


@pytest.fixture(name="write_png")
def write_png_fixture(tmp_path):
    """Return a function that writes pixels, or a PIL image, as a PNG and returns its path as text."""

    def write(picture, name="digit.png"):
        image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
        image.save(tmp_path / name)
        return str(tmp_path / name)

    return write
