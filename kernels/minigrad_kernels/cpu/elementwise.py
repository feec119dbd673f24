"""One pass over memory: y_i = f(x_i), or f(x_i, dy_i), whatever the shape.

NumPy has a loop for every operation in f, each of which reads and writes all of its arrays. A kernel has f in one loop;
it reads every input once and writes the result once, and no number depends on another.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from .buffers import FLOAT32, dense, out
from .threads import split

WORTHWHILE = 2**18  # elements; below, a second thread costs more than it saves


def elementwise(kernel: Any, *arrays: Any, settings: tuple[Any, ...] = ()) -> Any:
    """Return y, as kernel(*flat arrays, flat y, *settings) fills it. For float32 only; NotImplemented otherwise.

    The arrays have one shape.
    """
    for x in arrays:
        if x.dtype is not FLOAT32:
            return NotImplemented
    y = out(arrays[0].shape)
    flat = [dense(x, (x.size,)) for x in arrays]
    flat.append(y.reshape(-1))
    if y.size <= WORTHWHILE:
        kernel(*flat, *settings)
    else:
        split(lambda start, stop: partial(kernel, *[x[start:stop] for x in flat], *settings), y.size)
    return y
