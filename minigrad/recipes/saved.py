"""The files of a run: its whole state, to go on with, and the trained model, to use.

    checkpoint.safetensors    {"run": the recipe, "model": weights, "optimizer": ..., ...}, written while it trains
    model.safetensors         {"recipe": the recipe, "model": weights, ...}, written at the end
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from ..errors import ArgumentError, FileFormatError
from ..io import load
from .recipe import Recipe

CHECKPOINT, MODEL = "checkpoint.safetensors", "model.safetensors"


def read_checkpoint(folder: Path) -> tuple[Path, dict[str, Any]]:
    """Return the checkpoint of the run in `folder`, which may also be the file itself, and its path.

    Raises  FileFormatError if there is another file in its place; OSError if there is none
    """
    path = folder / CHECKPOINT if folder.is_dir() else folder
    state = load(path)
    if not isinstance(state, dict) or not isinstance(state.get("run"), dict):
        raise FileFormatError(f"{path}: not the checkpoint of a run\nHint: give the folder of an earlier --out")
    return path, state


def restored(described: Any, kinds: Mapping[str, type[Recipe]], where: Path) -> Recipe:
    """Return the recipe that a file describes.

    Raises  FileFormatError if this version has none of its name, or other fields
    """
    values = dict(described) if isinstance(described, dict) else {}
    name = values.pop("recipe", None)
    if name not in kinds:
        raise FileFormatError(f"{where}: its recipe is {name!r}, there are {', '.join(kinds)}")
    known = {each.name for each in fields(kinds[name])}
    wrong = [f"{text} {', '.join(sorted(names))}" for text, names in
             (("no", known - set(values)), ("an unknown", set(values) - known)) if names]  # fmt: skip
    if wrong:
        raise FileFormatError(f"{where}: its recipe {name} has {' and '.join(wrong)}\nHint: minigrad has changed since")
    try:
        return kinds[name](**values)
    except ArgumentError as error:
        raise FileFormatError(f"{where}: its recipe is not of this version of minigrad: {error}") from error


def read_model(path: Path, kinds: Mapping[str, type[Recipe]]) -> tuple[Recipe, dict[str, Any]]:
    """Return the recipe and the contents of a model.safetensors.

    Raises  FileFormatError if it is another file
    """
    path = path / MODEL if path.is_dir() else path
    state = load(path)
    if not isinstance(state, dict) or not {"recipe", "model"} <= set(state) or not isinstance(state["model"], dict):
        raise FileFormatError(f"{path}: not a trained model\nHint: give the {MODEL} of a run")
    return restored(state["recipe"], kinds, path), state
