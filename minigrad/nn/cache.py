"""What attention has read, kept for the next step: with it, a sequence of U tokens costs U steps to write, not U².

    step t      q, k, v of one token        K ← [K, k],  V ← [V, v]        y = attention(q, K, V)

The keys and values of earlier tokens do not depend on later ones, so nothing is lost: cached = computed anew.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..autograd import constant
from ..backend import Array, array_module, device_of, to_device
from ..errors import GradientError, RangeError, ShapeError
from ..grad_mode import is_grad_enabled
from ..shapes import describe
from ..tensor import Tensor


class KVCache:
    """The keys and values of one attention layer, (B, A, U, E) and (B, A, U, F).

    The memory doubles when it is full, so that all the copying together costs no more than twice the writing.
    """

    def __init__(self) -> None:
        self._store: list[Array] = []
        self.length = 0

    def __len__(self) -> int:
        return self.length

    def append(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Add the keys and values of the next T positions; return those of all positions so far.

        Raises  GradientError while gradients are recorded: what is stored here has no history
        """
        if is_grad_enabled() and (key.requires_grad or value.requires_grad):
            raise GradientError("KVCache: gradients do not pass through a cache\nHint: generate inside no_grad()")
        new = [key.array, value.array]
        self._make_room(key, value)
        stop = self.length + new[0].shape[-2]
        for store, x in zip(self._store, new, strict=True):
            store[..., self.length : stop, :] = x
        self.length = stop
        return self.entries()

    def entries(self) -> tuple[Tensor, Tensor]:
        """Return the keys and values so far."""
        if not self._store:
            raise RangeError("KVCache: nothing has been stored yet\nHint: append(key, value) first")
        keys, values = (constant(store[..., : self.length, :]) for store in self._store)
        return keys, values

    def crop(self, length: int) -> None:
        """Forget the positions from `length` on."""
        if not 0 <= length <= self.length:
            raise RangeError(f"KVCache: cannot keep {length} positions, {self.length} are stored")
        self.length = length

    def select(self, rows: Sequence[int]) -> None:
        """Go on with these sequences of the batch, in this order; one may occur several times."""
        size = len(self._store[0]) if self._store else 0
        for row in rows:
            if not 0 <= row < size:
                raise RangeError(f"KVCache.select: there is no row {row}, the cache holds {size}")
        self._store = [store[to_device(np.array(rows, "int64"), device_of(store))] for store in self._store]

    def _make_room(self, key: Tensor, value: Tensor) -> None:
        new = [key.array, value.array]
        wrong = key.ndim < 2 or key.shape[:-1] != value.shape[:-1]
        for store, x in zip(self._store, new, strict=bool(self._store)):
            wrong = wrong or (*store.shape[:-2], store.shape[-1]) != (*x.shape[:-2], x.shape[-1])
        if wrong:
            rows = {"key": (key, "... T E"), "value": (value, "... T F")}
            rows |= {f"stored {n}": (x, "... U E") for n, x in zip(("keys", "values"), self._store, strict=False)}
            hint = "one cache serves one layer and one batch; start a new one, or select(rows)"
            raise ShapeError(describe("KVCache", "sizes other than T and U must stay the same", rows, hint))
        needed = self.length + new[0].shape[-2]
        if not self._store or needed > self._store[0].shape[-2]:
            self._store = [self._enlarged(i, x, max(2 * needed, 16)) for i, x in enumerate(new)]

    def _enlarged(self, i: int, x: Array, capacity: int) -> Array:
        larger = array_module(x).zeros((*x.shape[:-2], capacity, x.shape[-1]), x.dtype)
        if self._store:
            larger[..., : self.length, :] = self._store[i][..., : self.length, :]
        return larger
