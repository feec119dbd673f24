"""Dropout layers: random zeros in training, the identity in evaluation."""

from __future__ import annotations

from typing import ClassVar

from .. import ops
from ..errors import ArgumentError
from ..tensor import Tensor
from .module import Module


class _Dropout(Module):
    op: ClassVar[str]

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ArgumentError(f"{type(self).__name__}: p is a probability and must lie in [0, 1], got {p}")
        self.p = p

    def forward(self, input: Tensor) -> Tensor:
        """Drop, in training."""
        y: Tensor = getattr(ops, self.op)(input, self.p, self.training)
        return y

    def extra_repr(self) -> str:
        """Name the probability."""
        return f"p={self.p}"


class Dropout(_Dropout):
    """Set values to 0 with probability p. See `ops.dropout`.

    Source  Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014
    """

    op = "dropout"


class Dropout1d(_Dropout):
    """Set whole channels of (N, C, W) to 0 with probability p. See `ops.dropout1d`."""

    op = "dropout1d"


class Dropout2d(_Dropout):
    """Set whole channels of (N, C, H, W) to 0 with probability p. See `ops.dropout2d`."""

    op = "dropout2d"


class Dropout3d(_Dropout):
    """Set whole channels of (N, C, D, H, W) to 0 with probability p. See `ops.dropout3d`."""

    op = "dropout3d"


class AlphaDropout(_Dropout):
    """Drop values while keeping mean and variance, for SELU networks. See `ops.alpha_dropout`."""

    op = "alpha_dropout"
