"""The multilayer perceptron.

Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors", 1986.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from .. import nn
from ..tensor import Tensor


class MLP(nn.Module):
    """Fully connected layers with relu between them, on flattened input.

    Shapes  x (N, ...) of `in_features` numbers each  ->  scores (N, classes)
    """

    def __init__(self, in_features: int = 784, hidden: Sequence[int] = (256,), classes: int = 10) -> None:
        super().__init__()
        widths = [in_features, *hidden]
        layers: list[nn.Module] = [nn.Flatten()]
        for n, m in pairwise(widths):
            layers += [nn.Linear(n, m), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Linear(widths[-1], classes))

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores."""
        y: Tensor = self.layers(x)
        return y
