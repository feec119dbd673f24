"""Label pictures with a trained network.

Pictures of any size and color are scaled to what the network was trained on. A gray network was trained on light
things on a dark ground; a picture whose border is mostly light is inverted first. What is transparent counts as white.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ArgumentError, FileFormatError
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
    from PIL import Image

    size, mean, _ = PICTURES[recipe.data]
    path.stat()  # a file that is missing is another error than one that is no picture
    try:
        with Image.open(path) as image:
            opaque = _opaque(image)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise FileFormatError(f"{path}: not a picture that can be read: {error}") from error
    scaled = opaque.convert("RGB" if len(mean) == 3 else "L").resize((size, size), Image.Resampling.BILINEAR)
    pixels = np.asarray(scaled)
    if len(mean) == 3:
        return pixels.transpose(2, 0, 1)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return 255 - pixels if np.median(border) > 127 else pixels


def _opaque(image: Any) -> Any:
    """Return a picture with 8 bits per channel, on white where it is transparent."""
    from PIL import Image

    if image.mode.startswith("I"):  # 16 bits, which convert would cut off at 255
        return Image.fromarray((np.asarray(image) // 257).astype(np.uint8))
    if image.mode not in ("LA", "PA", "RGBA") and "transparency" not in image.info:
        return image.convert("RGB")
    colors = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", colors.size, "white"), colors)


def run(arguments: argparse.Namespace) -> int:
    """Print a line for each picture: its name and the likeliest classes with their probabilities."""
    if arguments.top < 1:
        raise ArgumentError(f"--top must be at least 1, got {arguments.top}")
    model, recipe, classes = load_classifier(arguments.checkpoint)
    prepare = transform(recipe, training=False)
    for path in arguments.images:
        pixels = read_picture(path, recipe)
        x = from_numpy(np.ascontiguousarray(prepare(pixels[None]))).to(recipe.dtype)
        with no_grad():
            p = softmax(model(x), 1).cpu().numpy()[0]
        best = np.argsort(-p)[: arguments.top]
        print(f"{path}: " + ", ".join(f"{classes[i]} {p[i]:.1%}" for i in best))
    return 0
