"""Recurrent cells as modules: one step at a time, for decoders and for loops of your own. The maths is in `ops`."""

from __future__ import annotations

import math
from typing import ClassVar

from .. import ops
from ..dtypes import DtypeLike
from ..errors import ArgumentError
from ..tensor import Tensor
from . import init
from .module import Module
from .parameter import Parameter


class _Cell(Module):
    """The weights of one cell: blocks of `hidden_size` rows, one per gate."""

    blocks: ClassVar[int]

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, dtype: DtypeLike | None = None) -> None:
        super().__init__()
        if hidden_size < 1:
            raise ArgumentError(f"{type(self).__name__}: hidden_size must be at least 1, got {hidden_size}")
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        rows = self.blocks * hidden_size
        self.weight_ih = Parameter(ops.empty(rows, input_size, dtype=dtype))
        self.weight_hh = Parameter(ops.empty(rows, hidden_size, dtype=dtype))
        self.bias_ih = Parameter(ops.empty(rows, dtype=dtype)) if bias else None
        self.bias_hh = Parameter(ops.empty(rows, dtype=dtype)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights anew."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def _start(self, input: Tensor) -> Tensor:
        """Return a state of zeros."""
        return input.new_zeros((*input.shape[:-1], self.hidden_size))

    def extra_repr(self) -> str:
        """Name the sizes."""
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else ", bias=False")


class RNNCell(_Cell):
    """Apply `ops.rnn_tanh_cell`, or with nonlinearity="relu" `ops.rnn_relu_cell`.

    Shapes    input (B, input_size), hx (B, hidden_size), zeros if it is left out  ->  as hx; or all without B
    Initial   weights and biases uniform in ±1/√hidden_size
    """

    blocks = 1

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh",
        dtype: DtypeLike | None = None,
    ) -> None:  # fmt: skip
        if nonlinearity not in ("tanh", "relu"):
            raise ArgumentError(f'RNNCell: nonlinearity is {nonlinearity!r}; use "tanh" or "relu"')
        super().__init__(input_size, hidden_size, bias, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """Return the next state."""
        h = self._start(input) if hx is None else hx
        if input.ndim == 1:
            return self.forward(input.unsqueeze(0), h.unsqueeze(0)).squeeze(0)
        cell = ops.rnn_tanh_cell if self.nonlinearity == "tanh" else ops.rnn_relu_cell
        return cell(input, h, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)

    def extra_repr(self) -> str:
        """Name the sizes, and the nonlinearity if it is not tanh."""
        return super().extra_repr() + ("" if self.nonlinearity == "tanh" else f", nonlinearity={self.nonlinearity}")


class LSTMCell(_Cell):
    """Apply `ops.lstm_cell`.

    Shapes    input (B, input_size), hx a pair (h, c) of (B, hidden_size), zeros if it is left out  ->  as hx; or all
              without B
    Initial   weights and biases uniform in ±1/√hidden_size
    """

    blocks = 4

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        """Return the next state, a pair (h, c)."""
        pair = (self._start(input), self._start(input)) if hx is None else hx
        if input.ndim == 1 and len(pair) == 2:
            h, c = self.forward(input.unsqueeze(0), (pair[0].unsqueeze(0), pair[1].unsqueeze(0)))
            return h.squeeze(0), c.squeeze(0)
        return ops.lstm_cell(input, pair, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)


class GRUCell(_Cell):
    """Apply `ops.gru_cell`.

    Shapes    input (B, input_size), hx (B, hidden_size), zeros if it is left out  ->  as hx; or all without B
    Initial   weights and biases uniform in ±1/√hidden_size
    """

    blocks = 3

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """Return the next state."""
        h = self._start(input) if hx is None else hx
        if input.ndim == 1:
            return self.forward(input.unsqueeze(0), h.unsqueeze(0)).squeeze(0)
        return ops.gru_cell(input, h, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
