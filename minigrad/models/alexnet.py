"""AlexNet for small pictures: Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional
neural networks", 2012.

The paper's five convolutions and three linear layers, with overlapping pooling and dropout; strides and widths are
scaled from 224×224 pictures to 32×32 ones.
"""

from __future__ import annotations

from .. import nn
from ..tensor import Tensor


class AlexNet(nn.Module):
    """Five convolutions, three max-poolings, three linear layers.

    Shapes  x (N, channels, H, W), at least 16×16  ->  scores (N, classes)
    """

    def __init__(self, channels: int = 3, classes: int = 10, dropout: float = 0.5) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(channels, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2, padding=1),
            nn.Conv2d(64, 192, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2, padding=1),
            nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(),
            nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(),
            nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2, padding=1),
            nn.AdaptiveAvgPool2d(4),
        )  # fmt: skip
        self.classifier = nn.Sequential(
            nn.Flatten(), nn.Dropout(dropout), nn.Linear(256 * 16, 512), nn.ReLU(),
            nn.Dropout(dropout), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, classes),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores."""
        y: Tensor = self.classifier(self.features(x))
        return y
