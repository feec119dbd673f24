"""A recurrent layer: one cell, carried along a sequence.

              y_1          y_2                  y_T
               ▲            ▲                    ▲
    h_0 ──▶ [ cell ] ──▶ [ cell ] ──▶  ...  [ cell ] ──▶ h_T        the same weights in every cell
               ▲            ▲                    ▲
              x_1          x_2                  x_T

What the input asks for, W_ih x + b_ih, does not depend on the memory, so it is computed for all steps in one matrix
product; the loop over time does the recurrent half. Backward runs the loop the other way ("through time") and adds
up the gradients of the weights from all steps: that is the tape at work, and no rule is written here.

Sequences of a batch may differ in length. A sequence that has ended keeps its state and gives y = 0, so the last state
is that of its own last step; in reverse, it starts at its own end. Nothing in the padding matters, not even a NaN.

T steps, B sequences, I inputs, M memory cells, O outputs (O = M, but for an LSTM with a projection).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from ..autograd import constant
from ..backend import Array
from ..doubts import at_hand
from ..errors import ShapeError
from .activation import relu
from .creation import as_tensor
from .fused import fused_pair
from .join import stack
from .linear import linear
from .operands import tensor_of
from .ragged import Lengths, apart, lengths_of, without_padding
from .recurrent_cell import check, gru_step, lstm_step, rnn_step
from .select import where
from .trigonometry import tanh

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["gru_layer", "lstm_layer", "rnn_relu_layer", "rnn_tanh_layer"]

Step: TypeAlias = "Callable[[Tensor, tuple[Tensor, ...]], tuple[Tensor, ...]]"  # (W_ih x + b_ih, state) to a state


def rnn_tanh_layer(
    input: Tensor, h0: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None,
    lengths: Lengths | None = None, reverse: bool = False,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Carry `rnn_tanh_cell` along sequences: the outputs of all steps, and the last state.

    Forward   h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh),   y_t = h_t
    Shapes    x (T, B, I), h0 (B, M), w_ih (M, I), w_hh (M, M), biases (M,), lengths (B,)  ->  y (T, B, M), h (B, M)
    """
    return _plain("rnn_tanh_layer", 1, partial(rnn_step, tanh), input, h0, w_ih, w_hh, b_ih, b_hh, lengths, reverse)


def rnn_relu_layer(
    input: Tensor, h0: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None,
    lengths: Lengths | None = None, reverse: bool = False,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Carry `rnn_relu_cell` along sequences: the outputs of all steps, and the last state.

    Forward   h_t = max(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh, 0),   y_t = h_t
    Shapes    as `rnn_tanh_layer`
    """
    return _plain("rnn_relu_layer", 1, partial(rnn_step, relu), input, h0, w_ih, w_hh, b_ih, b_hh, lengths, reverse)


def gru_layer(
    input: Tensor, h0: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None,
    lengths: Lengths | None = None, reverse: bool = False,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Carry `gru_cell` along sequences: the outputs of all steps, and the last state.

    Forward   h_t = (1 - z_t) n_t + z_t h_{t-1},   y_t = h_t;   the gates are those of `gru_cell`
    Shapes    x (T, B, I), h0 (B, M), w_ih (3M, I), w_hh (3M, M), biases (3M,), lengths (B,)
              ->  y (T, B, M), h (B, M)
    """
    return _plain("gru_layer", 3, gru_step, input, h0, w_ih, w_hh, b_ih, b_hh, lengths, reverse)


def lstm_layer(
    input: Tensor, h0: Tensor, c0: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None,
    b_hh: Tensor | None = None, w_hr: Tensor | None = None, lengths: Lengths | None = None, reverse: bool = False,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """Carry `lstm_cell` along sequences: the outputs of all steps, the last output h, the last memory c.

    With `w_hr`, a step gives W_hr h: the memory is wider than what it shows and hands on.

    Forward   c_t = f_t c_{t-1} + i_t g_t,   h_t = o_t tanh(c_t),   y_t = h_t;   the gates are those of `lstm_cell`
    Shapes    x (T, B, I), h0 (B, O), c0 (B, M), w_ih (4M, I), w_hh (4M, O), biases (4M,), w_hr (O, M), lengths (B,)
              ->  y (T, B, O), h (B, O), c (B, M)
    Source    the projection: Sak et al., "Long short-term memory based recurrent neural network architectures for
              large vocabulary speech recognition", arXiv:1402.1128, section 2.2
    """
    op, width = "lstm_layer", "M" if w_hr is None else "O"
    x, h, c = tensor_of(op, input), tensor_of(op, h0, "h0"), tensor_of(op, c0, "c0")
    states = {"input": (x, "T B I"), "h0": (h, f"B {width}"), "c0": (c, "B M")}
    steps = _steps(op, check(op, 4, states, w_ih, w_hh, b_ih, b_hh, w_hr), lengths, x)

    def every(
        x: Tensor, h: Tensor, c: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None, b_hh: Tensor | None
    ) -> list[Tensor]:
        def step(a: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
            h, c = state
            return lstm_step(a, h, c, w_hh, b_hh, w_hr)

        return _carry(step, linear(without_padding(x, steps), w_ih, b_ih), (h, c), steps, reverse)

    inputs = (x, h, c, w_ih, w_hh, b_ih, b_hh)
    if w_hr is not None:
        *ys, h, c = every(*inputs)
        return stack(ys), h, c
    y = fused_pair(op, lambda *inputs: stack(every(*inputs)), inputs, steps, reverse)
    return y[:-2], y[-2], y[-1]


def _plain(
    op: str, blocks: int, cell: Callable[..., Tensor], input: Tensor, h0: Tensor, w_ih: Tensor, w_hh: Tensor,
    b_ih: Tensor | None, b_hh: Tensor | None, lengths: Lengths | None, reverse: bool,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Carry a cell whose state is its output."""
    x, h = tensor_of(op, input), tensor_of(op, h0, "h0")
    shape = check(op, blocks, {"input": (x, "T B I"), "h0": (h, "B M")}, w_ih, w_hh, b_ih, b_hh)
    steps = _steps(op, shape, lengths, x)

    def definition(
        x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None, b_hh: Tensor | None
    ) -> Tensor:
        def step(a: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
            return (cell(a, *state, w_hh, b_hh),)

        return stack(_carry(step, linear(without_padding(x, steps), w_ih, b_ih), (h,), steps, reverse))

    y = fused_pair(op, definition, (x, h, w_ih, w_hh, b_ih, b_hh), steps, reverse)
    return y[:-1], y[-1]


def _steps(op: str, shape: tuple[int, ...], lengths: Lengths | None, x: Tensor) -> Array | None:
    """Return how many steps each sequence has, or None if all have T."""
    T, B, _ = shape
    if not T:
        raise ShapeError(f"{op}: there is no step to take, input (T, B, I) = {shape}")
    steps = None if lengths is None else lengths_of(op, "lengths", lengths, B, T, x.array)
    given = None if lengths is None else as_tensor(lengths).array  # before it moved, the host may look at it
    return None if given is None or (at_hand(given) and (given == T).all()) else steps


def _carry(step: Step, a: Tensor, state: tuple[Tensor, ...], steps: Array | None, reverse: bool) -> list[Tensor]:
    """Take all steps; return their outputs in order of time, then the last state."""
    parts = apart(a)
    outputs, order = [state[0]] * len(parts), range(len(parts))
    for t in reversed(order) if reverse else order:
        following = step(parts[t], state)
        if steps is None:
            outputs[t], state = following[0], following
        else:
            here = constant((steps > t)[:, None])
            outputs[t] = where(here, following[0], 0)
            state = tuple(where(here, new, old) for new, old in zip(following, state, strict=True))
    return [*outputs, *state]
