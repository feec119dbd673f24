"""Cotangents: the dL/dy that backward starts from.

They are small integers, never all ones and never all zeros. Ones hide every error whose sum over the output is 0, a
transposed or permuted gradient among them; zeros hide everything. They shrink to a single non-zero element, which
names the output that is to blame.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ... import ops
from ...tensor import Tensor
from ..optional import st
from .shapes import Shape


def cotangents(shape: Shape, dtype: Any = "float64") -> st.SearchStrategy[Tensor]:
    """Draw the gradient of an output of this shape."""
    n = prod(shape)
    return st.lists(st.integers(-3, 3), min_size=n, max_size=n).map(
        lambda v: ops.from_numpy(np.reshape(np.array(_telling(v), dtype), shape))
    )


def _telling(v: list[int]) -> list[int]:
    """Return `v` with its last element changed, if it would tell little."""
    if not any(v):
        return v[:-1] + [1 if len(v) > 1 else 2] * bool(v)
    return v[:-1] + [2] if all(k == 1 for k in v) else v
