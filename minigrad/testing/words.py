"""The sentences of a report."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from .comparison import Comparison
from .numeric import Lines
from .report import Entry
from .settings import Settings


def describe(entry: Entry, wrong: Comparison) -> str:
    """Return the sentence about the worst element."""
    m = wrong.measured
    whole = wrong.elements and m.wrong.size == wrong.got.size
    count = f"{int(m.wrong.sum())} of {m.wrong.size} elements are wrong" if whole else "others were not looked at"
    return (
        f"{entry.place}, shape {wrong.got.shape}: backward says {entry.backward:.10g}, "
        f"differences say {entry.differences:.10g} ± {entry.tolerance:.1e}; {count}"
    )


def title(function: Any) -> str:
    """Return the name of a function, and the place of its definition."""
    name = getattr(function, "__qualname__", None) or type(function).__name__
    code = getattr(inspect.unwrap(function), "__code__", None) if callable(function) else None
    if code is None:
        return name
    return f"{name.replace('<locals>.', '')} ({Path(code.co_filename).name}:{code.co_firstlineno})"


def options(settings: Settings, lines: Lines | None) -> str:
    """Return how it was measured."""
    if lines is None:
        return ""
    how = {
        "richardson": f"Richardson steps from {settings.step:g}",
        "central": f"central differences over {settings.step / 200:g}",
        "complex": "a complex step",
    }[settings.method]
    asked = isinstance(settings.cotangent, str)
    cotangent = f"cotangent of whole numbers -3 … 3, seed {settings.seed}" if asked else "cotangent as given"
    allowed = (
        f"rounding {lines.noise / settings.step:.0e} + 4 × disagreement + {settings.rtol:g} × size"
        if settings.atol == "auto" else f"{settings.atol:g} + {settings.rtol:g} × size"
    )  # fmt: skip
    return f"{how}; {cotangent}; tolerance {allowed}"
