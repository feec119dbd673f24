"""What a picture classifier is made from: a model's name, a data set's name, and a few numbers, all plain.

They are stored with the weights, so that a file of weights is enough to build the model again and use it.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from ..data import LoadedDataset
from ..data import load as load_data
from ..data.transforms import AddChannel, Compose, Normalize, RandomAffine, RandomCrop, RandomHorizontalFlip, ToFloat
from ..errors import ArgumentError, FileFormatError
from ..io import load, save
from ..models import CNN, MLP, LeNet, ResNet
from ..nn import Module

MODELS = ("mlp", "lenet", "cnn", "resnet")
OPTIMIZERS = ("adam", "adamw", "sgd", "rmsprop", "adagrad")
DTYPES = ("float32", "float64")
CLASSES = 10  # in every one of the data sets below
# name: (pixels across, mean and standard deviation of each channel of the training pictures, in [0, 1])
PICTURES: dict[str, tuple[int, list[float], list[float]]] = {
    "digits": (28, [0.1307], [0.3081]),
    "mnist": (28, [0.1307], [0.3081]),
    "fashion_mnist": (28, [0.2860], [0.3530]),
    "cifar10": (32, [0.4914, 0.4822, 0.4465], [0.2470, 0.2435, 0.2616]),
}


@dataclass(frozen=True)
class Recipe:
    """The choices that a training run is built from."""

    model: str = "cnn"
    data: str = "digits"
    epochs: int = 16
    batch_size: int = 64
    lr: float = 0.004
    optimizer: str = "adam"
    seed: int = 0
    device: str = "cpu"
    dtype: str = "float32"
    augment: bool = True

    def __post_init__(self) -> None:
        choices = {"model": MODELS, "data": tuple(PICTURES), "optimizer": OPTIMIZERS, "dtype": DTYPES}
        for name, known in choices.items():
            if getattr(self, name) not in known:
                raise ArgumentError(f"{name} {getattr(self, name)!r} is unknown; use one of {', '.join(known)}")
        if self.model == "lenet" and PICTURES[self.data][0] != 28:
            raise ArgumentError(f"model lenet takes pictures of 28×28 pixels, those of {self.data} are larger; use cnn")
        if self.epochs < 1 or self.batch_size < 1 or not 0 < self.lr < math.inf:
            raise ArgumentError(
                f"epochs {self.epochs} and batch size {self.batch_size} must be at least 1, lr {self.lr} above 0"
            )


def build_model(recipe: Recipe) -> Module:
    """Return a new model of the recipe's kind, for its data, on its device."""
    size, mean, _ = PICTURES[recipe.data]
    channels = len(mean)
    models: dict[str, Callable[[], Module]] = {
        "mlp": lambda: MLP(channels * size * size),
        "lenet": lambda: LeNet(channels),
        "cnn": lambda: CNN(channels, size),
        "resnet": lambda: ResNet(20, channels),
    }
    return models[recipe.model]().to(dtype=recipe.dtype, device=recipe.device)


def transform(recipe: Recipe, training: bool) -> Compose:
    """Return what turns the stored pixels (uint8) into the model's input (N, C, H, W)."""
    size, mean, std = PICTURES[recipe.data]
    steps: list[Any] = [ToFloat()] if len(mean) > 1 else [AddChannel(), ToFloat()]
    if training and recipe.augment:
        if len(mean) > 1:
            steps += [RandomCrop(size, padding=4), RandomHorizontalFlip()]
        else:
            steps.append(RandomAffine(degrees=8, translate=(0.05, 0.05), scale=(0.95, 1.05)))
    return Compose([*steps, Normalize(mean, std)])


def load_pictures(recipe: Recipe, split: str) -> LoadedDataset:
    """Return a split of the recipe's data, transformed for training or for evaluation."""
    pictures = load_data(recipe.data, split)
    pictures.transform = transform(recipe, training=split == "train")
    return pictures


def save_classifier(path: str | os.PathLike[str], model: Module, recipe: Recipe, classes: tuple[str, ...]) -> None:
    """Write the weights, and what is needed to use them, to one file."""
    save({"recipe": asdict(recipe), "classes": list(classes), "model": model.state_dict()}, path)


def stored_recipe(stored: Any, path: str | os.PathLike[str]) -> Recipe:
    """Return the recipe that a file holds.

    Raises  FileFormatError if it has other fields, or values that this version does not know
    """
    try:
        return Recipe(**stored)
    except (TypeError, ArgumentError) as error:
        raise FileFormatError(f"{os.fspath(path)}: its recipe is not of this version of minigrad: {error}") from error


def load_classifier(path: str | os.PathLike[str]) -> tuple[Module, Recipe, list[str]]:
    """Return the model, the recipe and the names of the classes from a file of `save_classifier`.

    Raises  FileFormatError if the file is of another kind; StateError if the weights are of another model
    """
    state = load(path)
    if not isinstance(state, dict) or not {"recipe", "classes", "model"} <= set(state):
        raise FileFormatError(f"{os.fspath(path)}: not a classifier\nHint: give the model.safetensors of a run")
    recipe = replace(stored_recipe(state["recipe"], path), device="cpu")
    weights, classes = state["model"], state["classes"]
    if not isinstance(weights, dict) or not isinstance(classes, list) or len(classes) != CLASSES:
        raise FileFormatError(f"{os.fspath(path)}: needs the weights by name and {CLASSES} names of classes")
    model = build_model(recipe)
    model.load_state_dict(weights)
    return model.eval(), recipe, [str(name) for name in classes]
