"""Laws of the layout: arrows point down, nothing in a layer overlaps, easy graphs are drawn without a crossing."""

from itertools import pairwise

import numpy as np
import pytest

from minigrad.viz.layout import GAP, crossings, place


def random_graph(seed, n):
    """Return widths and arrows: every value from the third on is made of one or two earlier ones, often recent ones."""
    draw = np.random.default_rng(seed)
    arrows = [(int(v - 1 - min(draw.geometric(0.4) - 1, v - 1)), v, float(draw.integers(0, 200)))
              for v in range(2, n) for _ in range(draw.integers(1, 3))]  # fmt: skip
    used = {source for source, _, _ in arrows}
    arrows += [(v, n - 1, 30.0) for v in range(n - 1) if v not in used]
    return draw.integers(40, 300, n).tolist(), arrows


@pytest.mark.parametrize(("seed", "n"), [(0, 3), (1, 8), (2, 20), (3, 40), (4, 60), (5, 60)])
def test_neighbours_in_a_layer_keep_their_distance(seed, n):
    placed = place(*random_graph(seed, n))
    for row in placed.layers:
        for a, b in pairwise(row):
            assert b.x - b.width / 2 >= a.x + a.width / 2 + GAP - 1e-6


@pytest.mark.parametrize("seed", range(5))
def test_arrows_run_down_layer_by_layer_and_stay_inside(seed):
    widths, arrows = random_graph(seed, 30)
    placed = place(widths, arrows)
    for (source, target, width), way in zip(arrows, placed.ways, strict=True):
        assert [item.layer for item in way] == list(range(way[0].layer, way[-1].layer + 1)) and len(way) >= 3
        assert way[0] is placed.boxes[source] and way[-1] is placed.boxes[target] and way[-2].width == width
        assert all(item.width / 2 - 1e-6 <= item.x <= placed.width - item.width / 2 + 1e-6 for item in way)


def test_an_input_lies_right_above_its_first_user():
    placed = place([50.0] * 4, [(0, 1, 0), (1, 3, 0), (2, 3, 0)])
    assert [box.layer for box in placed.boxes] == [0, 2, 2, 4]


def test_a_chain_is_straight():
    placed = place([50.0, 200.0, 90.0], [(0, 1, 20.0), (1, 2, 150.0)])
    assert len({round(item.x, 3) for row in placed.layers for item in row}) == 1


def test_a_tangled_tree_is_disentangled():
    """Leaves 0..3 feed 4 and 5 crosswise; a drawing without crossings exists."""
    placed = place([50.0] * 7, [(0, 4, 9), (2, 4, 9), (1, 5, 9), (3, 5, 9), (4, 6, 9), (5, 6, 9)])
    assert crossings(placed.layers) == 0


def test_two_arrows_between_the_same_boxes_have_a_label_each():
    placed = place([50.0, 50.0], [(0, 1, 60.0), (0, 1, 60.0)])
    first, second = (way[1] for way in placed.ways)
    assert abs(first.x - second.x) >= 60 + GAP - 1e-6


def test_crossings_are_counted():
    placed = place([50.0] * 4, [(0, 2, 9), (1, 3, 9)])
    assert crossings(placed.layers) == 0
    placed.layers[-1].reverse()
    assert crossings(placed.layers) == 1
