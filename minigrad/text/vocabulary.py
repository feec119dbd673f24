"""Tokens and their numbers: a list read in both directions.

    tokens   ["<pad>", "a", "b"]
    ids           0     1    2
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..backend import to_numpy
from ..errors import ArgumentError, RangeError
from ..io.files import quote
from ..tensor import Tensor


class Vocabulary:
    """A list of different tokens; `unknown`, one of them, stands in for every token that is not among them.

    >>> vocabulary = Vocabulary(["<unk>", "to", "be"], unknown="<unk>")
    >>> vocabulary.ids(["to", "err"]), vocabulary.token(2), len(vocabulary)
    ([1, 0], 'be', 3)
    """

    def __init__(self, tokens: Iterable[str], unknown: str | None = None) -> None:
        self.tokens = list(tokens)
        for token in self.tokens:
            if not isinstance(token, str):
                raise ArgumentError(f"Vocabulary: tokens are strings, {quote(token)} is a {type(token).__name__}")
        self._ids = {token: i for i, token in enumerate(self.tokens)}
        if len(self._ids) != len(self.tokens):
            twice = next(token for i, token in enumerate(self.tokens) if self._ids[token] != i)
            raise ArgumentError(f"Vocabulary: the token {quote(twice)} occurs twice")
        if unknown is not None and unknown not in self._ids:
            raise ArgumentError(f"Vocabulary: the unknown token {quote(unknown)} is not one of the tokens")
        self.unknown = unknown

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: object) -> bool:
        return token in self._ids

    def id(self, token: str) -> int:
        """Return the number of a token, or that of the unknown one.

        Raises    ArgumentError for a token that is not there, if there is no unknown one
        """
        found = self._ids.get(token)
        if found is not None:
            return found
        if self.unknown is None:
            raise ArgumentError(
                f"Vocabulary: the token {quote(token)} is none of the {len(self)}\n"
                "Hint: build the vocabulary from all of the text, or give it an unknown token"
            )
        return self._ids[self.unknown]

    def ids(self, tokens: Iterable[str]) -> list[int]:
        """Return the numbers of several tokens."""
        return [self.id(token) for token in tokens]

    def token(self, id: int) -> str:
        """Return the token of a number.

        Raises    RangeError if there is none of that number
        """
        if not 0 <= id < len(self.tokens):
            raise RangeError(f"Vocabulary: there is no token {quote(id)}, ids run from 0 to {len(self) - 1}")
        return self.tokens[id]


def id_list(op: str, ids: Sequence[int] | np.ndarray[Any, Any] | Tensor) -> list[int]:
    """Return ids, given as a list, an array or a tensor with one axis, as a list of Python integers.

    Raises    ArgumentError for anything else
    """
    array = to_numpy(ids.array) if isinstance(ids, Tensor) else np.asarray(ids if len(ids) else np.zeros(0, np.int64))
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise ArgumentError(f"{op}: ids are whole numbers along one axis, got {array.dtype} {array.shape}")
    found: list[int] = array.tolist()
    return found


def checked_text(op: str, text: str) -> str:
    """Return `text`, having checked that it is a string that can be written as UTF-8."""
    if not isinstance(text, str):
        hint = "\nHint: text.decode() makes a string of bytes" if isinstance(text, (bytes, bytearray)) else ""
        raise ArgumentError(f"{op}: the text should be a string, it is a {type(text).__name__}{hint}")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ArgumentError(f"{op}: character {error.start} of the text is half of a surrogate pair") from error
    return text
