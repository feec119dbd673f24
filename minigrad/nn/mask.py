"""Masks: who may see whom.

`F.scaled_dot_product_attention` and the masks made here say True where a key may be seen. The masks that
`MultiheadAttention` and the Transformer layers take are the other way round, as in PyTorch: True hides. Masks of
numbers mean the same everywhere: they are added to the scores, 0 shows, -∞ hides.

B sequences, A heads, T queries, U keys.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import ops
from ..autograd import constant
from ..backend import array_module, to_numpy
from ..doubts import insist
from ..dtypes import Dtype, DtypeLike
from ..errors import ArgumentError, DtypeError, ShapeError
from ..tensor import Tensor
from .position import relative_positions


def causal_mask(T: int, U: int | None = None, device: str = "cpu") -> Tensor:
    """Return a mask (T, U), True where a query may see a key: at its own position or before. For attn_mask of `F`.

    The queries are the last T of U positions (U is T unless given), as they are when earlier keys come from a cache.

    >>> causal_mask(2, 3)
    tensor([[ True,  True, False],
            [ True,  True,  True]])
    """
    return constant(relative_positions(T, T if U is None else U, device) <= 0)


def generate_square_subsequent_mask(sz: int, device: str | None = None, dtype: DtypeLike | None = None) -> Tensor:
    """Return a causal mask of numbers, (sz, sz): 0 on and below the diagonal, -∞ above."""
    return ops.full((sz, sz), -math.inf, dtype=dtype, device=device).triu(1)


def length_mask(lengths: Tensor | Sequence[int], U: int | None = None) -> Tensor:
    """Return a mask (B, U), True where a sequence still goes on; U is the longest length unless given.

    The mask is where the lengths are. Give U on the GPU: to find the longest length, the host would have to wait.

    >>> length_mask([3, 1])
    tensor([[ True,  True,  True],
            [ True, False, False]])
    """
    n = lengths.array if isinstance(lengths, Tensor) else np.asarray(lengths)

    def complain() -> ArgumentError:
        return ArgumentError(f"length_mask: needs whole numbers >= 0, one per sequence, got {n.tolist()!r:.60}")

    if n.ndim != 1 or n.dtype.kind not in "iu":
        raise complain()
    insist((n >= 0).all(), complain)
    longest = int(to_numpy(n).max(initial=0)) if U is None else U
    return constant(array_module(n).arange(longest) < n[:, None])


def merged_mask(
    op: str, attn_mask: Any, key_padding_mask: Any, sizes: tuple[int, int, int, int], dtype: Dtype
) -> Tensor | None:
    """Merge PyTorch's two masks (True hides) into one for the scores (True shows), which broadcasts to (B, A, T, U).

    Raises  ShapeError, DtypeError
    """
    B, A, T, U = sizes
    merged = None
    if attn_mask is not None:
        mask = _shown(op, "attn_mask", attn_mask, {(T, U): "(T, U)", (B * A, T, U): "(B·A, T, U)"}, sizes, dtype)
        merged = mask if mask.ndim == 2 else mask.reshape(B, A, T, U)
    if key_padding_mask is not None:
        shapes: dict[tuple[int, ...], str] = {(B, U): "(B, U)"}
        if B == 1:
            shapes[(U,)] = "(U)"
        mask = _shown(op, "key_padding_mask", key_padding_mask, shapes, sizes, dtype).reshape(B, 1, 1, U)
        merged = mask if merged is None else both(merged, mask)
    return merged


def _shown(
    op: str, name: str, given: Any, shapes: dict[tuple[int, ...], str], sizes: tuple[int, ...], dtype: Dtype
) -> Tensor:
    """Return a mask of PyTorch's as one of ours: what hides, hidden."""
    if not isinstance(given, Tensor) or given.dtype.kind not in "bf":
        kind = given.dtype if isinstance(given, Tensor) else type(given).__name__
        raise DtypeError(f"{op}: {name} must be a bool or floating tensor, got {kind}\nHint: use .bool(); True hides")
    if given.shape not in shapes:
        wanted = " or ".join(f"{letters} = {shape}" for shape, letters in shapes.items())
        raise ShapeError(f"{op}: {name} has shape {given.shape}, needs {wanted}\n  (B, A, T, U) = {sizes}")
    return ~given if given.dtype.kind == "b" else given.to(dtype)


def both(a: Tensor, b: Tensor) -> Tensor:
    """Return the mask that hides what either of two masks hides."""
    if a.dtype.kind == b.dtype.kind == "b":
        return a & b
    if a.dtype.kind == "b":
        return ops.where(a, b, -math.inf)
    return ops.where(b, a, -math.inf) if b.dtype.kind == "b" else a + b


def widened(mask: Tensor, columns: int) -> Tensor:
    """Return the mask with further keys at the end that everyone may see."""
    shown = mask.new_ones if mask.dtype.kind == "b" else mask.new_zeros
    return ops.cat([mask, shown((*mask.shape[:-1], columns))], -1)
