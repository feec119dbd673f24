"""Mistakes around training: batches, seeds, modes, the loop."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import Any

import numpy as np

from .... import nn, ops
from ....data import ArrayDataset, DataLoader, WeightedRandomSampler
from ....data.stream import stream_for
from ....ops import tensor
from ....optim import SGD
from ....random import Generator, default_generator
from ....train import Trainer
from ..example import Probe
from ..mutant import Mutant
from . import laws


def _loader(**options: Any) -> Any:
    options = {"batch_size": 3, "generator": Generator(3), "shuffle": True, **options}
    return DataLoader(ArrayDataset(np.arange(8)), **options)


def _epochs(count: int = 2, **options: Any) -> Any:
    loader = _loader(**options)
    return [[batch.tolist() for batch in loader] for _ in range(count)]


def _augmented() -> Any:
    """Return what a random transform draws for each batch."""
    def collate(items: list[Any]) -> Any:
        return stream_for(None).uniform((1,)).tolist()

    return list(_loader(collate_fn=collate))


def _resumed() -> Any:
    first = _loader()
    batches = iter(first)
    next(batches)
    second = _loader()
    second.load_state_dict(first.state_dict())
    return [batch.tolist() for batch in second]


def _drawn() -> Any:
    generator = Generator(0)
    return [generator.uniform((2,)).tolist() for _ in range(2)]


def _integers() -> Any:
    return Generator(0).integers(0, 3, (200,)).max()


def _weighted() -> Any:
    return sorted(Counter(WeightedRandomSampler([1.0, 0.0, 3.0], 300, generator=Generator(0))).items())


def _trainer() -> Any:
    before = default_generator.get_state()
    try:
        default_generator.manual_seed(0)
        model = nn.Sequential(nn.Linear(2, 3), nn.Dropout(0.5), nn.Linear(3, 2))
        return Trainer(model, SGD(model.parameters(), lr=0.1), ops.cross_entropy)
    finally:
        default_generator.set_state(before)


_X, _Y = np.random.default_rng(0).normal(size=(5, 2)).astype("float32"), np.array([0, 1, 1, 0, 1])
_BATCHES = [(tensor(_X[:4]), tensor(_Y[:4])), (tensor(_X[4:]), tensor(_Y[4:]))]


def _evaluated() -> Any:
    trainer = _trainer()
    trainer.model.train()
    return trainer.evaluate(_BATCHES), trainer.model.training


def _fitted() -> Any:
    before = default_generator.get_state()
    try:
        trainer = _trainer()
        default_generator.manual_seed(1)
        trainer.fit(_BATCHES, 2)
        return [p.numpy().copy() for p in trainer.model.parameters()]
    finally:
        default_generator.set_state(before)


MUTANTS = [
    Mutant(
        "epochs-alike", "data", "minigrad.data.dataloader:DataLoader._new_epoch",
        "int(stream_for(self.generator).bits(1)[0])", "0",
        "every epoch in the same order: lucidrains/DALLE-pytorch#230",
        laws.RUNS, Probe(_epochs),
    ),
    Mutant(
        "batches-augmented-alike", "data", "minigrad.data.dataloader:DataLoader._batches",
        "drawing_from(substream(seed, number))", "drawing_from(substream(seed, 0))",
        "the same random crops again and again: Lightning-AI/pytorch-lightning#20412 has them every epoch",
        laws.RUNS, Probe(_augmented),
    ),
    Mutant(
        "batch-repeated", "data", "minigrad.data.dataloader:DataLoader._batches",
        "if number > done:", "if number >= done:",
        "a run that is resumed sees its last batch once more",
        laws.RUNS, Probe(_resumed),
    ),
    Mutant(
        "last-batch-lost", "data", "minigrad.data.sampler:BatchSampler.__iter__",
        "if batch and not self.drop_last:", "if batch and self.drop_last:",
        "the remainder is dropped when it should be kept, and kept when it should be dropped",
        laws.OPTIONS, Probe(_epochs),
    ),
    Mutant(
        "loader-length", "data", "minigrad.data.sampler:BatchSampler.__len__",
        "if self.drop_last else -(-n // self.batch_size)", "if self.drop_last else n // self.batch_size",
        "a length without the last, shorter batch: a schedule that ends a step early",
        laws.VALUES, Probe(lambda: len(_loader())),
    ),
    Mutant(
        "shuffle-repeats", "data", "minigrad.data.sampler:RandomSampler.__iter__",
        "if self.replacement:", "if not self.replacement:",
        "an epoch that draws with replacement: a third of the data is never seen",
        laws.RUNS, Probe(lambda: sorted(chain(*_epochs(1)[0]))),
    ),
    Mutant(
        "weighted-never-first", "data", "minigrad.data.sampler:WeightedRandomSampler.__iter__",
        'np.searchsorted(ends, u, side="right")', 'np.searchsorted(ends, u, side="right").clip(1)',
        "the first index is never drawn",
        laws.VALUES, Probe(_weighted),
    ),
    Mutant(
        "stream-stands-still", "randomness", "minigrad.random:Generator.reserve",
        "start.position + -(-words // WORDS)", "start.position",
        "every draw is the first draw",
        laws.RANDOMNESS, Probe(_drawn),
    ),
    Mutant(
        "integers-inclusive", "randomness", "minigrad.random:Generator.integers",
        "(u * span)", "(u * (span + 1))",
        "the upper bound is drawn too: Python's randint for NumPy's",
        laws.VALUES, Probe(_integers),
    ),
    Mutant(
        "gradients-never-zeroed", "the loop", "minigrad.train.trainer:Trainer.step",
        "self.optimizer.zero_grad()", "pass",
        "the gradients of all batches so far add up: the first question of every beginner's forum",
        laws.STEPS, Probe(_fitted), ("tests/train/test_trainer.py",),
    ),
    Mutant(
        "gradients-zeroed-late", "the loop", "minigrad.train.trainer:Trainer.step",
        "loss.backward()", "loss.backward(); self.optimizer.zero_grad()",
        "zero_grad between backward and step: nothing is ever learned",
        laws.STEPS, Probe(_fitted),
    ),
    Mutant(
        "evaluated-in-training-mode", "the loop", "minigrad.train.trainer:Trainer.evaluate",
        "self.model.eval()", "self.model.train()",
        "the validation loss has dropout in it",
        laws.MODES, Probe(_evaluated),
    ),
    Mutant(
        "mode-left-behind", "the loop", "minigrad.train.trainer:Trainer.evaluate",
        "self.model.train(training)", "pass",
        "after the first evaluation the model is trained in evaluation mode",
        laws.MODES, Probe(_evaluated),
    ),
    Mutant(
        "means-of-means", "the loop", "minigrad.train.trainer:Trainer._add",
        "n = len(y)", "n = 1",
        "the mean of the batches' means: a last batch of one example counts as much as sixty-four",
        laws.VALUES, Probe(_evaluated),
    ),
    Mutant(
        "schedule-by-epoch", "the loop", "minigrad.train.trainer:Trainer.__init__",
        'self.schedule_by = "epoch" if isinstance(scheduler, ReduceLROnPlateau) else schedule_by',
        'self.schedule_by = "epoch"',
        "a schedule meant for batches, stepped by the epoch",
        laws.SCHEDULES, Probe(lambda: _trainer().schedule_by),
    ),
]  # fmt: skip
