"""Batches of sequences of different lengths, and the masks that go with them.

B sequences of at most T steps. A mask is True where there is something to see.
"""

from __future__ import annotations

from math import prod

import numpy as np

from ...ops import from_numpy
from ...tensor import Tensor
from ..optional import st
from .shapes import Shape


def lengths(batch: int, longest: int, shortest: int = 1) -> st.SearchStrategy[list[int]]:
    """Draw a length for each of `batch` sequences, in no order; at least one is the longest."""

    def with_a_full_one(drawn: list[int]) -> list[int]:
        return drawn if longest in drawn or not drawn else [longest, *drawn[1:]]

    return st.lists(st.integers(shortest, longest), min_size=batch, max_size=batch).map(with_a_full_one)


def padding_masks(batch: int, longest: int, shortest: int = 1) -> st.SearchStrategy[Tensor]:
    """Draw a mask (B, T): True at the steps that a sequence has, False at its padding."""
    return lengths(batch, longest, shortest).map(
        lambda drawn: from_numpy(np.arange(longest) < np.array(drawn, int)[:, None])
    )


def masks(shape: Shape, seen: bool = True) -> st.SearchStrategy[Tensor]:
    """Draw a mask of any pattern; with `seen`, every row of the last axis keeps at least one True."""
    n = prod(shape)

    def laid_out(drawn: list[bool]) -> Tensor:
        mask = np.reshape(np.array(drawn, bool), shape)
        if seen and mask.ndim and mask.size:
            mask[..., 0] |= ~mask.any(-1)
        return from_numpy(mask)

    return st.lists(st.booleans(), min_size=n, max_size=n).map(laid_out)
