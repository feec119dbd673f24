"""Values with arrays in them: copied, and asked which arrays are one and the same memory."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np


def copied(values: Sequence[Any]) -> tuple[Any, ...]:
    """Return the values with their arrays copied, wherever these are."""
    return tuple(x.copy() if isinstance(x, np.ndarray)
                 else type(x)(copied(x)) if isinstance(x, (list, tuple)) else x for x in values)  # fmt: skip


def memory(result: Any, arguments: Sequence[Any]) -> list[bool]:
    """Return which arrays among the results and arguments are the same memory, pair by pair."""
    arrays = [x for x in (*(result if isinstance(result, (list, tuple)) else [result]), *arguments)
              if isinstance(x, np.ndarray)]  # fmt: skip
    return [np.may_share_memory(x, y) for x, y in itertools.combinations(arrays[:8], 2)]
