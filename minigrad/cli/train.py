"""Train a network on real pictures, and show how well it does.

Writes to --out: metrics.json, history.csv, curves.png, confusion.png, mistakes.png, filters.png, model.safetensors
(the weights, for `minigrad predict`) and checkpoint.safetensors (the whole run, for --resume).
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ..data import DataLoader
from ..errors import ArgumentError, FileFormatError
from ..io import atomic_write, load
from ..nn import functional as F
from ..optim import SGD, Adam, AdamW, Optimizer
from ..optim.lr_scheduler import OneCycleLR
from ..random import manual_seed
from ..train import Checkpoint, HistoryLog, ProgressBar, Trainer, accuracy
from .classifier import MODELS, PICTURES, Recipe, build_model, load_pictures, save_classifier
from .report import report

OPTIMIZERS = ("adam", "adamw", "sgd")
CHECKPOINT = "checkpoint.safetensors"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Declare the options; their defaults are those of `Recipe`."""
    usual = Recipe()
    command.add_argument("--model", choices=MODELS, default=usual.model)
    command.add_argument("--data", choices=PICTURES, default=usual.data, help="digits: 10,000 of MNIST, shipped along")
    command.add_argument("--epochs", type=int, default=None, help=f"default {usual.epochs}")
    command.add_argument("--batch-size", type=int, default=usual.batch_size)
    command.add_argument("--lr", type=float, default=usual.lr, help="the largest learning rate of the schedule")
    command.add_argument("--optimizer", choices=OPTIMIZERS, default=usual.optimizer)
    command.add_argument("--seed", type=int, default=usual.seed)
    command.add_argument("--device", default=usual.device, help='"cpu" or "cuda"')
    command.add_argument("--dtype", choices=("float32", "float64"), default=usual.dtype)
    command.add_argument("--no-augment", dest="augment", action="store_false", help="train on the pictures as they are")
    command.add_argument("--out", type=Path, default=None, metavar="DIR", help="default runs/MODEL-DATA-TIME")
    command.add_argument("--resume", type=Path, default=None, metavar="DIR", help="go on with the run in this folder")


def recipe_of(arguments: argparse.Namespace) -> Recipe:
    """Return the recipe that the options describe."""
    names = Recipe.__dataclass_fields__
    given = {name: value for name, value in vars(arguments).items() if name in names and value is not None}
    return Recipe(**given)


def make_optimizer(recipe: Recipe, parameters: Any) -> Optimizer:
    """Return the optimizer of the recipe."""
    if recipe.optimizer == "sgd":
        return SGD(parameters, lr=recipe.lr, momentum=0.9, nesterov=True)
    return (AdamW if recipe.optimizer == "adamw" else Adam)(parameters, lr=recipe.lr)


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
        scheduler=OneCycleLR(optimizer, recipe.lr, total_steps=recipe.epochs * len(loader)),
        callbacks=[ProgressBar(console), HistoryLog(out / "history.csv"), Checkpoint(out / CHECKPOINT, asdict(recipe))],
    )  # fmt: skip
    return trainer, loader, test, pictures.info.classes


def resumed(folder: Path, epochs: int | None) -> tuple[Recipe, dict[str, Any]]:
    """Return the recipe and the state of the run in `folder`."""
    path = folder / CHECKPOINT if folder.is_dir() else folder
    state = load(path)
    if not isinstance(state, dict) or "run" not in state:
        raise FileFormatError(f"{path}: not the checkpoint of a run\nHint: give the folder of an earlier --out")
    recipe = Recipe(**state["run"])
    if epochs not in (None, recipe.epochs):
        raise ArgumentError(
            f"--epochs: the run is planned for {recipe.epochs} epochs, its learning rates follow from that; "
            "leave --epochs out to finish it"
        )
    return recipe, state


def run(arguments: argparse.Namespace) -> int:
    """Train, evaluate, and write the results."""
    from rich.console import Console

    console = Console()
    recipe, state = recipe_of(arguments), None
    out: Path = arguments.out or Path("runs") / f"{recipe.model}-{recipe.data}-{time.strftime('%Y%m%d-%H%M%S')}"
    if arguments.resume is not None:
        recipe, state = resumed(arguments.resume, arguments.epochs)
        out = arguments.out or (arguments.resume if arguments.resume.is_dir() else arguments.resume.parent)
    out.mkdir(parents=True, exist_ok=True)
    trainer, loader, test, classes = build(recipe, out, console)
    if state is not None:
        trainer.load_state_dict(state, loader)
    count = sum(p.numel() for p in trainer.model.parameters())
    console.print(
        f"{recipe.model} ({count:,} parameters) on {recipe.data}: {len(loader.dataset):,} pictures to train on, "
        f"{len(test.dataset):,} to test", highlight=False,
    )  # fmt: skip
    started = time.perf_counter()
    try:
        trainer.fit(loader, recipe.epochs, validation=test)
    except KeyboardInterrupt:
        console.print(f"interrupted; go on with  minigrad train --resume {out}", highlight=False)
        raise
    seconds = time.perf_counter() - started
    save_classifier(out / "model.safetensors", trainer.model, recipe, classes)
    pictures, matrix = report(trainer, test, list(classes), recipe, out)
    metrics = {
        "test_accuracy": matrix.accuracy(), "seconds": round(seconds, 3), "epochs": trainer.epoch, "parameters": count,
        **asdict(replace(recipe, epochs=trainer.epoch)),
        "loss": trainer.history[-1]["val_loss"], "recall": matrix.recall().tolist(), "f1": matrix.f1().tolist(),
    }  # fmt: skip
    with atomic_write(out / "metrics.json", "w") as file:
        json.dump(metrics, file, indent=1)
    console.print(f"test accuracy {matrix.accuracy():.2%} after {seconds:.1f} s; written to {out}:", highlight=False)
    for path in [out / "metrics.json", out / "history.csv", *pictures, out / "model.safetensors", out / CHECKPOINT]:
        console.print(f"  {path}", highlight=False)
    return 0
