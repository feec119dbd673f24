"""Every value behind a result, in a table: what it holds, what backward brings there, what it costs, whose it is."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..backend import to_numpy
from .graph import Graph

if TYPE_CHECKING:
    from ..tensor import Tensor

_HEAD = ("", "op", "shape", "dtype", "min", "mean", "max", "zero", "bad",
         "|g| max", "|g| mean", "g zero", "g bad", "bytes", "line")  # fmt: skip
_LEFT = {1, 2, 3, 14}  # columns of text


@dataclass(frozen=True)
class Stats:
    """What an array holds. Extremes and mean are over its finite elements."""

    low: float
    mean: float
    high: float
    zero: float  # the share of zeros
    bad: int  # NaN and infinities

    @classmethod
    def of(cls, array: Any) -> Stats:
        """Measure an array."""
        values = to_numpy(array).astype(np.float64, copy=False)
        good = values[np.isfinite(values)]
        if not good.size:
            return cls(np.nan, np.nan, np.nan, 0.0, values.size)
        return cls(float(good.min()), float(good.mean()), float(good.max()), float((values == 0).mean()),
                   values.size - good.size)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One value of the graph."""

    op: str
    shape: tuple[int, ...]
    dtype: str
    value: Stats
    gradient: Stats | None  # of |g|; None where backward does not come, or could not be followed
    kept: int  # bytes that the graph alone keeps alive here
    place: str
    verdict: str = ""  # of a comparison with differences
    problem: str = ""

    def cells(self, number: int) -> list[str]:
        """Return what stands in the columns of the table."""
        v, g = self.value, self.gradient
        line = self.place.rpartition("/")[2]
        gradient = ["", "", "", ""] if g is None else [*map(_number, (g.high, g.mean)), _share(g.zero), _count(g.bad)]
        cells = [str(number), self.op, "×".join(map(str, self.shape)) or "()", self.dtype,
                 *map(_number, (v.low, v.mean, v.high)), _share(v.zero), _count(v.bad), *gradient, f"{self.kept:,}",
                 line]  # fmt: skip
        return [*cells, self.verdict] if self.verdict else cells


class Report:
    """The values behind a result, from the inputs to the result; `str` and notebooks show a table."""

    def __init__(self, result: Tensor, verdicts: dict[int, str] | None = None, note: str = "") -> None:
        graph = Graph(result).find_gradients()
        seen: set[int] = set()
        self.rows = [_row(graph, y, seen, (verdicts or {}).get(id(y), "")) for y in reversed(graph.nodes)]
        self.freed = [y.op for y in graph.freed]
        self.note = note

    @property
    def notes(self) -> list[str]:
        """What the table cannot show."""
        found = [self.note] if self.note else []
        if self.freed:
            found.append(
                f"The graph behind {', '.join(dict.fromkeys(self.freed))} was freed by an earlier backward: call "
                "explain before it, keep the graph with retain_graph=True, or compute inside watching()."
            )
        found += [row.problem for row in self.rows if row.problem]
        if not any(row.place for row in self.rows):
            found.append("No lines: compute inside `with watching():` (of minigrad.explain) to see whose they are.")
        return found

    def _table(self) -> list[list[str]]:
        head: list[str] = [*_HEAD, "numeric"] if any(row.verdict for row in self.rows) else [*_HEAD]
        body = [row.cells(i) for i, row in enumerate(self.rows)]
        return [head, *([*cells, *[""] * (len(head) - len(cells))] for cells in body)]

    def __str__(self) -> str:
        kept = sum(row.kept for row in self.rows)
        total = f"{len(self.rows)} values, {kept:,} bytes"
        return "\n".join([*aligned(self._table(), _LEFT | {15}), total, *self.notes])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the table for notebooks; the whole path of a line shows when the mouse rests on it."""
        head, *body = self._table()
        lines = [f"<tr>{_tags('th', head)}</tr>"]
        for cells, row in zip(body, self.rows, strict=True):
            mark = ' style="background:#fdd"' if row.verdict.startswith("WRONG") else ""
            lines.append(f'<tr{mark} title="{html.escape(row.place)}">{_tags("td", cells)}</tr>')
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        return f"<table>{''.join(lines)}</table>{notes}"


def _tags(tag: str, cells: Iterable[str]) -> str:
    return "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells)


def _row(graph: Graph, y: Tensor, seen: set[int], verdict: str) -> Row:
    dy = graph.grads.get(id(y))
    return Row(
        y.op if y.edges or y.op == "leaf" or not y.tracked else "leaf", y.shape, str(y.dtype), Stats.of(y.array),
        None if dy is None else Stats.of(abs(dy.array)), _kept(graph, y, seen), y.place, verdict,
        graph.problems.get(id(y), ""),
    )  # fmt: skip


def _kept(graph: Graph, y: Tensor, seen: set[int]) -> int:
    """Return the bytes of memory met here for the first time: of the value, and of what its rules close over."""
    arrays = [y.array]
    for _, rule in graph.edges[id(y)]:
        for cell in getattr(rule, "__closure__", None) or ():
            saved = getattr(cell.cell_contents, "array", cell.cell_contents)
            if hasattr(saved, "nbytes") and hasattr(saved, "base"):
                arrays.append(saved)
    total = 0
    for array in arrays:
        owner = array if array.base is None or not hasattr(array.base, "nbytes") else array.base
        if id(owner) not in seen:
            seen.add(id(owner))
            total += int(owner.nbytes)
    return total


def aligned(rows: Sequence[Sequence[str]], left: Iterable[int] = ()) -> list[str]:
    """Return rows of cells as lines whose columns stand below each other, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    on_left = set(left)
    padded = [[cell.ljust(w) if i in on_left else cell.rjust(w)
               for i, (cell, w) in enumerate(zip(row, widths, strict=True))] for row in rows]  # fmt: skip
    return ["  ".join(cells).rstrip() for cells in padded]


def _number(x: float) -> str:
    return "" if np.isnan(x) else f"{x:.3g}"


def _share(x: float) -> str:
    return f"{100 * x:.0f} %" if x else ""


def _count(n: int) -> str:
    return str(n) if n else ""
