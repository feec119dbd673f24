"""A layered layout: every arrow points down, nothing overlaps, few arrows cross.

    layer(v) = 1 + the largest layer of what v is made from        (longest path, so arrows point down)
    between two layers of boxes lies a layer of labels, and an arrow that passes a layer leaves room for itself there

So a label and a bend are items of a layer like a box, with a width of their own, and "no overlap" is one rule:
within a layer, neighbours keep their distance. The order within a layer comes from sweeps that sort items by the mean
place of their neighbours; then positions x are found that are closest to those means, in that order:

    minimise Σ (x_i - mean_i)²   with   x_{i+1} - x_i ≥ (w_i + w_{i+1}) / 2 + gap

Source    Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system structures", 1981
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

GAP = 18.0  # between neighbours
BEND = 8.0  # the room of a passing arrow
SWEEPS = 12


@dataclass
class Item:
    """Something that takes room in a layer: a box, a label, or a passing arrow."""

    layer: int
    width: float
    x: float = 0.0  # of its middle
    above: list[Item] = field(default_factory=list)
    below: list[Item] = field(default_factory=list)
    box: bool = False


@dataclass
class Placed:
    """Where everything is: boxes by number, and for every arrow its items from source to target, label last but one."""

    boxes: list[Item]
    ways: list[list[Item]]
    layers: list[list[Item]]
    width: float


def place(widths: Sequence[float], arrows: Sequence[tuple[int, int, float]]) -> Placed:
    """Place boxes of given widths; an arrow is (source, target, width of its label), sources before targets."""
    levels = _levels(len(widths), arrows)
    boxes = [Item(2 * level, width, box=True) for level, width in zip(levels, widths, strict=True)]
    ways = []
    for source, target, width in arrows:
        between = range(boxes[source].layer + 1, boxes[target].layer)
        passing = [Item(layer, width if layer == between[-1] else BEND) for layer in between]
        ways.append([boxes[source], *passing, boxes[target]])
    layers: list[list[Item]] = [[] for _ in range(2 * max(levels, default=0) + 1)]
    for item in [*boxes, *(item for way in ways for item in way[1:-1])]:
        layers[item.layer].append(item)
    for way in ways:
        for upper, lower in pairwise(way):
            upper.below.append(lower)
            lower.above.append(upper)
    _order(layers)
    _position(layers)
    left = min((i.x - i.width / 2 for row in layers for i in row), default=0.0)
    for item in (item for row in layers for item in row):
        item.x -= left
    return Placed(boxes, ways, layers, max((i.x + i.width / 2 for row in layers for i in row), default=0.0))


def _levels(n: int, arrows: Sequence[tuple[int, int, float]]) -> list[int]:
    """Return the layer of every box: below all its inputs; inputs without inputs lie right above their first user."""
    inputs: list[list[int]] = [[] for _ in range(n)]
    users: list[list[int]] = [[] for _ in range(n)]
    for source, target, _ in arrows:
        inputs[target].append(source)
        users[source].append(target)
    levels = [0] * n
    for _ in range(n):  # numbers are in order of use, so one round does, but for inputs that came late
        before = list(levels)
        for v in range(n):
            levels[v] = 1 + max((levels[u] for u in inputs[v]), default=-1)
        if levels == before:
            break
    for v in range(n):
        if not inputs[v] and users[v]:
            levels[v] = min(levels[u] for u in users[v]) - 1
    return levels


def _order(layers: list[list[Item]]) -> None:
    """Sort the items of each layer by the mean place of their neighbours; keep the order with the fewest crossings."""
    best, fewest = [list(row) for row in layers], crossings(layers)
    for sweep in range(SWEEPS):
        rows = layers if sweep % 2 == 0 else layers[::-1]
        for fixed, row in pairwise(rows):
            place_of = {id(item): i for i, item in enumerate(fixed)}
            means = {}
            for i, item in enumerate(row):
                neighbours = [place_of[id(n)] for n in (item.above if sweep % 2 == 0 else item.below)]
                means[id(item)] = sum(neighbours) / len(neighbours) if neighbours else i
            row.sort(key=lambda item: means[id(item)])
        found = crossings(layers)
        if found < fewest:
            best, fewest = [list(row) for row in layers], found
    for row, good in zip(layers, best, strict=True):
        row[:] = good


def crossings(layers: list[list[Item]]) -> int:
    """Count the pairs of arrows that cross."""
    total = 0
    for upper, lower in pairwise(layers):
        place_of = {id(item): i for i, item in enumerate(lower)}
        ends = [place_of[id(b)] for item in upper for b in sorted(item.below, key=lambda b: place_of[id(b)])]
        total += sum(a > b for i, a in enumerate(ends) for b in ends[i + 1 :])
    return total


def _position(layers: list[list[Item]]) -> None:
    """Find x for all items: near their neighbours, in order, at a distance."""
    for row in layers:
        for item, x in zip(row, _spread(row, [0.0] * len(row)), strict=True):
            item.x = x
    for sweep in range(5 * SWEEPS):
        for row in layers if sweep % 2 else layers[::-1]:
            aims = [_aim(item) for item in row]
            for item, x in zip(row, _spread(row, aims), strict=True):
                item.x = x


def _aim(item: Item) -> float:
    """Return the mean place of the neighbours of an item; a bend counts more, so that long arrows become straight."""
    near = [*item.above, *item.below]
    weights = [1.0 if n.box or item.box else 8.0 for n in near]
    return sum(w * n.x for w, n in zip(weights, near, strict=True)) / sum(weights) if near else item.x


def _spread(row: Sequence[Item], aims: Sequence[float]) -> list[float]:
    """Return the places closest to `aims`, in order and at a distance: pool neighbours that are in each other's way."""
    offsets = [0.0]
    for a, b in pairwise(row):
        offsets.append(offsets[-1] + (a.width + b.width) / 2 + GAP)
    pools: list[tuple[float, int]] = []  # the mean of (aim - offset) over a run of items, and its length
    for aim, offset in zip(aims, offsets, strict=False):
        mean, n = aim - offset, 1
        while pools and pools[-1][0] > mean:
            other, m = pools.pop()
            mean, n = (mean * n + other * m) / (n + m), n + m
        pools.append((mean, n))
    shifts = [mean for mean, n in pools for _ in range(n)]
    return [shift + offset for shift, offset in zip(shifts, offsets, strict=False)]
