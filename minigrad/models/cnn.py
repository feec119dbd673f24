"""The classic small convolutional network, in the style everybody knows from PyTorch's tutorials."""

from __future__ import annotations

from .. import nn
from ..nn import functional as F
from ..tensor import Tensor


class CNN(nn.Module):
    """Two convolutions, each with relu and 2×2 max-pooling, then two linear layers.

    Shapes  x (N, channels, size, size), size a multiple of 4  ->  scores (N, classes)
    """

    def __init__(self, channels: int = 1, size: int = 28, classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 32, 3, padding=1)
        self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
        self.fc1 = nn.Linear(64 * (size // 4) ** 2, 128)
        self.fc2 = nn.Linear(128, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores."""
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.relu(self.fc1(x.flatten(1)))
        y: Tensor = self.fc2(x)
        return y
