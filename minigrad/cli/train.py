"""Train a network on real pictures, and show how well it does.

Writes to --out: metrics.json, history.csv, curves.png, confusion.png, mistakes.png, filters.png, model.safetensors
(the weights, for `minigrad predict`) and checkpoint.safetensors (the whole run, for --resume).
"""

from __future__ import annotations

import argparse
import json
import shlex
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from ..data import DataLoader
from ..errors import ArgumentError, FileFormatError
from ..io import atomic_write, load
from ..nn import functional as F
from ..optim import SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop
from ..optim.lr_scheduler import OneCycleLR
from ..random import manual_seed
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

CHECKPOINT = "checkpoint.safetensors"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Declare the options; one that is left out is None, and `Recipe` has its default."""
    usual = Recipe()
    option = partial(command.add_argument, default=None)
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
    command.add_argument("--out", type=Path, default=None, metavar="DIR", help="default runs/MODEL-DATA-TIME")
    command.add_argument("--resume", type=Path, default=None, metavar="DIR", help="go on with the run in this folder")


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


def resumed(folder: Path, given: dict[str, Any]) -> tuple[Recipe, dict[str, Any]]:
    """Return the recipe and the state of the run in `folder`; options that contradict the recipe are refused."""
    path = folder / CHECKPOINT if folder.is_dir() else folder
    state = load(path)
    if not isinstance(state, dict) or "run" not in state:
        raise FileFormatError(f"{path}: not the checkpoint of a run\nHint: give the folder of an earlier --out")
    recipe = stored_recipe(state["run"], path)
    for name, value in given.items():
        if value != getattr(recipe, name):
            raise ArgumentError(
                f"--resume: the run was begun with {name} {getattr(recipe, name)}, not {value}\n"
                "Hint: leave the option out to finish the run as it was planned, or begin a new one"
            )
    return recipe, state


def run(arguments: argparse.Namespace) -> int:
    """Train, evaluate, and write the results."""
    from rich.console import Console
    from threadpoolctl import threadpool_limits

    console = Console()
    say = partial(console.print, highlight=False, markup=False, soft_wrap=True)
    given = given_options(arguments)
    if arguments.resume is not None:
        recipe, state = resumed(arguments.resume, given)
        out = arguments.out or (arguments.resume if arguments.resume.is_dir() else arguments.resume.parent)
    else:
        recipe, state = Recipe(**given), None
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
        with threadpool_limits(1, user_api="blas"):  # threads of BLAS beside our own wait spinning: 3 times slower
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
