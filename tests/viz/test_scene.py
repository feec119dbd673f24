"""In a scene no box covers another, and every text fits into its box."""

from itertools import combinations

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, nn, tensor, viz
from minigrad.nn import functional as F
from minigrad.viz.reading import read
from minigrad.viz.scene import CELL, MARGIN, ROW, compose, segments
from minigrad.viz.text import cells


def classifier():
    minigrad.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    with viz.recording():
        return F.cross_entropy(model(minigrad.randn(5, 3)), tensor([0, 1, 0, 1, 1])), model


def recurrent():
    h = Tensor(np.array([0.1, 0.2]), requires_grad=True)
    w = Tensor(np.ones((2, 2)), requires_grad=True)
    s, sums = h, []
    for _ in range(6):
        s = (s @ w + h).tanh() * s
        sums.append(s.sum())
    return sum(sums[1:], sums[0]), {"h": h, "w": w}


def scene_of(graph):
    return compose(read("graph", *graph()))


def overlap(a, b):
    return min(a[2], b[2]) - max(a[0], b[0]) > 1e-6 and min(a[3], b[3]) - max(a[1], b[1]) > 1e-6


def areas(scene):
    """Return the corners of all boxes and all labels."""
    boxes = [(b.x, b.y, b.x + b.width, b.y + b.height) for b in [*scene.boxes, *scene.legend]]
    labels = [(w.x - w.room / 2, w.y, w.x + w.room / 2, w.y + ROW * len(w.label)) for w in scene.wires if w.label]
    return boxes + labels


@pytest.mark.parametrize("graph", [classifier, recurrent])
def test_neither_boxes_nor_labels_overlap_or_leave_the_picture(graph):
    scene = scene_of(graph)
    rectangles = areas(scene)
    assert not any(overlap(a, b) for a, b in combinations(rectangles, 2))
    assert all(min(x, y) >= 0 and u <= scene.width and v <= scene.height for x, y, u, v in rectangles)


@pytest.mark.parametrize("graph", [classifier, recurrent])
def test_texts_fit_their_boxes(graph):
    for box in [*(scene := scene_of(graph)).boxes, *scene.legend]:
        assert max(map(cells, box.lines)) * CELL < box.width and sum(map(bool, box.lines)) * ROW < box.height


@pytest.mark.parametrize("graph", [classifier, recurrent])
def test_wires_start_at_their_source_end_at_their_target_and_pass_no_other_box(graph):
    reading = read("graph", *graph())
    scene = compose(reading)
    for arrow, wire in zip(reading.arrows, scene.wires, strict=True):
        source, target = scene.boxes[arrow.source], scene.boxes[arrow.target]
        (x, y), (u, v) = wire.points[0], wire.points[-1]
        assert source.x < x < source.x + source.width and y == pytest.approx(source.y + source.height)
        assert target.x < u < target.x + target.width and v == pytest.approx(target.y)
        for (x, y), (u, v) in segments(wire):
            piece = (min(x, u), y, max(x, u) + 1e-3, v)
            assert not any(overlap(piece, (b.x, b.y, b.x + b.width, b.y + b.height)) for b in scene.boxes)


def test_boxes_say_what_they_are():
    loss, model = classifier()
    lines = [box.lines for box in compose(read("graph", loss, model)).boxes]
    assert ["0.weight", "(4, 3)", ""] in lines and ["linear", "(5, 4)", ""] in lines
    assert lines[-1][:2] == ["loss = mean", "a number"] and float(lines[-1][2]) == pytest.approx(loss.item(), rel=1e-3)


def test_arrows_carry_the_rule_and_the_slope():
    x = Tensor(3.0, requires_grad=True)
    wires = compose(read("graph", x * x)).wires
    assert [wire.label for wire in wires] == [["dx = dz · y", "slope 3"], ["dy = dz · x", "slope 3"]]


def test_the_legend_explains_the_kinds_that_occur():
    assert [box.kind for box in scene_of(classifier).legend] == ["loss", "op", "parameter", "constant"]
    assert [box.kind for box in scene_of(recurrent).legend] == ["loss", "op", "leaf"]


def test_a_picture_without_constants_says_how_to_get_them():
    assert scene_of(recurrent).notes == ["constants and lines: compute inside viz.recording()"]
    assert scene_of(classifier).notes == [] and MARGIN > 0


def test_a_long_name_is_cut():
    x = Tensor(3.0, requires_grad=True)
    box = compose(read("graph", x.exp(), {"n" * 300: x})).boxes[0]
    assert box.lines[0].endswith("n…") and box.width < 300
