"""The question next_logits(tokens), answered without reading again what has been read before.

Asked about tokens of which it has read all but the last few, it reads only these: one step per token of a text. Rows
may change places and be copied between two questions, as the beams of a search do. To the caller it is a function of
the tokens, and nothing else: cached = computed anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend import to_numpy
from ..nn import KVCache
from ..tensor import Tensor

Reader = Callable[[Tensor, list[KVCache]], Tensor]


class CachedLogits:
    """next_logits for a model that reads with caches, one per layer: read(tokens, caches) -> logits (B, V).

    A model that sees at most `context` tokens is asked about the window of the last ones, see `window_start`.
    """

    def __init__(self, read: Reader, layers: int, context: int | None = None) -> None:
        self._read, self._layers, self._context = read, layers, context
        self._forget()

    def _forget(self) -> None:
        self._caches = [KVCache() for _ in range(self._layers)]
        self._known = np.zeros((0, 0), "int64")  # the tokens in the caches, (rows, length)

    def __call__(self, tokens: Tensor) -> Tensor:
        """Return the logits of what comes after each row."""
        start = 0 if self._context is None else window_start(tokens.shape[1], self._context)
        window = to_numpy(tokens.array)[:, start:]
        length = self._recall(window)
        logits = self._read(tokens[:, start + length :], self._caches)
        self._known = window
        return logits

    def _recall(self, window: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> int:
        """Set the caches to the beginnings of these rows, and return how long those are: 0 if one of them is new."""
        length = min(self._known.shape[1], window.shape[1] - 1)
        known = [row.tobytes() for row in self._known[:, :length]]
        places = {row: i for i, row in enumerate(known)}
        wanted = [row.tobytes() for row in window[:, :length]]
        # a row that stayed where it was keeps its own cache: two texts may begin alike and answer different sources
        rows = [i if known[i : i + 1] == [row] else places.get(row, -1) for i, row in enumerate(wanted)]
        if not length or min(rows, default=-1) < 0:
            self._forget()
            return 0
        for cache in self._caches:
            cache.crop(length)
            if rows != list(range(len(self._known))):
                cache.select(rows)
        return length


def window_start(length: int, context: int) -> int:
    """Return where the window of a text of `length` tokens begins, for a model that sees at most `context` tokens.

    When the window is full it jumps by half its size: the positions of all its tokens change then, and must be read
    anew. Jumping by one would mean reading the whole window again for every token.

    >>> [window_start(n, 4) for n in range(1, 10)]
    [0, 0, 0, 0, 2, 2, 4, 4, 6]
    """
    jump = max(context // 2, 1)
    return 0 if length <= context else -(-(length - context) // jump) * jump


class StateLogits:
    """next_logits for a recurrent model: read(tokens, state) -> (logits (B, T, V), state after them).

    While a text grows, only what is new is read; any other question is answered from the start.
    """

    def __init__(self, read: Callable[[Tensor, Any], tuple[Tensor, Any]]) -> None:
        self._read, self._state, self._known = read, None, np.zeros((0, 0), "int64")

    def __call__(self, tokens: Tensor) -> Tensor:
        """Return the logits of what comes after each row."""
        text, length = to_numpy(tokens.array), self._known.shape[1]
        if length >= text.shape[1] or not np.array_equal(self._known, text[:, :length]):
            self._state, length = None, 0
        logits, self._state = self._read(tokens[:, length:], self._state)
        self._known = text
        return logits[:, -1]
