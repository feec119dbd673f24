"""Who is speaking? Nine men say two vowels; a recurrent network tells them apart.

    7 to 29 steps of 12 numbers  ->  GRU or LSTM, both ways  ->  mean over the steps there are  ->  9 scores

Sequences of a batch are padded to the longest; their lengths go along, and what is padding is never seen.

B sequences, T steps, M width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from .. import nn, ops
from ..data import ArrayDataset, DataLoader, load, pad_collate
from ..grad_mode import no_grad
from ..nn import functional as F
from ..random import default_generator
from ..tensor import Tensor
from ..train import ConfusionMatrix, accuracy, plot_confusion
from .recipe import Recipe, option
from .run import Run
from .tokens import beside

KINDS = {"gru": nn.GRU, "lstm": nn.LSTM}
FEATURES, SPEAKERS = 12, 9


class SpeakerNet(nn.Module):
    """A recurrent network that reads both ways, the mean of its outputs, and a linear layer.

    Shapes  x (B, T, 12), lengths (B)  ->  scores (B, 9)
    """

    def __init__(self, kind: str, width: int, layers: int, dropout: float, noise: float) -> None:
        super().__init__()
        between = dropout if layers > 1 else 0.0
        self.rnn = KINDS[kind](FEATURES, width, layers, batch_first=True, bidirectional=True, dropout=between)
        self.drop = nn.Dropout(dropout)
        self.head = nn.Linear(2 * width, SPEAKERS)
        self.noise = noise

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Return the scores. In training every number is shaken a little: 270 sequences are soon known by heart."""
        if self.training and self.noise:
            x = x + self.noise * ops.as_tensor(default_generator.normal(x.shape, x.dtype)).to(x.device)
        y, _ = self.rnn(x, lengths=lengths)
        there = nn.length_mask(lengths, x.shape[1]).unsqueeze(-1).to(device=x.device, dtype=x.dtype)
        mean = (y * there).sum(1) / there.sum(1)
        scores: Tensor = self.head(self.drop(mean))
        return scores


@dataclass(frozen=True)
class SpeakersRecipe(Recipe):
    """Nine speakers told apart by two vowels, by a GRU or an LSTM."""

    NAME: ClassVar[str] = "speakers"

    model: str = option("gru", "the recurrent layer", choices=tuple(KINDS))
    epochs: int = option(40, "passes over the 270 sequences")
    batch_size: int = option(15, "sequences to a step")
    lr: float = option(0.005, "the largest learning rate of the schedule", least=1e-9, most=100)
    layers: int = option(1, "recurrent layers, one upon the other")
    width: int = option(64, "numbers that each direction remembers")
    dropout: float = option(0.3, "share of numbers set to 0 in training", least=0, most=0.9)
    noise: float = option(0.3, "standard deviation of the noise on the input in training", least=0, most=10)

    def train(self, run: Run) -> dict[str, Any]:
        """Train on 270 sequences, test on the 370 others."""
        train, test = load("japanese_vowels", "train"), load("japanese_vowels", "test")
        steps = np.concatenate(list(train.x))
        mean, std = steps.mean(0), steps.std(0)
        loader = DataLoader(scaled(train.x, train.y, mean, std), self.batch_size, shuffle=True, collate_fn=pad_collate)
        held_out = DataLoader(scaled(test.x, test.y, mean, std), 100, collate_fn=pad_collate)

        model = SpeakerNet(self.model, self.width, self.layers, self.dropout, self.noise)
        trainer = run.fit(model, loader, held_out, F.cross_entropy, metrics={"accuracy": accuracy})
        run.save_model(model, mean=mean, std=std, classes=list(train.info.classes))

        matrix = ConfusionMatrix(SPEAKERS)
        model.eval()
        with no_grad():
            for x, lengths, y in (beside(model, *batch) for batch in held_out):
                matrix.update(model(x, lengths), y)
        run.keep(plot_confusion(matrix.counts, run.out / "confusion.png", train.info.classes))
        return {"test_accuracy": matrix.accuracy(), "test_loss": trainer.history[-1]["val_loss"],
                "recall": matrix.recall().tolist()}  # fmt: skip


def scaled(x: Sequence[Any], y: Any, mean: np.ndarray[Any, Any], std: np.ndarray[Any, Any]) -> ArrayDataset:
    """Return sequences with every feature brought to mean 0 and standard deviation 1."""
    sequences = np.empty(len(x), object)
    sequences[:] = [((each - mean) / std).astype(np.float32) for each in x]
    return ArrayDataset(sequences, y)
