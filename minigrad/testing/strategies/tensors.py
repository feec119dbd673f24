"""Tensors of drawn values, in memory of every kind.

    grid        multiples of 1/4 from -2 to 2: zeros, ties, exact sums; shrinks to zeros
    distinct    multiples of 1/4, no two the same: no ties; shrinks to sorted values
    normal      random numbers from a drawn seed: for deep compositions and large arrays
    mixed       half of the examples grid, half distinct

Every element is drawn by itself. Arrays that repeat one value in most of their cells come out symmetric or constant,
and a gradient that is transposed by mistake passes on them.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ... import ops
from ...dtypes import is_floating
from ...errors import ArgumentError
from ...tensor import Tensor
from ..compare import NumpyArray
from ..layouts import LAYOUTS
from ..optional import st
from .domains import Domain
from .shapes import Shape

LARGE = 256  # from here on values come from a seed: a list of so many draws takes long to shrink


def grid(shape: Shape) -> st.SearchStrategy[NumpyArray]:
    """Draw multiples of 1/4 from -2 to 2, ties and zeros among them."""
    n = prod(shape)
    return st.lists(st.integers(-8, 8), min_size=n, max_size=n).map(lambda k: np.reshape(np.array(k, float) / 4, shape))


def distinct(shape: Shape) -> st.SearchStrategy[NumpyArray]:
    """Draw multiples of 1/4 around 0, no two the same."""
    n = prod(shape)
    return st.permutations(range(n)).map(lambda k: np.reshape((np.array(k, float) - n // 2) / 4, shape))


def normal(shape: Shape) -> st.SearchStrategy[NumpyArray]:
    """Draw a seed, and from it numbers of mean 0 and variance 1."""
    return st.integers(0, 2**32 - 1).map(lambda seed: np.asarray(np.random.default_rng(seed).normal(size=shape)))


def mixed(shape: Shape) -> st.SearchStrategy[NumpyArray]:
    """Draw values with ties, or without."""
    return st.one_of(grid(shape), distinct(shape)) if prod(shape) < LARGE else normal(shape)


VALUES = {"grid": grid, "distinct": distinct, "normal": normal, "mixed": mixed}


def arrays(
    shape: Shape | st.SearchStrategy[Shape], dtype: Any = "float64", layout: str = "C", values: str = "mixed",
    domain: Domain | None = None,
) -> st.SearchStrategy[NumpyArray]:  # fmt: skip
    """Draw NumPy arrays. See `tensors`."""
    if isinstance(shape, st.SearchStrategy):
        return shape.flatmap(lambda drawn: arrays(drawn, dtype, layout, values, domain))
    if values not in VALUES:
        raise ArgumentError(f"arrays: values {values!r} is unknown; use one of {', '.join(VALUES)}")
    if layout != "any" and layout not in LAYOUTS:
        raise ArgumentError(f'arrays: layout {layout!r} is unknown; use "any" or one of {", ".join(LAYOUTS)}')
    kind = np.dtype(dtype)
    drawn = VALUES[values](tuple(shape)).map(lambda x: _as_kind(x if domain is None else domain(x), kind))
    layouts = st.just(layout) if layout != "any" else st.sampled_from(list(LAYOUTS))
    return st.tuples(drawn, layouts).map(lambda pair: LAYOUTS[pair[1]](pair[0]))


def tensors(
    shape: Shape | st.SearchStrategy[Shape], dtype: Any = "float64", device: str = "cpu", layout: str = "any",
    values: str = "mixed", domain: Domain | None = None, requires_grad: bool = False,
) -> st.SearchStrategy[Tensor]:  # fmt: skip
    """Draw tensors of a shape, or of drawn shapes.

    `layout` is one of "C", "F", "strided", "negative", "readonly" and "broadcast" (the elements of the first axis
    share memory), or "any" of them. `domain` maps the values before they are laid out: positive, unit, off_kink(0).
    Integers are four times the drawn values, bools tell which are above 0.
    """

    def placed(x: Tensor) -> Tensor:
        y = x.to(device=device)
        return y.requires_grad_() if requires_grad else y

    drawn = arrays(shape, dtype, layout, values, domain).map(ops.from_numpy)  # prints as from_numpy(array(...))
    return drawn.map(placed) if requires_grad or device != "cpu" else drawn


def _as_kind(x: NumpyArray, kind: np.dtype[Any]) -> NumpyArray:
    if is_floating(kind):
        return np.asarray(x, kind)
    if kind.kind == "u":
        return np.asarray(np.abs(4 * x), kind)
    return np.asarray(x > 0 if kind.kind == "b" else (4 * x).astype(kind))
