"""One step of a recurrent network: from what is remembered and what is read to what is remembered next.

Every cell looks at the input x and at its own last output h through one affine map each, and keeps the two apart:

    a = W_ih x + b_ih      what the input asks for: known for every step of a sequence before the first is taken
    u = W_hh h + b_hh      what the memory asks for: known one step at a time

The rows of W_ih, W_hh and both biases are blocks of M, one block per gate, in PyTorch's order. A gate is a sigmoid σ:
1 lets everything through, 0 nothing.

    rnn     1 block            h' = tanh(a + u)
    lstm    4 blocks i f g o   c' = f c + i g,   h' = o tanh(c')
    gru     3 blocks r z n     h' = (1 - z) n + z h

The cells here are compositions; their derivatives are those of the ops that they are made of.

B sequences, I inputs, M memory cells, O outputs (O = M, but for an LSTM with a projection).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..errors import ArgumentError, DtypeError, ShapeError
from ..shapes import describe, sizes
from .activation import relu
from .gate import sigmoid
from .linear import linear
from .matmul import alike
from .operands import tensor_of
from .slices import chunk
from .trigonometry import tanh

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["gru_cell", "lstm_cell", "rnn_relu_cell", "rnn_tanh_cell"]

Squash = Callable[["Tensor"], "Tensor"]


def rnn_tanh_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """Take one step of a plain recurrent network.

                    ┌──────┐
        h ─▶ W_hh ─▶│      │
                    │ tanh ├─▶ h'
        x ─▶ W_ih ─▶│      │
                    └──────┘

    Forward   h' = tanh(W_ih x + b_ih + W_hh h + b_hh)
    Shapes    x (B, I), h (B, M), w_ih (M, I), w_hh (M, M), biases (M,)  ->  (B, M)
    Source    Elman, "Finding structure in time", Cognitive Science 14, 1990
    """
    return _rnn_cell("rnn_tanh_cell", tanh, input, hx, w_ih, w_hh, b_ih, b_hh)


def rnn_relu_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """Take one step of a plain recurrent network with relu in place of tanh.

    Forward   h' = max(W_ih x + b_ih + W_hh h + b_hh, 0)
    Shapes    x (B, I), h (B, M), w_ih (M, I), w_hh (M, M), biases (M,)  ->  (B, M)
    Source    Le et al., "A simple way to initialize recurrent networks of rectified linear units", arXiv:1504.00941
    """
    return _rnn_cell("rnn_relu_cell", relu, input, hx, w_ih, w_hh, b_ih, b_hh)


def _rnn_cell(
    op: str, squash: Squash, input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None,
    b_hh: Tensor | None,
) -> Tensor:  # fmt: skip
    x, h = tensor_of(op, input), tensor_of(op, hx, "hx")
    check(op, 1, {"input": (x, "B I"), "hx": (h, "B M")}, w_ih, w_hh, b_ih, b_hh)
    return rnn_step(squash, linear(x, w_ih, b_ih), h, w_hh, b_hh)


def rnn_step(squash: Squash, a: Tensor, h: Tensor, w_hh: Tensor, b_hh: Tensor | None) -> Tensor:
    """Return h' = squash(a + u)."""
    return squash(a + linear(h, w_hh, b_hh))


def lstm_cell(
    input: Tensor, hx: Sequence[Tensor], w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Take one step of a long short-term memory: h' and c', given the pair (h, c).

        c ──▶(×)────────▶(+)─────────┬──▶ c'
              ▲           ▲          ▼
              │f          │         tanh
              │          (×)         ▼
              │         i▲ ▲g       (×)──▶ h'
              │          │ │         ▲o
              σ          σ tanh      σ
              │          │ │         │
        h, x ─┴──────────┴─┴─────────┘
            forget      write      show

    The way along the top has no weights on it: where f is 1 and i is 0, c and its gradient pass unchanged, however
    many steps there are.

    Forward   [i f g o] = W_ih x + b_ih + W_hh h + b_hh,   then σ of i, f, o and tanh of g
              c' = f c + i g
              h' = o tanh(c')
    Shapes    x (B, I), h and c (B, M), w_ih (4M, I), w_hh (4M, M), biases (4M,)  ->  h' and c' (B, M)
    Source    Hochreiter and Schmidhuber, "Long short-term memory", Neural Computation 9, 1997; the forget gate: Gers
              et al., "Learning to forget", 2000
    """
    op = "lstm_cell"
    if not isinstance(hx, (tuple, list)) or len(hx) != 2:
        raise ArgumentError(f"{op}: hx must be the pair (h, c), got {type(hx).__name__}")
    x, h, c = tensor_of(op, input), tensor_of(op, hx[0], "h"), tensor_of(op, hx[1], "c")
    check(op, 4, {"input": (x, "B I"), "h": (h, "B M"), "c": (c, "B M")}, w_ih, w_hh, b_ih, b_hh)
    return lstm_step(linear(x, w_ih, b_ih), h, c, w_hh, b_hh)


def lstm_step(
    a: Tensor, h: Tensor, c: Tensor, w_hh: Tensor, b_hh: Tensor | None, w_hr: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Return h' = o tanh(c') and c' = f c + i g; with w_hr, h' = W_hr (o tanh(c'))."""
    i, f, g, o = chunk(a + linear(h, w_hh, b_hh), 4, 1)
    c = sigmoid(f) * c + sigmoid(i) * tanh(g)
    h = sigmoid(o) * tanh(c)
    return h if w_hr is None else linear(h, w_hr), c


def gru_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """Take one step of a gated recurrent unit.

                  h, x ▶ σ ──┬──▶ 1 - z
                             │z     │
        h ──┬───────────────▶(×)────┼─────▶(+)──▶ h'
            │                       ▼       ▲
            └─▶ W_hn ─▶(×)─▶ tanh ▶(×)──────┘
                        ▲r    ▲   n
               h, x ▶ σ ┘     └── W_in x

    r says how much of the memory the candidate n sees, z how much of the memory stays. The reset gate r multiplies
    W_hn h + b_hn, as in PyTorch; in the original it multiplies h.

    Forward   [a_r a_z a_n] = W_ih x + b_ih,   [u_r u_z u_n] = W_hh h + b_hh
              r = σ(a_r + u_r),   z = σ(a_z + u_z),   n = tanh(a_n + r u_n)
              h' = (1 - z) n + z h
    Shapes    x (B, I), h (B, M), w_ih (3M, I), w_hh (3M, M), biases (3M,)  ->  (B, M)
    Source    Cho et al., "Learning phrase representations using RNN encoder-decoder", arXiv:1406.1078, equations 5-8
    """
    op = "gru_cell"
    x, h = tensor_of(op, input), tensor_of(op, hx, "hx")
    check(op, 3, {"input": (x, "B I"), "hx": (h, "B M")}, w_ih, w_hh, b_ih, b_hh)
    return gru_step(linear(x, w_ih, b_ih), h, w_hh, b_hh)


def gru_step(a: Tensor, h: Tensor, w_hh: Tensor, b_hh: Tensor | None) -> Tensor:
    """Return h' = (1 - z) n + z h."""
    a_r, a_z, a_n = chunk(a, 3, 1)
    u_r, u_z, u_n = chunk(linear(h, w_hh, b_hh), 3, 1)
    r, z = sigmoid(a_r + u_r), sigmoid(a_z + u_z)
    n = tanh(a_n + r * u_n)
    return n + z * (h - n)


def check(
    op: str, blocks: int, states: dict[str, tuple[Tensor, str]], w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None,
    b_hh: Tensor | None, w_hr: Tensor | None = None,
) -> tuple[int, ...]:  # fmt: skip
    """Raise unless all sizes and types agree; return the sizes of the input. `states` holds the input first."""
    rows, width = "M" if blocks == 1 else f"{blocks}M", "M" if w_hr is None else "O"
    weights = {"w_ih": (w_ih, f"{rows} I"), "w_hh": (w_hh, f"{rows} {width}")}
    further = {"b_ih": (b_ih, rows), "b_hh": (b_hh, rows), "w_hr": (w_hr, "O M")}
    weights |= {name: (given, letters) for name, (given, letters) in further.items() if given is not None}
    operands = {**states, **{name: (tensor_of(op, w, name), letters) for name, (w, letters) in weights.items()}}
    alike(op, **{name: tensor for name, (tensor, _) in operands.items()})
    x = next(iter(states.values()))[0]
    if x.array.dtype.kind != "f":
        raise DtypeError(f"{op}: needs floating tensors, got {x.array.dtype}\nHint: convert with .float() first")
    hint = "build the layer with input_size I and hidden_size M, and start it from states of that size"
    sizes(op, hint, **operands)
    given, memory = operands["w_ih"][0].array.shape[0], operands["w_hh" if w_hr is None else "w_hr"][0].array.shape[1]
    if given != blocks * memory:
        wrong = f"{rows} is {given}, not {blocks} times M = {memory}"
        raise ShapeError(describe(op, wrong, operands, f"the weights hold {blocks} blocks of M rows"))
    return tuple(x.array.shape)
