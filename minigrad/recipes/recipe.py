"""What a run is made from: a few numbers and names, each an option of the command line and an entry of the checkpoint.

    layers: int = option(4, "blocks, one upon the other")      ->      minigrad train gpt --layers 6
"""

from __future__ import annotations

import argparse
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import Field, asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from ..errors import ArgumentError

if TYPE_CHECKING:
    from .run import Run

T = TypeVar("T", int, float, str)


def option(default: T, help: str, choices: tuple[str, ...] = (), least: float = 1, most: float = math.inf) -> T:
    """Declare a field of a recipe. A number lies in [least, most]; a text is one of `choices`."""
    chosen: T = field(default=default, metadata={"help": help, "choices": choices, "least": least, "most": most})
    return chosen


@dataclass(frozen=True)
class Recipe(ABC):
    """The choices that a run is built from, and how to run it. A subclass adds its own choices, and a page of code."""

    NAME: ClassVar[str]

    epochs: int = option(10, "passes over the data")
    batch_size: int = option(32, "sequences to a step")
    lr: float = option(0.001, "the largest learning rate of the schedule", least=1e-9, most=100)
    seed: int = option(0, "of every random number", least=0, most=2**64 - 1)

    def __post_init__(self) -> None:
        for each in fields(self):
            _check(self.NAME, each, getattr(self, each.name))

    @abstractmethod
    def train(self, run: Run) -> dict[str, Any]:
        """Train, draw the pictures, and return the figures for metrics.json."""

    def described(self) -> dict[str, Any]:
        """Return the recipe as plain values; `restored` reads them."""
        return {"recipe": self.NAME, **asdict(self)}


def _check(recipe: str, each: Field[Any], value: Any) -> None:
    """Refuse a value of another type than the default's, or outside its range or choices."""
    name, limits, kind = f"--{spelled(each.name)}", each.metadata, type(each.default)
    if isinstance(value, bool) or not isinstance(value, (int, float) if kind is float else kind):
        raise ArgumentError(f"{recipe}: {name} should be of type {kind.__name__}, it is {value!r}")
    if kind is str:
        if value not in limits["choices"]:
            raise ArgumentError(f"{recipe}: {name} {value!r} is unknown; use one of {', '.join(limits['choices'])}")
    elif not limits["least"] <= value <= limits["most"]:
        upper = "" if limits["most"] == math.inf else f" and at most {limits['most']:g}"
        raise ArgumentError(f"{recipe}: {name} is {value}; it must be at least {limits['least']:g}{upper}")


def spelled(name: str) -> str:
    """Return a field's name as its option is spelled."""
    return name.replace("_", "-")


def add_options(command: argparse.ArgumentParser, kind: type[Recipe]) -> None:
    """Declare an option for each field; one that is not given leaves no trace in the namespace."""
    for each in fields(kind):
        usual = f"{each.metadata['help']}, default {each.default}"
        limits = {"choices": each.metadata["choices"]} if each.metadata["choices"] else {"type": type(each.default)}
        command.add_argument(f"--{spelled(each.name)}", default=argparse.SUPPRESS, help=usual, **limits)


def differences(recipe: Any, given: Mapping[str, Any]) -> str:
    """Return in words where given options contradict a recipe: "layers 4, not 2; seed 0, not 1"."""
    pairs = [(name, getattr(recipe, name), value) for name, value in given.items()]
    return "; ".join(f"{name} {there}, not {here}" for name, there, here in pairs if there != here)
