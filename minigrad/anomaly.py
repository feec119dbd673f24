"""Finding the first NaN or infinity: which op made it, and which line of yours called that op."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from .autograd import Edge
from .backend import array_module, to_numpy
from .errors import AnomalyError
from .grad_mode import mode
from .overwrites import users_line

if TYPE_CHECKING:
    from .tensor import Tensor

# Ops that may put a -∞ of the user's own choosing into a result, to mask a score.
_GIVEN = frozenset({"where", "index_put", "pad", "scatter"})


class _Alarm:
    """Looks at every result and every gradient, and raises at the first that is not finite."""

    def __init__(self, check_inf: bool) -> None:
        self.check_inf = check_inf

    def made(self, y: Tensor, inputs: Sequence[Edge]) -> None:
        """Check a result; one that only passes on what its inputs hold was not made here."""
        y.place = users_line()
        if y.op not in _GIVEN and not self._finite(y) and all(self._finite(x) for x, _ in inputs):
            shapes = ", ".join(str(x.array.shape) for x, _ in inputs)
            raise AnomalyError(
                f"{y.op} at {y.place}: the result holds {_worst(y)}, the inputs (shapes {shapes}) are finite\n"
                "Hint: look at the values that go into this op: a division by 0, the log of 0, an overflow?"
            )

    def passed(self, y: Tensor, dx: Tensor) -> None:
        """Check a gradient on its way back."""
        if not self._finite(dx):
            raise AnomalyError(
                f"{y.op} at {y.place or 'an op recorded before detect_anomaly'}: its rule returned a gradient that "
                f"holds {_worst(dx)}\nHint: the value is finite but its slope is not: sqrt or a norm at 0, a power?"
            )

    def _finite(self, x: Tensor) -> bool:
        if x.array.dtype.kind != "f":
            return True
        xp = array_module(x.array)
        return bool(xp.isfinite(x.array).all() if self.check_inf else not xp.isnan(x.array).any())


def _worst(x: Tensor) -> str:
    values = to_numpy(x.array)
    bad = np.argwhere(~np.isfinite(values))
    first = tuple(int(n) for n in bad[0])
    return f"{values[first]} at {first}, {len(bad)} of {values.size} elements not finite"


@contextmanager
def detect_anomaly(check_inf: bool = True) -> Iterator[None]:
    """Raise at the first op whose result, or whose gradient, holds a NaN (or, with `check_inf`, an infinity).

    The error names the op and the line that called it. Everything runs several times slower inside the block.

    Raises  AnomalyError
    """
    before, mode.watcher = mode.watcher, _Alarm(check_inf)
    try:
        yield
    finally:
        mode.watcher = before
