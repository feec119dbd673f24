"""Numbers and names, short enough for a box."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import numpy as np

SMALL = 4  # elements that are shown in a box
TITLE, LINE = 26, 40  # characters that fit


def number(x: float) -> str:
    """Return a number to four digits.

    >>> number(2 / 3), number(-3.0), number(1e-9)
    ('0.6667', '-3', '1e-09')
    """
    return f"{x:.4g}"


def values(array: np.ndarray[Any, Any], most: int = SMALL) -> str:
    """Return the elements of a small array; for a larger one "" says that there are too many.

    >>> values(np.array([[1.0, 2.5]]))
    '[[1, 2.5]]'
    """
    if array.size > most or array.size == 0:
        return ""
    return _nested(array.tolist()) if array.ndim else number(array.item())


def _nested(item: Any) -> str:
    return f"[{', '.join(map(_nested, item))}]" if isinstance(item, list) else f"{item:.3g}"


def summary(array: np.ndarray[Any, Any], most: int = SMALL) -> str:
    """Return the elements of a small array, the range of a larger one."""
    if array.size == 0:
        return "no elements"
    return values(array, most) or f"{number(array.min())} to {number(array.max())}"


def shape(array: np.ndarray[Any, Any]) -> str:
    """Return the shape of an array, in words for a single number."""
    return str(array.shape) if array.ndim else "a number"


def clipped(text: str, most: int) -> str:
    """Return a text that fits on one line of `most` cells, without control characters.

    >>> clipped("a long name", 6)
    'a lon…'
    """
    text = re.sub(r"\s+", " ", "".join(c if c.isprintable() or c.isspace() else "?" for c in text)).strip()
    while cells(text) > most:
        text = text[:-2] + "…" if text.endswith("…") else text[:-1] + "…"
    return text


def cells(text: str) -> int:
    """Return how many cells of a monospaced font a text takes: wide characters take two, accents none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
