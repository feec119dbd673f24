"""What to draw where: boxes with lines of text, wires with labels, and a legend; in pixels, y down.

The font is monospaced, so that a text's width is known without a font: its cells times CELL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from .layout import Placed, place
from .reading import Arrow, Reading, Value
from .text import LINE, TITLE, cells, clipped, number, shape, values

CELL, ROW = 7.4, 16.0  # a cell of the font, at 12 pixels, and the height of a line
PAD, MARGIN = 12.0, 16.0
ABOVE = 20.0  # between a box and a label
FONT = 12.0

KINDS = {
    "loss": "the loss",
    "op": "result of an op",
    "parameter": "parameter",
    "leaf": "leaf with a gradient",
    "constant": "constant",
}


@dataclass
class Box:
    """A value: its corner, its size, and its lines, the first of them the title."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    lines: list[str]
    hint: str = ""  # shown when the mouse rests on it


@dataclass
class Wire:
    """An arrow: the points it runs through, straight down inside a layer and curved between two, and its label."""

    points: list[tuple[float, float]]
    label: list[str]
    x: float  # the middle of the label
    y: float  # its top
    dashed: bool  # no gradient flows
    hint: str = ""

    @property
    def room(self) -> float:
        """The width of the label."""
        return CELL * max(map(cells, self.label), default=0) + PAD / 2


@dataclass
class Scene:
    """A whole picture."""

    boxes: list[Box]
    wires: list[Wire]
    legend: list[Box]
    notes: list[str]
    width: float
    height: float


def title_of(value: Value) -> str:
    """Return what a value is called: by its name, or by its op."""
    op = value.x.op if value.kind in ("op", "loss") else value.kind
    title = f"{value.name} = {op}" if value.name and value.kind in ("op", "loss") else value.name or op
    return clipped(f"loss = {op}" if value.kind == "loss" and not value.name else title, TITLE)


def lines_of(value: Value) -> list[str]:
    """Return the title, the shape and, if it is small, the content of a value."""
    return [title_of(value), clipped(shape(value.array), LINE), clipped(values(value.array), LINE)]


def label_of(arrow: Arrow) -> list[str]:
    """Return the rule of an arrow and, between two numbers, its slope."""
    slope = [] if arrow.slope is None else [f"slope {number(arrow.slope)}"]
    return [clipped(arrow.formula, LINE), *slope] if arrow.carried is not None else []


def compose(reading: Reading, texts: Sequence[list[str]] | None = None, room: int = 0) -> Scene:
    """Lay a reading out, with other lines in the boxes if they are given, and boxes at least `room` cells wide."""
    texts = [lines_of(value) for value in reading.values] if texts is None else texts
    labels = [label_of(arrow) for arrow in reading.arrows]
    widths = [_width(text, room) for text in texts]
    ends = [(a.source, a.target, _width(label)) for a, label in zip(reading.arrows, labels, strict=True)]
    placed = place(widths, ends)
    tall = ROW * max(sum(map(bool, text)) for text in texts) + PAD
    high = ROW * max((len(label) for label in labels), default=0)
    legend = _legend([value.kind for value in reading.values])
    notes = [] if reading.recorded else ["constants and lines: compute inside viz.recording()"]
    right = legend[-1].x + legend[-1].width - MARGIN
    width = max([placed.width, right, *(CELL * cells(note) for note in notes)])
    for item in (item for row in placed.layers for item in row):
        item.x += MARGIN + (width - placed.width) / 2
    step = tall + high + 2 * ABOVE
    boxes = [
        Box(value.kind, item.x - item.width / 2, MARGIN + item.layer // 2 * step, item.width, tall, text, value.place)
        for value, text, item in zip(reading.values, texts, placed.boxes, strict=True)
    ]
    bottom = MARGIN + len(placed.layers) // 2 * step + tall + MARGIN
    for box in legend:
        box.y = bottom
    height = bottom + ROW + PAD + MARGIN + (ROW + 4) * len(notes)
    return Scene(boxes, _wires(reading, labels, placed, tall, high), legend, notes, width + 2 * MARGIN, height)


def _width(lines: list[str], room: int = 0) -> float:
    return CELL * max([room, *map(cells, lines)]) + (2 * PAD if len(lines) == 3 else PAD)


def _wires(reading: Reading, labels: list[list[str]], placed: Placed, tall: float, high: float) -> list[Wire]:
    """Return the arrows; those that enter the same box enter it side by side."""
    step = tall + high + 2 * ABOVE
    entering: dict[int, list[int]] = {}
    for i, arrow in enumerate(reading.arrows):
        entering.setdefault(arrow.target, []).append(i)
    wires = []
    for i, arrow in enumerate(reading.arrows):
        start, *passed, end = placed.ways[i]
        rivals = sorted(entering[arrow.target], key=lambda j: placed.ways[j][-2].x)
        share = (rivals.index(i) + 1) / (len(rivals) + 1) - 0.5
        points = [(start.x, MARGIN + start.layer // 2 * step + tall)]
        for item in passed:
            top = MARGIN + item.layer // 2 * step + (tall + ABOVE if item.layer % 2 else 0)
            points += [(item.x, top), (item.x, top + (high if item.layer % 2 else tall))]
        points.append((end.x + share * 0.7 * end.width, MARGIN + end.layer // 2 * step))
        label, middle = passed[-1], tall + ABOVE + (high - ROW * len(labels[i])) / 2
        top = MARGIN + label.layer // 2 * step + middle
        wires.append(Wire(points, labels[i], label.x, top, arrow.carried is None, arrow.formula))
    return wires


def _legend(kinds: list[str]) -> list[Box]:
    """Return a row of boxes, one for each kind that occurs."""
    boxes: list[Box] = []
    x = MARGIN
    for kind in (kind for kind in KINDS if kind in kinds):
        width = CELL * cells(KINDS[kind]) + 2 * PAD
        boxes.append(Box(kind, x, 0.0, width, ROW + PAD, [KINDS[kind]]))
        x += width + MARGIN
    return boxes


def segments(wire: Wire) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Return the pieces of a wire, from point to point."""
    return list(pairwise(wire.points))
