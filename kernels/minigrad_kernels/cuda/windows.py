"""The windows of a geometry as the numbers that kernels with windows.cuh take."""

from __future__ import annotations

from functools import lru_cache
from typing import Any


@lru_cache(256)
def numbers_of(g: Any) -> tuple[int, ...] | None:
    """Return H, W, P, Q, R, S, strides, paddings and dilations; None for more than two axes."""
    if len(g.size) > 2:
        return None
    fields = (g.size, g.out, g.kernel, g.stride, g.padding, g.dilation)
    return tuple(n for field, neutral in zip(fields, (1, 1, 1, 1, 0, 1), strict=True) for n in _pair(field, neutral))


def _pair(field: tuple[int, ...], neutral: int) -> tuple[int, ...]:
    """Return what a field says of rows and columns: a sequence is an image of one row."""
    return field if len(field) == 2 else (neutral, *field)
