"""Attention: every query looks at all keys and takes the average of their values, weighted by how well they match.

    score[t, u]  = scale · Σ_e q[t, e] k[u, e]               how well key u answers query t
    weight[t, u] = exp(score[t, u]) / Σ_u exp(score[t, u])   over the keys that t may see
    y[t, f]      = Σ_u weight[t, u] v[u, f]

A mask says what may be seen: bool, True where t may see u, or numbers that are added to the scores (-∞ hides).

A query that may see no key at all gets y = 0, the sum over no keys, and no gradient passes through it. The softmax of
nothing but -∞ would be 0/0, and one NaN in a row of padding would spoil every weight of the network.

B sequences, A heads, T queries, U keys, E and F the widths of a key and a value of one head.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..autograd import constant
from ..backend import array_module, device_of
from ..doubts import at_hand
from ..errors import ArgumentError, DeviceError, DtypeError, ShapeError
from ..random import RngState
from ..shapes import broadcast_shapes, broadcasts_to, describe
from .dropout import drop, reserve
from .fused import fused_pair
from .matmul import factors
from .operands import tensor_of
from .select import where

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["scaled_dot_product_attention"]

_OP = "scaled_dot_product_attention"
Dropped = tuple[float, RngState] | None  # a probability, and where the random numbers of the mask begin


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, dropout_p: float = 0.0,
    is_causal: bool = False, scale: float | None = None, enable_gqa: bool = False,
) -> Tensor:  # fmt: skip
    """Average the values, weighted by how well their keys match each query.

    Forward   y = dropout(softmax(scale · q kᵀ + mask)) v,   scale = 1/√E unless given
    Backward  with weights w and dw = dy vᵀ:   dv = wᵀ dy,  ds = w · (dw - Σ_u dw w),  dq = scale · ds k,
              dk = scale · dsᵀ q,  dmask = ds: those of the ops it is made of
    Shapes    query (B, A, T, E), key (B, A, U, E), value (B, A, U, F)  ->  (B, A, T, F); any leading axes, which
              broadcast; attn_mask broadcasts to (B, A, T, U)

    `is_causal` lets query t see keys 0 ... t only, the triangle in the top left corner. With a cache of earlier keys
    that is the wrong corner: pass a mask instead. Both together hide what either hides. `dropout_p` drops weights,
    always: pass 0 in evaluation. `enable_gqa` lets neighbouring query heads share a key and value head.

    Raises    ShapeError, DtypeError, ArgumentError
    Source    Vaswani et al., "Attention is all you need", arXiv:1706.03762, equation 1; Ainslie et al., "GQA: training
              generalized multi-query transformer models", arXiv:2305.13245, for shared heads
    """
    q, k, v = _operands(query, key, value, enable_gqa)
    mask = None if attn_mask is None else _checked_mask(attn_mask, q, k)
    if scale is None:
        scale = 1 / math.sqrt(q.array.shape[-1] or 1)
    dropped = dropped_at(_OP, dropout_p, q, k)
    return fused_pair(
        "attention", lambda q, k, v, mask: attention_weights(q, k, mask, is_causal, scale, dropped) @ v,
        [q, k, v, mask], is_causal, scale, dropped,
    )  # fmt: skip


def attention_weights(
    q: Tensor, k: Tensor, mask: Tensor | None, causal: bool, scale: float, dropped: Dropped = None
) -> Tensor:
    """Return the weight of each key for each query, (B, A, T, U)."""
    score_batu = (q * scale) @ k.mT
    weight_batu = masked_softmax(score_batu, mask, causal)
    if dropped is None:
        return weight_batu
    p, start = dropped
    return weight_batu * 0 if p == 1 else drop("dropout", weight_batu, p, start, weight_batu.array.shape)


def masked_softmax(score: Tensor, mask: Tensor | None, causal: bool = False) -> Tensor:
    """Return the softmax over the keys that each query may see: rows that sum to 1, or rows of 0 where it sees none.

    The mask is bool or in the dtype of the scores, and broadcasts to them.
    """
    visible = _triangle(score) if causal else None
    if mask is not None and mask.array.dtype.kind == "b":
        visible = mask if visible is None else visible & mask
    elif mask is not None:
        score = score + mask
        finite = mask.array > -math.inf
        if not (at_hand(finite) and finite.all()):
            visible = constant(finite) if visible is None else visible & constant(finite)
    if visible is None:
        return score.softmax(-1)
    blind = ~visible.any(-1, keepdim=True)
    if at_hand(blind.array) and not blind.array.any():
        return where(visible, score, -math.inf).softmax(-1)
    score = where(visible, score, -math.inf).masked_fill(blind, 0)  # equal scores have a softmax, and no NaN
    return score.softmax(-1).masked_fill(blind, 0)


def _triangle(score: Tensor) -> Tensor:
    """Return the causal mask: query t sees key u where u <= t."""
    return constant(array_module(score.array).tri(*score.array.shape[-2:], dtype=bool))


def dropped_at(op: str, p: float, q: Tensor, k: Tensor) -> Dropped:
    """Claim the random numbers that drop weights with probability p; None if nothing is to be dropped."""
    if not 0 <= p <= 1:
        raise ArgumentError(f"{op}: dropout_p is a probability and must lie in [0, 1], got {p}")
    return (p, reserve(None, q, (*q.array.shape[:-1], k.array.shape[-2]))) if p else None


def _operands(query: Any, key: Any, value: Any, grouped: bool) -> list[Tensor]:
    """Return q, k and v with the same leading axes."""
    q, k, v = factors(_OP, query=query, key=key, value=value)
    if q.array.dtype.kind != "f":
        raise DtypeError(f"{_OP}: needs floating tensors, got {q.array.dtype}\nHint: convert with .float() first")
    rows = {"query": (q, "... T E"), "key": (k, "... U E"), "value": (v, "... U F")}
    if min(x.array.ndim for x in (q, k, v)) < 2:
        raise ShapeError(describe(_OP, "needs at least 2 axes in each operand", rows, "add the missing axes"))
    if q.array.shape[-1] != k.array.shape[-1]:
        wrong = f"E is {q.array.shape[-1]} in query but {k.array.shape[-1]} in key"
        raise ShapeError(describe(_OP, wrong, rows, "project query and key to the same width"))
    if k.array.shape[-2] != v.array.shape[-2]:
        wrong = f"U is {k.array.shape[-2]} in key but {v.array.shape[-2]} in value"
        raise ShapeError(describe(_OP, wrong, rows, "keys and values come in pairs"))
    if grouped:
        k, v = (_shared_heads(q, x, name) for x, name in ((k, "key"), (v, "value")))
    try:
        lead = broadcast_shapes(_OP, *(x.array.shape[:-2] for x in (q, k, v)))
    except ShapeError:
        hint = "where fewer heads of keys serve more heads of queries, pass enable_gqa=True"
        raise ShapeError(describe(_OP, "the leading axes do not broadcast", rows, hint)) from None
    return [x if x.array.shape[:-2] == lead else x.broadcast_to(lead + x.array.shape[-2:]) for x in (q, k, v)]


def _shared_heads(q: Tensor, k: Tensor, name: str) -> Tensor:
    """Return a key (or value) head for every query head: heads 0, 0, 1, 1, ... of half as many."""
    heads, shared = (x.array.shape[-3] if x.array.ndim > 2 else 0 for x in (q, k))
    if not heads or not shared or heads % shared:
        wrong = f"enable_gqa: A is {heads} in query, which is no multiple of {shared} in {name}"
        rows = {"query": (q, "... A T E"), name: (k, "... A U E" if name == "key" else "... A U F")}
        raise ShapeError(describe(_OP, wrong, rows, "every key head serves the same number of query heads"))
    return k if heads == shared else k.repeat_interleave(heads // shared, -3)


def _checked_mask(attn_mask: Any, q: Tensor, k: Tensor) -> Tensor:
    """Return the mask, bool or in the dtype of q, if it broadcasts to the scores."""
    mask, score = tensor_of(_OP, attn_mask, "attn_mask"), (*q.array.shape[:-1], k.array.shape[-2])
    if mask.array.dtype.kind not in "bf":
        raise DtypeError(
            f"{_OP}: attn_mask must be bool or floating, got {mask.array.dtype}\n"
            "Hint: convert with .bool(), where True means: may be seen"
        )
    if type(mask.array) is not type(q.array):
        raise DeviceError(
            f"{_OP}: query is on {device_of(q.array)} but attn_mask on {device_of(mask.array)}\n"
            "Hint: move one with .to(device)"
        )
    if not broadcasts_to(mask.array.shape, score):
        wrong = f"attn_mask of shape {mask.array.shape} does not broadcast to the scores {score}"
        rows = {"query": (q, "... T E"), "key": (k, "... U E"), "attn_mask": (mask, "... T U")}
        raise ShapeError(describe(_OP, wrong, rows, "one entry per query and key: (T, U), or with axes in front"))
    return mask if mask.array.dtype.kind == "b" else mask.to(q.array.dtype)
