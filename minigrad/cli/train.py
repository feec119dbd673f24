"""Train a network on real data, and show how well it does: pictures unless a RECIPE is named.

Writes to --out: metrics.json, history.csv, curves.png, confusion.png, mistakes.png, filters.png, model.safetensors
(the weights, for `minigrad predict`) and checkpoint.safetensors (the whole run, for --resume). The recipes for
sequences, a page each in minigrad/recipes, write what is worth seeing of theirs.
"""

from __future__ import annotations

import argparse
import json
import shlex
import time
from collections.abc import Callable
from dataclasses import asdict, fields
from functools import partial
from pathlib import Path
from typing import Any

from ..data import DataLoader
from ..errors import ArgumentError
from ..io import atomic_write
from ..nn import functional as F
from ..optim import SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop
from ..optim.lr_scheduler import OneCycleLR
from ..random import manual_seed
from ..recipes import RECIPES, Run
from ..recipes.recipe import add_options, differences, spelled
from ..recipes.saved import CHECKPOINT, read_checkpoint, restored
from ..train import Checkpoint, ConfusionMatrix, HistoryLog, ProgressBar, Trainer, accuracy
from .classifier import (
    DTYPES,
    MODELS,
    OPTIMIZERS,
    PICTURES,
    Recipe,
    build_model,
    load_pictures,
    save_classifier,
    stored_recipe,
)
from .report import report

DIGITS = "digits"
ABOUT_THE_RUN = ("command", "run", "recipe", "out", "resume", "device")  # no part of what a sequence recipe trains


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Declare the options, before and after the name of a recipe; without one they are those of the pictures."""
    _add_picture_options(command)
    recipes = command.add_subparsers(dest="recipe", metavar="RECIPE", title="recipes")
    summaries = {DIGITS: "pictures of digits and things, by a convolutional network: what no RECIPE means"}
    for name in (DIGITS, *RECIPES):
        summary = summaries.get(name) or (RECIPES[name].__doc__ or "").splitlines()[0]
        recipe = recipes.add_parser(name, help=summary, description=summary, argument_default=argparse.SUPPRESS)
        if name == DIGITS:
            _add_picture_options(recipe, argparse.SUPPRESS)
        else:
            add_options(recipe, RECIPES[name])
            recipe.add_argument("--device", choices=("cpu", "cuda"), help="default cpu")
            _add_folders(recipe, argparse.SUPPRESS, name)


def _add_folders(command: argparse.ArgumentParser, default: Any, name: str) -> None:
    option = partial(command.add_argument, type=Path, default=default, metavar="DIR")
    option("--out", help=f"default runs/{name}-TIME")
    option("--resume", help="go on with the run in this folder")


def _add_picture_options(command: argparse.ArgumentParser, default: Any = None) -> None:
    """Declare the options of a classifier of pictures; `Recipe` has the defaults of those left out."""
    usual = Recipe()
    option = partial(command.add_argument, default=default)
    option("--model", choices=MODELS, help=f"default {usual.model}")
    option("--data", choices=PICTURES, help=f"default {usual.data}: 10,000 of MNIST, shipped along")
    option("--epochs", type=int, help=f"default {usual.epochs}")
    option("--batch-size", type=int, help=f"default {usual.batch_size}")
    option("--lr", type=float, help=f"the largest learning rate of the schedule, default {usual.lr}")
    option("--optimizer", choices=OPTIMIZERS, help=f"default {usual.optimizer}")
    option("--seed", type=int, help=f"default {usual.seed}")
    option("--device", help=f"cpu or cuda, default {usual.device}")
    option("--dtype", choices=DTYPES, help=f"default {usual.dtype}")
    option("--no-augment", dest="augment", action="store_false", help="train on the pictures as they are")
    _add_folders(command, default, "MODEL-DATA")


def given_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the fields of a recipe that the options set."""
    names = Recipe.__dataclass_fields__
    return {name: value for name, value in vars(arguments).items() if name in names and value is not None}


def make_optimizer(recipe: Recipe, parameters: Any) -> Optimizer:
    """Return the optimizer of the recipe."""
    if recipe.optimizer == "sgd":
        return SGD(parameters, lr=recipe.lr, momentum=0.9, nesterov=True)
    kinds: dict[str, Callable[..., Optimizer]] = {"adam": Adam, "adamw": AdamW, "rmsprop": RMSprop, "adagrad": Adagrad}
    return kinds[recipe.optimizer](parameters, lr=recipe.lr)


def build(recipe: Recipe, out: Path, console: Any) -> tuple[Trainer, DataLoader, DataLoader, tuple[str, ...]]:
    """Return the trainer of a run, its training data, its test data, and the names of the classes."""
    manual_seed(recipe.seed)
    model = build_model(recipe)
    loader = DataLoader(load_pictures(recipe, "train"), recipe.batch_size, shuffle=True, num_workers=1)
    pictures = load_pictures(recipe, "test")
    test = DataLoader(pictures, 500)
    optimizer = make_optimizer(recipe, model.parameters())
    trainer = Trainer(
        model, optimizer, F.cross_entropy, metrics={"accuracy": accuracy},
        scheduler=OneCycleLR(optimizer, recipe.lr, total_steps=recipe.epochs * len(loader), cycle_momentum=False),
        callbacks=[ProgressBar(console), HistoryLog(out / "history.csv"), Checkpoint(out / CHECKPOINT, asdict(recipe))],
    )  # fmt: skip
    return trainer, loader, test, pictures.info.classes


def refuse_contradictions(recipe: Any, given: dict[str, Any]) -> None:
    """Refuse options that contradict the recipe of the run to go on with."""
    if told := differences(recipe, given):
        raise ArgumentError(
            f"--resume: the run was begun with {told}\n"
            "Hint: leave the option out to finish the run as it was planned, or begin a new one"
        )


def run(arguments: argparse.Namespace) -> int:
    """Train by the recipe that is named, or that the run to go on with was begun by."""
    found = None if arguments.resume is None else read_checkpoint(arguments.resume)
    begun = DIGITS if found is None else found[1]["run"].get("recipe", DIGITS)
    name = arguments.recipe or begun
    if found is not None and name != begun:
        raise ArgumentError(
            f"--resume: {arguments.resume} holds a run of {begun}, not of {name}\n"
            f"Hint: minigrad train --resume {shlex.quote(str(arguments.resume))}"
        )
    if name == DIGITS:
        return train_on_pictures(arguments, found)
    return train_by_recipe(name, arguments, found)


def train_by_recipe(name: str, arguments: argparse.Namespace, found: tuple[Path, dict[str, Any]] | None) -> int:
    """Run a recipe, from the start or from a checkpoint."""
    kind = RECIPES.get(name)
    known = [] if kind is None else [each.name for each in fields(kind)]
    given = {option: value for option, value in vars(arguments).items()
             if value is not None and option not in ABOUT_THE_RUN}  # fmt: skip
    foreign = [f"--{'no-' if value is False else ''}{spelled(option)}" for option, value in given.items()
               if option not in known]  # fmt: skip
    if kind is not None and foreign:
        raise ArgumentError(f"{name} has no {', '.join(foreign)}\nHint: minigrad train {name} --help lists its options")
    if found is None:
        out, source = arguments.out or Path("runs") / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}", None
        recipe = RECIPES[name](**given)
    else:
        path, state = found
        recipe, source = restored(state["run"], RECIPES, path), path.parent
        refuse_contradictions(recipe, given)
        out = arguments.out or source
    Run(recipe, out, source, device=getattr(arguments, "device", None) or "cpu").execute()
    return 0


def train_on_pictures(arguments: argparse.Namespace, found: tuple[Path, dict[str, Any]] | None) -> int:
    """Train a classifier of pictures, evaluate it, and write the results."""
    from rich.console import Console

    console = Console()
    say = partial(console.print, highlight=False, markup=False, soft_wrap=True)
    given = given_options(arguments)
    state = None
    if found is not None:
        path, state = found
        recipe, out = stored_recipe(state["run"], path), arguments.out or path.parent
        refuse_contradictions(recipe, given)
    else:
        recipe = Recipe(**given)
        out = arguments.out or Path("runs") / f"{recipe.model}-{recipe.data}-{time.strftime('%Y%m%d-%H%M%S')}"
    trainer, loader, test, classes = build(recipe, out, console)
    if state is not None:
        trainer.load_state_dict(state)
    out.mkdir(parents=True, exist_ok=True)
    count = sum(p.numel() for p in trainer.model.parameters())
    pictures = f"{len(loader.dataset):,} pictures to train on, {len(test.dataset):,} to test"
    say(f"{recipe.model} ({count:,} parameters) on {recipe.data}: {pictures}")
    started = time.perf_counter()
    try:
        trainer.fit(loader, recipe.epochs, validation=test)
    except KeyboardInterrupt:
        if (out / CHECKPOINT).exists():
            say(f"interrupted; go on with  minigrad train --resume {shlex.quote(str(out))}")
        raise
    seconds = time.perf_counter() - started
    save_classifier(out / "model.safetensors", trainer.model, recipe, classes)
    images, matrix = report(trainer, test, list(classes), recipe, out)
    write_metrics(out / "metrics.json", recipe, trainer, matrix, seconds)
    say(f"test accuracy {matrix.accuracy():.2%} after {seconds:.1f} s; written to {out}:")
    for path in [out / "metrics.json", out / "history.csv", *images, out / "model.safetensors", out / CHECKPOINT]:
        say(f"  {path}")
    return 0


def write_metrics(path: Path, recipe: Recipe, trainer: Trainer, matrix: ConfusionMatrix, seconds: float) -> None:
    """Write the results and the recipe; `seconds` are those of training in this process."""
    metrics = {
        "test_accuracy": matrix.accuracy(), "seconds": round(seconds, 3),
        "parameters": sum(p.numel() for p in trainer.model.parameters()), **asdict(recipe), "epochs": trainer.epoch,
        "loss": trainer.history[-1]["val_loss"], "recall": matrix.recall().tolist(), "f1": matrix.f1().tolist(),
    }  # fmt: skip
    with atomic_write(path, "w") as file:
        json.dump(metrics, file, indent=1)
