"""Label pictures with a trained network.

Pictures of any size and colour are scaled to what the network was trained on. A grey network was trained on light
digits on a dark ground; a picture that is mostly light is inverted first.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import FileFormatError
from ..grad_mode import no_grad
from ..ops import from_numpy, softmax
from .classifier import PICTURES, Recipe, load_classifier, transform


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    command.add_argument("checkpoint", type=Path, metavar="CHECKPOINT", help="model.safetensors of a training run")
    command.add_argument("images", type=Path, nargs="+", metavar="IMAGE.png")
    command.add_argument("--top", type=int, default=3, help="how many guesses to show for each")


def read_picture(path: Path, recipe: Recipe) -> np.ndarray[Any, Any]:
    """Return a picture as uint8 pixels, (H, W) or (3, H, W), of the size that the recipe's data have."""
    from PIL import Image, UnidentifiedImageError

    size, mean, _ = PICTURES[recipe.data]
    try:
        with Image.open(path) as image:
            scaled = image.convert("RGB" if len(mean) == 3 else "L").resize((size, size), Image.Resampling.BILINEAR)
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise FileFormatError(f"{path}: not a picture that can be read: {error}") from error
    pixels = np.asarray(scaled)
    if len(mean) == 3:
        return pixels.transpose(2, 0, 1)
    return 255 - pixels if pixels.mean() > 127 else pixels


def run(arguments: argparse.Namespace) -> int:
    """Print a line for each picture: its name and the likeliest classes with their probabilities."""
    model, recipe, classes = load_classifier(arguments.checkpoint)
    prepare = transform(recipe, training=False)
    for path in arguments.images:
        pixels = read_picture(path, recipe)
        x = from_numpy(np.ascontiguousarray(prepare(pixels[None]))).to(recipe.dtype)
        with no_grad():
            p = softmax(model(x), 1).numpy()[0]
        best = np.argsort(-p)[: arguments.top]
        print(f"{path}: " + ", ".join(f"{classes[i]} {p[i]:.1%}" for i in best))
    return 0
