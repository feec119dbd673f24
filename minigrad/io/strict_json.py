"""JSON from a file that may be hostile: the standard parser, and the checks that it leaves out.

Python's parser takes the last of two equal keys, reads NaN and Infinity, which are not JSON, recurses once per
nested bracket, and spends quadratic time on a number of many digits. All four are refused here.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

import numpy as np

from ..errors import FileFormatError
from .files import quote

MAX_DIGITS = 1000  # of one number; Python itself stops at 4300

_OPENING_AND_CLOSING = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")  # +1 and -1 as int8
_ALL_BUT_BRACKETS = bytes(set(range(256)) - set(b"[{]}"))


class _Refusal(Exception):
    """Valid for the standard parser, but not for us; `parse` adds where the text comes from."""


def parse(what: str, text: bytes, max_depth: int) -> Any:
    """Return the value that `text` stands for; `what` opens every error message.

    Raises    FileFormatError: bad UTF-8, bad JSON, nested deeper than `max_depth`, a key given twice, a number
              of more than 1000 digits, a number beyond the range of a float

    >>> parse("example", b'{"shape": [2, 3]}', max_depth=2)
    {'shape': [2, 3]}
    >>> parse("example", b'{"a": 1, "a": 2}', max_depth=2)
    Traceback (most recent call last):
    minigrad.errors.FileFormatError: example: the key 'a' is given twice
    """
    try:
        depth = nesting_depth(text)
        if depth > max_depth:
            raise _Refusal(f"brackets nest {depth} deep, {max_depth} are allowed")
        return json.loads(
            text.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_floating,
            parse_constant=_constant,
        )
    except UnicodeDecodeError as error:
        why = f"byte {error.start} is not valid UTF-8"
    except json.JSONDecodeError as error:
        why = f"not valid JSON at character {error.pos}: {error.msg}"
    except _Refusal as error:
        why = str(error)
    raise FileFormatError(f"{what}: {why}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Refusal(f"the key {quote(key)} is given twice")
        found[key] = value
    return found


def _integer(digits: str) -> int:
    count = len(digits.removeprefix("-"))
    if count > MAX_DIGITS:
        raise _Refusal(f"a number has {count} digits, {MAX_DIGITS} are allowed")
    return int(digits)


def _floating(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise _Refusal(f"the number {quote(digits)} is too large")
    return value


def _constant(name: str) -> NoReturn:
    raise _Refusal(f"{name} is not JSON")


def nesting_depth(text: bytes) -> int:
    """Return how deep brackets nest, those inside strings not counted.

    >>> nesting_depth(b'{"a": [1, "[[["]}')
    2
    """
    no_escapes = text.replace(rb"\\", b"").replace(rb"\"", b"")
    outside_strings = b"".join(no_escapes.split(b'"')[::2])
    steps = np.frombuffer(outside_strings.translate(_OPENING_AND_CLOSING, _ALL_BUT_BRACKETS), np.int8)
    return int(np.cumsum(steps, dtype=np.int32).max(initial=0))
