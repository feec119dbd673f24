"""Pictures are valid, show something, show what they were given, and need no window system."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from minigrad.errors import ArgumentError, ShapeError
from minigrad.train import plot_confusion, plot_curves, plot_filters, plot_images

RNG = np.random.default_rng(0)
HISTORY = [
    {"epoch": float(e), "loss": 1 / e, "accuracy": 1 - 1 / e, "val_loss": 1.2 / e, "val_accuracy": 0.9 - 1 / e}
    for e in range(1, 5)
]


def pixels(path):
    """Return the pixels of a file that must be a PNG, (H, W, 3)."""
    with Image.open(path) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB"))


def colored(picture):
    """Return how many pixels are neither gray, black nor white."""
    return int(((picture.max(2).astype(int) - picture.min(2)) > 40).sum())


DRAWN = {
    "curves": lambda path: plot_curves(HISTORY, path, "a run"),
    "curves of one epoch": lambda path: plot_curves(HISTORY[:1], path),
    "curves without validation": lambda path: plot_curves([{"epoch": 1.0, "loss": 2.0}], path),
    "curves with a gap": lambda path: plot_curves([*HISTORY, {**HISTORY[0], "epoch": 5.0, "loss": float("nan")}], path),
    "confusion": lambda path: plot_confusion(RNG.integers(0, 90, (10, 10)), path),
    "confusion with names": lambda path: plot_confusion(RNG.integers(0, 9, (3, 3)), path, ["cat", "dog", "emu"]),
    "confusion of nothing": lambda path: plot_confusion(np.zeros((2, 2), int), path),
    "gray images": lambda path: plot_images(RNG.random((11, 1, 9, 7)), [f"{i} → 3" for i in range(11)], path, "wrong"),
    "color images": lambda path: plot_images(RNG.random((3, 3, 8, 8)), ["a", "b", "c"], path),
    "a constant image": lambda path: plot_images(np.ones((1, 1, 8, 8)), ["flat"], path),
    "no images": lambda path: plot_images(np.zeros((0, 1, 1, 1)), [], path, "no mistakes"),
    "gray filters": lambda path: plot_filters(RNG.normal(size=(6, 1, 5, 5)), path, "filters"),
    "color filters": lambda path: plot_filters(RNG.normal(size=(9, 3, 3, 3)), path),
    "filters of many channels": lambda path: plot_filters(RNG.normal(size=(70, 4, 3, 3)), path),
    "filters of 0": lambda path: plot_filters(np.zeros((2, 1, 3, 3)), path),
    "no filters": lambda path: plot_filters(np.zeros((0, 1, 1, 1)), path, "none"),
}


@pytest.mark.parametrize("what", DRAWN)
def test_a_picture_is_a_png_that_is_not_blank(what, tmp_path):
    path = tmp_path / "picture.png"
    assert DRAWN[what](path) == path
    picture = pixels(path)
    assert min(picture.shape[:2]) > 50 and len(np.unique(picture.reshape(-1, 3), axis=0)) > 1


def test_curves_show_training_in_one_color_and_validation_in_another(tmp_path):
    both = pixels(plot_curves(HISTORY, tmp_path / "both.png"))
    alone = pixels(plot_curves([{k: v for k, v in row.items() if "val" not in k} for row in HISTORY], tmp_path / "one.png"))
    blue, orange = (np.array([0x1F, 0x4E, 0x79]), np.array([0xC5, 0x5A, 0x11]))
    assert (both == blue).all(2).sum() > 100 and (both == orange).all(2).sum() > 100
    assert (alone == blue).all(2).sum() > 100 and not (alone == orange).all(2).any()


def test_a_confusion_matrix_is_dark_where_the_share_of_the_row_is_high(tmp_path):
    right = pixels(plot_confusion(np.diag([5, 50, 500]), tmp_path / "right.png"))
    spread = pixels(plot_confusion(np.full((3, 3), 100), tmp_path / "spread.png"))
    navy = np.array([8, 48, 107])  # the end of the color map "Blues"
    assert (right == navy).all(2).sum() > 1000 and not (spread == navy).all(2).any()


def test_shares_are_of_the_true_class_not_of_the_prediction(tmp_path):
    picture = pixels(plot_confusion(np.array([[10, 0], [90, 0]]), tmp_path / "confusion.png"))
    navy = (picture == np.array([8, 48, 107])).all(2)
    rows = np.flatnonzero(navy.any(1))
    assert rows.max() - rows.min() > picture.shape[0] / 2  # both cells of the column, one above the other


def test_filters_are_blue_below_0_and_red_above(tmp_path):
    low = pixels(plot_filters(np.full((8, 1, 3, 3), -1.0), tmp_path / "low.png")).astype(int)
    high = pixels(plot_filters(np.full((8, 1, 3, 3), 1.0), tmp_path / "high.png")).astype(int)
    assert (low[..., 2] - low[..., 0]).max() > 60 and (low[..., 0] - low[..., 2]).max() <= 0
    assert (high[..., 0] - high[..., 2]).max() > 60 and (high[..., 2] - high[..., 0]).max() <= 0


def test_filters_lie_in_rows_of_eight_in_order(tmp_path):
    weight = np.zeros((10, 1, 4, 4))
    weight[0], weight[7], weight[8] = 1.0, -1.0, 1.0
    picture = pixels(plot_filters(weight, tmp_path / "filters.png")).astype(int)
    warmth = picture[..., 0] - picture[..., 2]
    height, width = warmth.shape
    red_rows, red_columns = np.nonzero(warmth > 60)
    blue_rows, blue_columns = np.nonzero(warmth < -60)
    assert red_columns.max() < width / 6 and red_rows.min() < height / 3 < 2 * height / 3 < red_rows.max()
    assert blue_columns.min() > width * 5 / 6 and blue_rows.max() < height * 0.6


def test_gray_digits_are_drawn_dark_on_light_and_color_pictures_in_color(tmp_path):
    image = np.zeros((1, 1, 10, 10))
    image[0, 0, 0] = 1.0  # one bright row of ten becomes dark ink
    gray = pixels(plot_images(image, [""], tmp_path / "gray.png"))
    assert colored(gray) == 0 and 0 < (gray < 30).all(2).mean() < 0.2
    red = np.zeros((1, 3, 10, 10))
    red[0, 0] = 1.0
    assert colored(pixels(plot_images(red, [""], tmp_path / "red.png"))) > 1000


def test_the_same_numbers_give_the_same_bytes(tmp_path):
    plot_curves(HISTORY, tmp_path / "one.png")
    plot_curves(HISTORY, tmp_path / "two.png")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_bad_input_is_named(tmp_path):
    path = tmp_path / "picture.png"
    with pytest.raises(ArgumentError, match="plot_curves: the history is empty"):
        plot_curves([], path)
    with pytest.raises(ShapeError, match=r"plot_images: needs the axes \(N, C, H, W\), the shape is \(3, 8, 8\)"):
        plot_images(np.zeros((3, 8, 8)), ["a"], path)
    with pytest.raises(ShapeError, match=r"plot_filters: needs the axes \(K, C, R, S\), the shape is \(8, 784\)"):
        plot_filters(np.zeros((8, 784)), path)
    with pytest.raises(ShapeError, match="plot_confusion: needs the axes"):
        plot_confusion(np.zeros(3), path)
    assert not path.exists()


def test_pyplot_is_never_imported(tmp_path):
    code = (
        "import sys, numpy as np\n"
        "from minigrad.train import plot_curves, plot_filters, plot_images, plot_confusion\n"
        "assert 'matplotlib' not in sys.modules and 'rich' not in sys.modules\n"
        f"plot_curves([dict(epoch=1.0, loss=2.0)], {str(tmp_path / 'a.png')!r})\n"
        f"plot_images(np.ones((1, 1, 4, 4)), ['a'], {str(tmp_path / 'b.png')!r})\n"
        f"plot_filters(np.ones((1, 1, 4, 4)), {str(tmp_path / 'c.png')!r})\n"
        f"plot_confusion(np.ones((2, 2), int), {str(tmp_path / 'd.png')!r})\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
