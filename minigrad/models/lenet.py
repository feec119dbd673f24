"""LeNet-5: LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition", 1998, fig. 2.

The two differences of the usual modern version: every filter of C3 sees all maps of S2, and the output layer is linear
instead of radial basis functions.
"""

from __future__ import annotations

from .. import nn
from ..tensor import Tensor


class LeNet(nn.Module):
    """C1, S2, C3, S4, C5, F6 and the output layer, with tanh and average pooling as in the paper.

    Shapes  x (N, channels, 28, 28), padded to the paper's 32×32  ->  scores (N, classes)
    """

    def __init__(self, channels: int = 1, classes: int = 10) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(channels, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2),  # 6 maps of 14×14
            nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),                   # 16 maps of 5×5
            nn.Conv2d(16, 120, 5), nn.Tanh(),                                  # 120 numbers
        )  # fmt: skip
        self.classifier = nn.Sequential(nn.Flatten(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, classes))

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores."""
        y: Tensor = self.classifier(self.features(x))
        return y
