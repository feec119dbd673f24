"""Pixels by their place in the plane: read them, and the op that puts gradients back.

    gather_pixels     y[n, c, p] = x[n, c, i[n, c, p]]              read; the same pixel may be read twice
    scatter_pixels    x = 0;  x[n, c, i[n, c, p]] += y[n, c, p]     write back; what was read twice is added twice

The last axes, H×W, are one plane; pixel (h, w) has the index i = W·h + w. Each op is the adjoint of the other, so these
two rules serve every kind of max pooling to every order.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from ..autograd import record
from ..backend import Array, accelerable, add_at, array_module
from .operands import quiet

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__: list[str] = []


def gather_pixels(x: Tensor, indices: Tensor, d: int) -> Tensor:
    """Read pixels: y[n, c, p] = x[n, c, i[n, c, p]], where the last `d` axes of x are the plane.

    Backward  dx = scatter_pixels(dy)
    Shapes    x (N, C, H, W), indices (N, C, P, Q)  ->  y (N, C, P, Q)
    """
    size = x.array.shape[x.array.ndim - d :]
    y = gather_pixels_loop(x.array, indices.array, d)
    return record("gather_pixels", y, (x, lambda dy, _: scatter_pixels(dy, indices, size)))


def scatter_pixels(y: Tensor, indices: Tensor, size: tuple[int, ...]) -> Tensor:
    """Add pixels into planes of zeros of H×W = `size`: x[n, c, i[n, c, p]] += y[n, c, p].

    Backward  dy = gather_pixels(dx)
    Shapes    y (N, C, P, Q), indices (N, C, P, Q)  ->  x (N, C, H, W)
    """
    d = len(size)
    with quiet():
        x = scatter_pixels_loop(y.array, indices.array, size)
    return record("scatter_pixels", x, (y, lambda dx, _: gather_pixels(dx, indices, d)))


@accelerable
def gather_pixels_loop(x_nchw: Array, i_ncpq: Array, d: int) -> Array:
    """Number the pixels of all planes through, then read them in one go."""
    size = x_nchw.shape[x_nchw.ndim - d :]
    return x_nchw.reshape(-1)[_numbered(i_ncpq, size)].reshape(i_ncpq.shape)


@accelerable
def scatter_pixels_loop(y_ncpq: Array, i_ncpq: Array, size: tuple[int, ...]) -> Array:
    """Number the pixels of all planes through, then add to them in one go."""
    planes = y_ncpq.shape[: y_ncpq.ndim - len(size)]
    x = array_module(y_ncpq).zeros(prod(planes) * prod(size), y_ncpq.dtype)
    add_at(x, _numbered(i_ncpq, size), y_ncpq.reshape(-1))
    return x.reshape(*planes, *size)


def _numbered(i_ncpq: Array, size: tuple[int, ...]) -> Array:
    """Return, as a vector, the place of each pixel among all pixels of all planes."""
    planes = prod(i_ncpq.shape[: i_ncpq.ndim - len(size)])
    first = array_module(i_ncpq).arange(planes) * prod(size)
    return (i_ncpq.reshape(planes, prod(i_ncpq.shape[i_ncpq.ndim - len(size) :])) + first[:, None]).reshape(-1)
