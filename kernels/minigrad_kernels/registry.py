"""Which function runs a loop on a device, and how exactly? The only state that ops and kernels share.

`STEMS` of a device's package says which module holds the twin of which loop, so that nothing is imported,
and nothing compiled, before a loop that has a twin is first called.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from importlib import import_module
from typing import Any

Kernel = Callable[..., Any]


class Choice(threading.local):
    """Which implementations a thread wants.

    mode        "auto", "exact" (none that rounds otherwise) or "reference" (none)
    precision   of factors of products on the GPU: "highest" (float32), "high" (TF32) or "medium" (bfloat16)
    """

    mode = "auto"
    precision = "highest"


choice = Choice()
_found: dict[tuple[str, str], Kernel | None] = {}


def find(loop: str, device: str) -> Kernel | None:
    """Return the twin of `loop` on `device`, or None where there is none or its compiler is not installed."""
    try:
        return _found[loop, device]
    except KeyError:
        twin = _found[loop, device] = _load(loop, device)
        return twin


def _load(loop: str, device: str) -> Kernel | None:
    stem = import_module(f"minigrad_kernels.{device}").STEMS.get(loop)
    if stem is None:
        return None
    try:
        module = import_module(f"minigrad_kernels.{device}.{stem}")
    except ModuleNotFoundError as missing:
        if missing.name in ("llvmlite", "numba", "cupy"):  # optional: without them, no twins
            return None
        raise
    twin: Kernel = getattr(module, loop)
    return twin
