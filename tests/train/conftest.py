"""A small run with everything that makes resuming hard: shuffling, augmentation, noise, a schedule."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import minigrad
from minigrad import nn
from minigrad.data import ArrayDataset, DataLoader
from minigrad.data.transforms import AddChannel, Compose, RandomAffine, ToFloat
from minigrad.nn import functional as F
from minigrad.optim import Adam
from minigrad.optim.lr_scheduler import OneCycleLR
from minigrad.train import Trainer, accuracy

EPOCHS = 3


class Noisy(nn.Module):
    """A linear classifier that draws from the default generator in training, as dropout does."""

    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(36, 8), nn.Linear(8, 3)

    def forward(self, x):
        h = F.relu(self.fc1(x.flatten(1)))
        return self.fc2(h + 0.1 * minigrad.randn(*h.shape) if self.training else h)


def build_run(callbacks=(), seed=7, workers=0):
    """Return a new run, a function of its arguments: its model, loader, validation data and trainer."""
    minigrad.manual_seed(seed)
    rng = np.random.default_rng(3)
    pictures, classes = rng.integers(0, 256, (44, 6, 6), dtype=np.uint8), rng.integers(0, 3, 44)
    augment = Compose([AddChannel(), ToFloat(), RandomAffine(degrees=20, translate=(0.1, 0.1))])
    loader = DataLoader(ArrayDataset(pictures, classes, transform=augment), 8, shuffle=True, num_workers=workers)
    plain = Compose([AddChannel(), ToFloat()])
    validation = DataLoader(ArrayDataset(pictures[:20], classes[:20], transform=plain), 7)
    model = Noisy()
    optimizer = Adam(model.parameters(), lr=0.01)
    trainer = Trainer(
        model, optimizer, F.cross_entropy, metrics={"accuracy": accuracy},
        scheduler=OneCycleLR(optimizer, 0.02, total_steps=EPOCHS * len(loader)), callbacks=callbacks,
    )  # fmt: skip
    return SimpleNamespace(model=model, loader=loader, validation=validation, trainer=trainer, epochs=EPOCHS)


@pytest.fixture(name="build_run")
def build_run_fixture():
    return build_run
