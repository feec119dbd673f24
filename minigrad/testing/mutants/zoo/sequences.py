"""Mistakes in attention, positions and recurrent cells."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from .... import nn, ops
from ....ops import tensor
from ....random import default_generator
from ..example import Call, Probe
from ..mutant import Mutant
from . import laws

_QKV = ((3, 4), (3, 4), (3, 4))
_CELL = ((2, 3), (2, 4), (12, 3), (12, 4), (12,), (12,))
_attend = ops.scaled_dot_product_attention
_MASK = tensor([[True, False, True], [False, True, True], [True, True, False]])


def _blind(score: Any) -> Any:
    """Attend with a query that may see nothing."""
    return _attend(score, score, score, tensor([[True, True, True], [False, False, False], [True, False, True]]))


def _heads(train: bool = True, **options: Any) -> Any:
    """Return what a layer of two heads answers."""
    state = default_generator.get_state()
    try:
        default_generator.manual_seed(0)
        layer = nn.MultiheadAttention(4, 2, batch_first=True, dtype="float64", **options).train(train)
        x = tensor(np.random.default_rng(0).normal(size=(2, 3, 4)))
        hidden = tensor([[False, False, True], [False, True, True]])
        return layer(x, x, x, key_padding_mask=hidden, need_weights=False)[0]
    finally:
        default_generator.set_state(state)


def _lstm(x: Any, h: Any, c: Any, w_ih: Any, w_hh: Any) -> Any:
    return ops.cat(ops.lstm_cell(x, (h, c), w_ih, w_hh), 1)


MUTANTS = [
    Mutant(
        "attention-sees-next", "attention", "minigrad.ops.attention:_triangle",
        "tri(*score.array.shape[-2:], dtype=bool)", "tri(*score.array.shape[-2:], 1, dtype=bool)",
        "a causal mask off by one: the loss falls to almost nothing, for every position reads its answer",
        laws.VALUES, Call(partial(_attend, is_causal=True), _QKV),
    ),
    Mutant(
        "attention-unscaled", "attention", "minigrad.ops.attention:scaled_dot_product_attention",
        "1 / math.sqrt(q.array.shape[-1] or 1)", "1 / (q.array.shape[-1] or 1)",
        "the width for its root",
        laws.VALUES, Call(_attend, _QKV), ("tests/nn/test_attention.py",),
    ),
    Mutant(
        "attention-mask-inverted", "attention", "minigrad.ops.attention:masked_softmax",
        "visible = mask if visible is None", "visible = ~mask if visible is None",
        "True shows in the function and hides in the layer, in PyTorch as well",
        laws.VALUES, Call(partial(_attend, attn_mask=_MASK), _QKV),
    ),
    Mutant(
        "attention-either-mask", "attention", "minigrad.ops.attention:masked_softmax",
        "else visible & mask", "else visible | mask",
        "of two masks a key needs to pass one only",
        laws.OPTIONS, Call(partial(_attend, attn_mask=_MASK, is_causal=True), _QKV),
    ),
    Mutant(
        "attention-blind-row", "attention", "minigrad.ops.attention:masked_softmax",
        "return score.softmax(-1).masked_fill(blind, 0)", "return score.softmax(-1)",
        "a query that may see nothing sees everything; without any care it is NaN, allenai/allennlp#890",
        laws.EDGES, Call(_blind, ((3, 4),)),
    ),
    Mutant(
        "attention-heads-interleaved", "attention", "minigrad.nn.attention:MultiheadAttention._projected",
        "x.unflatten(-1, (self.num_heads, self.head_dim)).transpose(1, 2)",
        "x.unflatten(-1, (self.head_dim, self.num_heads)).permute(0, 3, 1, 2)",
        "features dealt to the heads like cards: it learns all the same, and loads no checkpoint",
        laws.VALUES, Probe(_heads),
    ),
    Mutant(
        "attention-always-drops", "modes", "minigrad.nn.attention:MultiheadAttention._attend",
        "self.dropout if self.training else 0.0", "self.dropout",
        "dropout of weights in evaluation: karpathy/nanoGPT#240",
        laws.MODES, Probe(lambda: _heads(train=False, dropout=0.5)),
    ),
    Mutant(
        "padding-mask-shown", "attention", "minigrad.nn.mask:_shown",
        'return ~given if given.dtype.kind == "b"', 'return given if given.dtype.kind == "b"',
        "padding is attended to, and everything else is not",
        laws.VALUES, Probe(_heads), ("tests/nn/test_attention.py",),
    ),
    Mutant(
        "rotary-same-way", "positions", "minigrad.ops.position:_turn",
        "_turn(dy, cos, -sin, interleaved)", "_turn(dy, cos, sin, interleaved)",
        "turned on instead of back",
        laws.DIFFERENCES, Call(ops.rotary_embedding, ((3, 4),)),
    ),
    Mutant(
        "rotary-halves", "positions", "minigrad.ops.position:rotary_loop",
        "if interleaved else", "if not interleaved else",
        "the pairs of one family of checkpoints for those of the other",
        laws.VALUES, Call(ops.rotary_embedding, ((3, 4),)),
    ),
    Mutant(
        "lstm-gates-swapped", "recurrent cells", "minigrad.ops.recurrent_cell:lstm_step",
        "i, f, g, o = chunk(", "i, g, f, o = chunk(",
        "the blocks of weights in the order of another framework",
        laws.VALUES, Call(_lstm, ((2, 3), (2, 4), (2, 4), (16, 3), (16, 4))),
    ),
    Mutant(
        "lstm-memory-detached", "recurrent cells", "minigrad.ops.recurrent_cell:lstm_step",
        "sigmoid(f) * c + sigmoid(i) * tanh(g)", "sigmoid(f) * c.detach() + sigmoid(i) * tanh(g)",
        "the way along the top is cut: gradients do not pass from step to step",
        laws.DIFFERENCES, Call(_lstm, ((2, 3), (2, 4), (2, 4), (16, 3), (16, 4))),
    ),
    Mutant(
        "gru-update-inverted", "recurrent cells", "minigrad.ops.recurrent_cell:gru_step",
        "n + z * (h - n)", "h + z * (n - h)",
        "z keeps the old in one paper and takes the new in another",
        laws.VALUES, Call(ops.gru_cell, _CELL),
    ),
    Mutant(
        "gru-reset-early", "recurrent cells", "minigrad.ops.recurrent_cell:gru_step",
        "tanh(a_n + r * u_n)", "tanh(r * (a_n + u_n))",
        "the reset gate closes on the input as well",
        laws.VALUES, Call(ops.gru_cell, _CELL),
    ),
]  # fmt: skip
