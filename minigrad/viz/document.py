"""One HTML file that steps forward and backward through a graph: picture, numbers, rules and lines.

The file needs nothing else: its style, its scripts (engine.js computes, page.js shows) and its data are inside. All
text is escaped: the data stand in a script element as JSON without any of < > &, and page.js only ever sets text.
"""

from __future__ import annotations

import json
import linecache
import math
import re
from pathlib import Path
from typing import Any

import numpy as np

from ..backend import to_numpy
from ..io.atomic import atomic_write
from ..io.files import StrPath
from .browser import MOST, settings, why_not
from .reading import Arrow, Reading, Value, read
from .rules import forward_formula
from .scene import compose, title_of
from .svg import svg
from .text import summary

ROOM = 30  # cells on a line of a box

_HERE = Path(__file__).parent


def page(loss: Any, path: StrPath, names: Any = None) -> Path:
    """Write a page that steps through the computation of a loss, for a browser; return its path.

    Inside `recording()` the source's lines and the constants are known, and a small graph of common ops can be edited
    in the page: everything is computed anew there. `names` and what is refused are as for `graph`.

    Raises    DtypeError, GradientError, ReleasedGraphError, ArgumentError, OSError
    """
    content = document(read("page", loss, names)).encode()
    with atomic_write(path) as file:
        file.write(content)
    return Path(path)


def document(reading: Reading) -> str:
    """Return the page of a reading."""
    texts = [[title_of(value), "value", "gradient"] for value in reading.values]
    parts = {
        "style": _text("page.css"),
        "svg": svg(compose(reading, texts, ROOM)),
        "data": _harmless(json.dumps(described(reading), allow_nan=False)),
        "script": _text("engine.js") + _text("page.js"),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], _text("page.html"))


def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _harmless(text: str) -> str:
    """Return JSON that no HTML parser mistakes for a tag or an entity."""
    for c in "<>&":
        text = text.replace(c, f"\\u{ord(c):04x}")
    return text


def described(reading: Reading) -> dict[str, Any]:
    """Return a reading as plain data: values, arrows, and the steps from the inputs to the loss and back."""
    why = why_not(reading)
    return {
        "editable": not why,
        "why": why,
        "room": ROOM - 2,
        "values": [_value(reading, i, value, not why) for i, value in enumerate(reading.values)],
        "arrows": [_arrow(arrow) for arrow in reading.arrows],
        "steps": _steps(reading),
    }


def _arrow(arrow: Arrow) -> dict[str, Any]:
    slope = None if arrow.slope is None else _numbers(np.array(arrow.slope))
    return {
        "source": arrow.source, "target": arrow.target, "formula": arrow.formula, "flows": arrow.carried is not None,
        "carried": _numbers(arrow.carried), "summary": "" if arrow.carried is None else summary(arrow.carried),
        "slope": None if slope is None else slope[0],
    }  # fmt: skip


def _value(reading: Reading, i: int, value: Value, editable: bool) -> dict[str, Any]:
    inputs = [reading.values[j] for j in reading.inputs_of(i)]
    file, _, line = value.x.place.rpartition(":")
    grad = None if value.grad is None else to_numpy(value.grad.array)
    return {
        "title": title_of(value), "op": value.x.op, "shape": list(value.array.shape), "dtype": str(value.array.dtype),
        "data": _numbers(value.array), "summary": summary(value.array),
        "grad": _numbers(grad), "gradSummary": "" if grad is None else summary(grad),
        "formula": forward_formula(value.x.op), "place": value.place,
        "code": linecache.getline(file, int(line)).strip() if line.isdigit() else "",
        "settings": settings(value, inputs) if editable else None,
    }  # fmt: skip


def _steps(reading: Reading) -> list[dict[str, Any]]:
    """Return what happens in order: each op forward, then, from the latest op on, each arrow backward."""
    last = len(reading.values) - 1
    results = sorted({arrow.target for arrow in reading.arrows})
    steps: list[dict[str, Any]] = [{"phase": "start"}]
    steps += [{"phase": "forward", "value": i} for i in results]
    steps.append({"phase": "seed", "value": last})
    for i in reversed(results):
        steps += [{"phase": "back", "arrow": k} for k, a in enumerate(reading.arrows)
                  if a.target == i and a.carried is not None]  # fmt: skip
    return steps


def _numbers(array: np.ndarray[Any, Any] | None) -> list[float | str] | None:
    """Return the elements for JSON, infinities and NaN as text that JavaScript reads; None if they are too many."""
    if array is None or array.size > MOST:
        return None
    names = {math.inf: "Infinity", -math.inf: "-Infinity"}
    return [x if math.isfinite(x) else names.get(x, "NaN") for x in map(float, array.reshape(-1))]
