"""Max-pooling on the GPU. The windows of volumes are left to the reference."""

from __future__ import annotations

from math import prod
from typing import Any

import cupy
import numpy as np

from .arrays import INT64, blocks, covered, dense, room
from .index import add_rows
from .program import Program
from .windows import numbers_of

PROGRAM = Program("pool")
BLOCK = 256
MOST = 256  # taps whose numbers fit into a byte
UINT8 = np.dtype("uint8")
KNOWN = ((2, 2), (3, 2))  # taps and stride of square windows with kernels of their own


def _kernel(name: str, g: Any) -> str:
    """Return the instance of a kernel for the windows of a geometry."""
    (side, *_), (step, *_) = g.kernel, g.stride
    square = (side, step) in KNOWN and g.kernel == (side,) * 2 and g.stride == (step,) * 2 and g.dilation == (1, 1)
    return f"{name}<{side}, {step}>" if square else f"{name}<0, 0>"


def max_pool_forward(x_nchw: Any, g: Any) -> Any:
    """Return the largest pixel of each window, and the number of the tap that holds it."""
    numbers = numbers_of(g)
    if not covered(x_nchw) or prod(g.kernel) > MOST or numbers is None:
        return NotImplemented
    shape = (*x_nchw.shape[: -len(g.size)], *g.out)
    y, winner = room(shape), room(shape, UINT8)
    kernel = _kernel("max_pool", g)
    PROGRAM.launch(kernel, (blocks(y.size, BLOCK),), BLOCK, dense(x_nchw), y, winner, y.size, *numbers)
    return y, winner


def max_pool_backward(dy_ncpq: Any, winner_ncpq: Any, g: Any) -> Any:
    """Return dx: each dy at the pixel that won its window."""
    numbers = numbers_of(g)
    if not covered(dy_ncpq) or winner_ncpq.dtype != UINT8 or numbers is None:
        return NotImplemented
    dx = room((*dy_ncpq.shape[: -len(g.size)], *g.size))
    kernel, given = _kernel("max_pool_back", g), (dense(dy_ncpq), dense(winner_ncpq))
    PROGRAM.launch(kernel, (blocks(dx.size, BLOCK),), BLOCK, *given, dx, dx.size, *numbers)
    return dx


def scatter_pixels_loop(y_ncpq: Any, i_ncpq: Any, size: tuple[int, ...]) -> Any:
    """Add pixels into planes of zeros at their places: rows of one number each, into a table of all pixels."""
    if not covered(y_ncpq) or i_ncpq.dtype != INT64:
        return NotImplemented
    lead, pixels = y_ncpq.shape[: y_ncpq.ndim - len(size)], prod(size)
    first = cupy.arange(0, prod(lead) * pixels, pixels)
    places = dense(i_ncpq).reshape(len(first), -1) + first[:, None]
    return add_rows(y_ncpq.reshape(-1, 1), places.reshape(-1), (*lead, *size))
