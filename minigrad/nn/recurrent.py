"""Recurrent networks: layers of `ops.lstm_layer` and its kin, one above the other, in one direction or in both.

    layer 1     ◀── ◀── ◀──    reads both directions of layer 0
                ──▶ ──▶ ──▶
    layer 0     ◀── ◀── ◀──    "reverse": from each sequence's own end
                ──▶ ──▶ ──▶
                x_1 x_2 x_3

The output of a layer at a step is that of both its directions, one behind the other. In training, dropout is applied
between layers.

T steps, B sequences, I = input_size, M = hidden_size, O = proj_size or else M, D directions.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias

from .. import ops
from ..dtypes import DtypeLike
from ..errors import ArgumentError, ShapeError
from ..ops.operands import tensor_of
from ..ops.ragged import Lengths
from ..tensor import Tensor
from . import init
from .module import Module
from .parameter import Parameter
from .utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
States: TypeAlias = "tuple[Tensor, ...]"  # h, or h and c


class _Recurrent(Module):
    """The weights of all layers, and the way through them."""

    blocks: ClassVar[int]
    names: ClassVar[tuple[str, ...]] = ("h",)  # of the states
    op: str

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int, bias: bool, batch_first: bool, dropout: float,
        bidirectional: bool, proj_size: int, dtype: DtypeLike | None,
    ) -> None:  # fmt: skip
        super().__init__()
        kind = type(self).__name__
        if hidden_size < 1 or num_layers < 1:
            raise ArgumentError(f"{kind}: hidden_size {hidden_size} and num_layers {num_layers} must be at least 1")
        if not 0 <= proj_size < hidden_size:
            raise ArgumentError(f"{kind}: proj_size must be less than hidden_size = {hidden_size}, got {proj_size}")
        if not 0 <= dropout <= 1:
            raise ArgumentError(f"{kind}: dropout is a probability and must lie in [0, 1], got {dropout}")
        if dropout and num_layers == 1:
            warnings.warn(f"{kind}: dropout comes between layers, and there is only one", UserWarning, stacklevel=3)
        self.input_size, self.hidden_size, self.num_layers, self.bias = input_size, hidden_size, num_layers, bias
        self.batch_first, self.dropout, self.bidirectional = batch_first, dropout, bidirectional
        self.proj_size = proj_size
        ends = ("", "_reverse") if bidirectional else ("",)
        self.places = [f"l{layer}{end}" for layer in range(num_layers) for end in ends]  # as the parameters name them
        for place in self.places:
            for name, shape in self._shapes(place).items():
                setattr(self, f"{name}_{place}", Parameter(ops.empty(*shape, dtype=dtype)))
        self.reset_parameters()

    def _shapes(self, place: str) -> dict[str, tuple[int, ...]]:
        """Return the shapes of the parameters of one layer in one direction."""
        rows, width = self.blocks * self.hidden_size, self.proj_size or self.hidden_size
        below = self.input_size if place in ("l0", "l0_reverse") else width * (1 + self.bidirectional)
        shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, below), "weight_hh": (rows, width)}
        if self.bias:
            shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
        if self.proj_size:
            shapes["weight_hr"] = (width, self.hidden_size)
        return shapes

    def reset_parameters(self) -> None:
        """Draw the weights anew."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def forward(
        self, input: Tensor | PackedSequence, hx: Tensor | None = None, lengths: Lengths | None = None
    ) -> tuple[Any, Any]:
        """Return the outputs of the last layer, and the last state of every layer and direction."""
        y, (h,) = self._through(input, None if hx is None else (hx,), lengths)
        return y, h

    def _through(
        self, input: Tensor | PackedSequence, hx: States | None, lengths: Lengths | None
    ) -> tuple[Any, States]:
        """Run all layers, on whatever form the sequences come in, and return the outputs in the same form."""
        kind = type(self).__name__
        if hx is not None:
            hx = tuple(tensor_of(kind, state, f"{name} of hx") for name, state in zip(self.names, hx, strict=True))
        if isinstance(input, PackedSequence):
            if lengths is not None:
                raise ArgumentError(f"{kind}: a packed sequence knows its lengths\nHint: leave out lengths=")
            padded, counted = pad_packed_sequence(input)
            y, last = self._stack(padded, hx, counted)
            return pack_padded_sequence(y, counted, enforce_sorted=input.sorted_indices is None), last
        input = tensor_of(kind, input)
        if input.ndim == 2 and lengths is None:
            y, last = self._stack(input.unsqueeze(1), None if hx is None else tuple(s.unsqueeze(1) for s in hx), None)
            return y.squeeze(1), tuple(s.squeeze(1) for s in last)
        if input.ndim != 3:
            batch = "(B, T, I)" if self.batch_first else "(T, B, I)"
            raise ShapeError(f"{kind}: input has shape {input.shape}, needs {batch}, or (T, I) for one sequence alone")
        y, last = self._stack(input.transpose(0, 1) if self.batch_first else input, hx, lengths)
        return y.transpose(0, 1) if self.batch_first else y, last

    def _stack(self, x: Tensor, hx: States | None, lengths: Lengths | None) -> tuple[Tensor, States]:
        """Run all layers on (T, B, I)."""
        states, ends = self._first(x, hx), []
        directions = len(self.places) // self.num_layers
        for layer in range(self.num_layers):
            outputs = []
            for i in range(layer * directions, (layer + 1) * directions):
                y, *end = self._layer(x, states[i], self.places[i], lengths)
                outputs.append(y)
                ends.append(end)
            x = ops.cat(outputs, 2) if self.bidirectional else outputs[0]
            if layer < self.num_layers - 1:
                x = ops.dropout(x, self.dropout, self.training)
        return x, tuple(ops.stack(kind) for kind in zip(*ends, strict=True))

    def _layer(self, x: Tensor, state: States, place: str, lengths: Lengths | None) -> States:
        """Run one layer in one direction: the outputs, and the last state."""
        names = WEIGHTS if self.op == "lstm_layer" else WEIGHTS[:4]
        weights = [getattr(self, f"{name}_{place}", None) for name in names]
        layer: Callable[..., States] = getattr(ops, self.op)
        return layer(x, *state, *weights, lengths=lengths, reverse=place.endswith("reverse"))

    def _first(self, x: Tensor, hx: States | None) -> list[States]:
        """Return the states that layers and directions start from, zeros unless they are given."""
        widths, count = {"h": self.proj_size or self.hidden_size, "c": self.hidden_size}, len(self.places)
        if hx is None:
            return [tuple(x.new_zeros((x.shape[1], widths[name])) for name in self.names)] * count
        for name, state in zip(self.names, hx, strict=True):
            wanted = (count, x.shape[1], widths[name])
            if state.shape != wanted:
                letters = f"(num_layers · D, B, {'M' if name == 'c' else 'O'})"
                raise ShapeError(
                    f"{type(self).__name__}: {name} of hx has shape {state.shape}, {letters} = {wanted} is needed\n"
                    "Hint: B comes second, even with batch_first=True"
                )
        return [tuple(state[i] for state in hx) for i in range(count)]

    def extra_repr(self) -> str:
        """Name the sizes, and the options that were chosen."""
        usual = {"num_layers": 1, "bias": True, "batch_first": False}
        usual |= {"dropout": 0, "bidirectional": False, "proj_size": 0}
        chosen = [f", {name}={getattr(self, name)}" for name in usual if getattr(self, name) != usual[name]]
        return f"{self.input_size}, {self.hidden_size}" + "".join(chosen)


class RNN(_Recurrent):
    """Read sequences with `ops.rnn_tanh_layer`, or with nonlinearity="relu" `ops.rnn_relu_layer`.

    `lengths` says how many steps of each sequence count. Then outputs beyond are 0, the last state is that of each
    sequence's last step, and the reverse direction starts there: what a PackedSequence gives, without packing.

    Shapes    input (T, B, I), with batch_first (B, T, I), without a batch (T, I), or a PackedSequence;
              hx (num_layers · D, B, O), zeros if it is left out;  lengths (B,)
              ->  output (T, B, D · O) in the form of the input, h_n as hx
    Raises    ShapeError, ArgumentError, DtypeError
    """

    blocks = 1

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, nonlinearity: str = "tanh", bias: bool = True,
        batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False, dtype: DtypeLike | None = None,
    ) -> None:  # fmt: skip
        if nonlinearity not in ("tanh", "relu"):
            raise ArgumentError(f'RNN: nonlinearity is {nonlinearity!r}; use "tanh" or "relu"')
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, dtype)
        self.nonlinearity, self.op = nonlinearity, f"rnn_{nonlinearity}_layer"


class GRU(_Recurrent):
    """Read sequences with `ops.gru_layer`.

    Shapes    as `RNN`, with `lengths` as there
    Raises    ShapeError, ArgumentError, DtypeError
    """

    blocks, op = 3, "gru_layer"

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True, batch_first: bool = False,
        dropout: float = 0.0, bidirectional: bool = False, dtype: DtypeLike | None = None,
    ) -> None:  # fmt: skip
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, dtype)


class LSTM(_Recurrent):
    """Read sequences with `ops.lstm_layer`.

    With proj_size, outputs are W_hr h: narrower than the memory.

    Shapes    as `RNN`, with `lengths` as there; but hx is a pair, h (num_layers · D, B, O) and c (num_layers · D, B, M)
    Raises    ShapeError, ArgumentError, DtypeError
    """

    blocks, op, names = 4, "lstm_layer", ("h", "c")

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True, batch_first: bool = False,
        dropout: float = 0.0, bidirectional: bool = False, proj_size: int = 0, dtype: DtypeLike | None = None,
    ) -> None:  # fmt: skip
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, proj_size, dtype
        )

    def forward(  # type: ignore[override]  # its state is a pair
        self, input: Tensor | PackedSequence, hx: tuple[Tensor, Tensor] | None = None, lengths: Lengths | None = None
    ) -> tuple[Any, tuple[Tensor, Tensor]]:
        """Return the outputs of the last layer, and the pair of last states of every layer and direction."""
        if hx is not None and (not isinstance(hx, (tuple, list)) or len(hx) != 2):
            raise ArgumentError(f"LSTM: hx must be the pair (h, c), got {type(hx).__name__}")
        y, (h, c) = self._through(input, hx, lengths)
        return y, (h, c)
