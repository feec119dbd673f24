"""What may stand between the brackets of x[...], and the axes that a reduction may take.

Integers, slices with steps of either sign, None, Ellipsis, boolean masks, and integer arrays that name an element
twice: that last kind is where a gradient that assigns instead of adding gives itself away.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..optional import st
from .shapes import Shape, broadcastable

KINDS = ("basic", "arrays", "mask")


@st.composite
def axes(draw: st.DrawFn, shape: Shape) -> int | tuple[int, ...] | None:
    """Draw None, one axis, or several in any order, counted from the front or from the back."""
    n = len(shape)
    if not n:
        return None
    drawn = draw(st.one_of(st.none(), st.lists(st.integers(0, n - 1), min_size=1, max_size=n, unique=True)))
    if drawn is None:
        return None
    signed = tuple(a - n if draw(st.booleans()) else a for a in drawn)
    return signed[0] if len(signed) == 1 and draw(st.booleans()) else signed


@st.composite
def indices(draw: st.DrawFn, shape: Shape, kinds: tuple[str, ...] = KINDS) -> Any:
    """Draw an index expression for an array of this shape; `kinds` are among "basic", "arrays" and "mask"."""
    kind = draw(st.sampled_from(kinds if shape and 0 not in shape else ("basic",)))
    if kind == "basic":
        return draw(basic_indices(shape))
    return draw(mask_indices(shape) if kind == "mask" else array_indices(shape))


def _slice_or_place(size: int) -> st.SearchStrategy[Any]:
    """Draw the part of an index that belongs to one axis."""
    return st.one_of(st.slices(size), st.integers(-size, size - 1)) if size else st.slices(size)


@st.composite
def basic_indices(draw: st.DrawFn, shape: Shape) -> Any:
    """Draw integers, slices, None and Ellipsis: what gives a view."""
    if len(shape) > 0 and draw(st.booleans()):
        return draw(_slice_or_place(shape[0]))
    lead = draw(st.integers(0, len(shape)))
    trail = draw(st.integers(0, len(shape) - lead))
    parts = [draw(_slice_or_place(size)) for size in shape[:lead]]
    if trail or draw(st.booleans()):
        parts += [..., *(draw(_slice_or_place(size)) for size in shape[len(shape) - trail :])]
    if draw(st.booleans()):
        parts.insert(draw(st.integers(0, len(parts))), None)
    return parts[0] if len(parts) == 1 and draw(st.booleans()) else tuple(parts)


@st.composite
def array_indices(draw: st.DrawFn, shape: Shape) -> Any:
    """Draw an index with an integer array for at least one axis; elements may be named twice."""
    places = draw(st.lists(st.integers(0, len(shape) - 1), min_size=1, max_size=2, unique=True))
    sizes = dict(zip(places, draw(broadcastable(len(places), max_dims=2)), strict=True))
    parts: list[Any] = []
    for axis in range(max(places) + 1):
        n = shape[axis]
        if axis in sizes:
            count = int(np.prod(sizes[axis]))
            named = draw(st.lists(st.integers(-n, n - 1), min_size=count, max_size=count))
            parts.append(np.reshape(np.array(named, np.int64), sizes[axis]))
        else:
            parts.append(draw(st.one_of(st.just(slice(None)), st.slices(n))))
    return parts[0] if len(parts) == 1 and draw(st.booleans()) else tuple(parts)


@st.composite
def mask_indices(draw: st.DrawFn, shape: Shape) -> Any:
    """Draw a boolean mask over one axis or several, with slices before it."""
    first = draw(st.integers(0, len(shape) - 1))
    last = draw(st.integers(first + 1, len(shape)))
    count = int(np.prod(shape[first:last]))
    mask = np.reshape(draw(st.lists(st.booleans(), min_size=count, max_size=count)), shape[first:last])
    before: list[Any] = [draw(st.slices(size)) for size in shape[:first]]
    bare = not before and draw(st.booleans())
    return mask if bare else (*before, mask)
