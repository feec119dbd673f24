"""Keep freed memory, so that the next array of its size is free of charge.

The C library hands large blocks back to the system as soon as they are freed. The next large array then comes from
the system again, which has to clear every page of it: in the training of a small network, a third of the time. On
Linux with glibc, two settings make it keep blocks of up to 32 MB (the largest value it takes) for reuse. Elsewhere
nothing is changed; MINIGRAD_RECYCLE=0 leaves glibc alone too.
"""

from __future__ import annotations

import ctypes
import os
import sys

# glibc's malloc.h
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_LARGEST = 32 * 2**20
_NEVER = 2**31 - 1


def recycle() -> bool:
    """Ask the C library to keep what is freed; say whether it does."""
    if not sys.platform.startswith("linux") or os.environ.get("MINIGRAD_RECYCLE") == "0":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    return mallopt is not None and bool(
        mallopt(_M_MMAP_THRESHOLD, _LARGEST) and mallopt(_M_TRIM_THRESHOLD, _NEVER)
    )
