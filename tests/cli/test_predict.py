"""`minigrad predict`: digits in files of many kinds are recognised, and what cannot be read is explained."""

from __future__ import annotations

import re
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

import minigrad
from minigrad.cli import main
from minigrad.cli.classifier import Recipe
from minigrad.cli.predict import read_picture
from minigrad.io import save

GRAY, COLOR = Recipe(), Recipe(data="cifar10")


def predict(trained, paths, *options):
    return main(["predict", str(trained / "model.safetensors"), *paths, *options])


def guesses(capsys):
    """Return the likeliest class of every line printed."""
    return [re.search(r": (\d) \d+\.\d%", line)[1] for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("ground", ["dark", "light"])
def test_digits_are_recognised_light_on_dark_and_dark_on_light(ground, trained, digits, write_png, capsys):
    paths = [write_png(d if ground == "dark" else 255 - d, f"{i}.png") for i, d in enumerate(digits)]
    assert predict(trained, paths) == 0
    right = sum(guess == str(i) for i, guess in enumerate(guesses(capsys)))
    assert right >= 9  # they are among the pictures trained on


def test_both_grounds_give_the_very_same_line(trained, digits, write_png, capsys):
    predict(trained, [write_png(digits[3]), write_png(255 - digits[3], "inverted.png")])
    first, second = capsys.readouterr().out.splitlines()
    assert first.split(": ")[1] == second.split(": ")[1]


def test_a_line_has_as_many_guesses_as_asked_in_falling_order(trained, digits, write_png, capsys):
    path = write_png(digits[7])
    for options, n in (([], 3), (["--top", "1"], 1), (["--top", "10"], 10), (["--top", "99"], 10)):
        assert predict(trained, [path], *options) == 0
        line = capsys.readouterr().out
        shares = [float(share) for share in re.findall(r"(\d+\.\d)%", line)]
        assert line.startswith(f"{path}: ") and len(shares) == n and shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(100, abs=0.6)


def test_a_top_below_1_is_refused(trained, digits, write_png, capsys):
    assert predict(trained, [write_png(digits[0])], "--top", "0") == 1
    assert capsys.readouterr().err == "minigrad predict: --top must be at least 1, got 0\n"


def test_a_file_of_the_right_size_is_read_pixel_by_pixel(digits, write_png, tmp_path):
    path = tmp_path / "digit.png"
    write_png(digits[5])
    assert np.array_equal(read_picture(path, GRAY), digits[5])


def kinds(digit):
    """Return one digit, light on dark, as pictures of many kinds, by name."""
    image, dark = Image.fromarray(digit), Image.fromarray(255 - digit)
    drawn = Image.new("RGBA", image.size, (0, 0, 0, 0))  # black ink on nothing, as drawing programs export it
    drawn.putalpha(image)
    palette = image.convert("P")
    return {
        "RGB": image.convert("RGB"), "palette": palette, "CMYK": image.convert("RGB").convert("CMYK"),
        "16 bits": Image.fromarray(digit.astype(np.uint16) * 257), "gray with alpha": image.convert("LA"),
        "ink on nothing": drawn, "dark on light": dark, "dark with alpha": dark.convert("RGBA"),
    }  # fmt: skip


@pytest.mark.parametrize("kind", kinds(np.zeros((2, 2), np.uint8)))
def test_every_kind_of_picture_shows_the_same_digit(kind, digits, tmp_path):
    path = tmp_path / f"digit.{'tiff' if kind == 'CMYK' else 'png'}"
    kinds(digits[2])[kind].save(path)
    seen = read_picture(path, GRAY)
    assert seen.dtype == np.uint8 and seen.shape == (28, 28)
    assert np.abs(seen.astype(int) - digits[2]).max() <= 1


def test_a_larger_picture_is_scaled(digits, write_png, tmp_path):
    write_png(np.kron(digits[4], np.ones((8, 8), np.uint8)))
    seen = read_picture(tmp_path / "digit.png", GRAY)
    assert seen.shape == (28, 28) and np.corrcoef(seen.ravel(), digits[4].ravel())[0, 1] > 0.97


def test_a_bright_thing_that_fills_most_of_a_dark_picture_is_not_inverted(write_png, tmp_path):
    coat = np.zeros((28, 28), np.uint8)
    coat[2:26, 2:26] = 220
    write_png(coat)
    assert np.array_equal(read_picture(tmp_path / "digit.png", Recipe(data="fashion_mnist")), coat)


def test_color_pictures_keep_their_colors_and_channels_come_first(write_png, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    write_png(pixels)
    assert np.array_equal(read_picture(tmp_path / "digit.png", COLOR), pixels.transpose(2, 0, 1))


def damaged(png, how):
    """Return the bytes of a PNG, damaged in the named way."""
    if how == "cut":
        return png[: len(png) // 2]
    if how == "header only":
        return png[:40]
    if how == "other bytes":
        return b"no picture at all"
    if how == "empty":
        return b""
    if how == "flipped bits":
        return png[:60] + bytes(255 - b for b in png[60:90]) + png[90:]
    header = struct.pack(">IIBBBBB", 10**6, 10**6, 8, 0, 0, 0, 0)  # a picture of 10^12 pixels in a few bytes
    return png[:16] + header + struct.pack(">I", zlib.crc32(b"IHDR" + header)) + png[33:]


@pytest.mark.parametrize("how", ["cut", "header only", "other bytes", "empty", "flipped bits", "bomb"])
def test_a_file_that_is_no_picture_is_an_error_in_one_line(how, trained, digits, write_png, tmp_path, capsys):
    png = tmp_path / "digit.png"
    write_png(digits[1])
    png.write_bytes(damaged(png.read_bytes(), how))
    assert predict(trained, [str(png)]) == 1
    out, err = capsys.readouterr()
    assert out == "" and re.fullmatch(rf"minigrad predict: {re.escape(str(png))}: not a picture that .*\n", err)


def test_a_missing_file_or_a_folder_is_an_error_in_one_line(trained, digits, write_png, tmp_path, capsys):
    missing = str(tmp_path / "nowhere.png")
    assert predict(trained, [missing]) == 1
    error = capsys.readouterr().err
    assert "No such file" in error and missing in error and error.count("\n") == 1
    assert predict(trained, [str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert str(tmp_path) in error and error.count("\n") == 1


@pytest.mark.parametrize("kind", ["missing", "the whole run", "another dict", "text", "a picture"])
def test_a_wrong_checkpoint_is_an_error_without_a_traceback(kind, trained, digits, write_png, tmp_path, capsys):
    picture, other = write_png(digits[1]), tmp_path / "other.safetensors"
    if kind == "the whole run":
        other = trained / "checkpoint.safetensors"
    elif kind == "another dict":
        save({"weight": minigrad.ones(3)}, other)
    elif kind == "text":
        other.write_text("these are not weights")
    elif kind == "a picture":
        other = tmp_path / "digit.png"
    assert main(["predict", str(other), picture]) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("minigrad predict: ") and str(other) in err and "Traceback" not in err
