import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad_kernels.cpu.simd import LANES
from minigrad_kernels.cpu.winograd_tiling import SLOWNESS, columns_for, panels, products, tiling


@given(st.integers(1, 40), st.integers(1, 60), st.integers(0, 2), st.integers(1, 9), st.booleans())
def test_every_output_belongs_to_one_tile(P, Q, padding, images, summed):
    size = max(P + 2 - 2 * padding, 1), max(Q + 2 - 2 * padding, 1)
    table = tiling(size, (P, Q), (padding, padding), images, 24, summed)
    side = table.outputs
    assert side.rows == 4 * table.strips and table.parts * table.strips >= -(-P // 4) > (table.parts - 1) * table.strips
    assert side.columns >= Q and table.tiles == table.strips * side.columns // 4
    canvas = np.zeros(table.block * side.rows * side.columns, int)
    for corner in side.corners[: table.block * table.tiles]:
        for i in range(4):
            canvas[corner + i * side.columns :][:4] += 1
    assert (canvas == 1).all() and len(side.corners) % LANES == 0


@given(st.integers(1, 40), st.integers(1, 60), st.integers(1, 9))
def test_a_tile_sees_the_pixels_around_its_outputs(P, Q, images):
    table = tiling((P + 2, Q + 2), (P, Q), (0, 0), images, 24, False)
    pixels, outputs = table.pixels, table.outputs
    assert (pixels.rows, pixels.columns) == (outputs.rows + 2, outputs.columns + 2)
    for seen, made in zip(pixels.corners[: table.tiles], outputs.corners[: table.tiles], strict=True):
        assert divmod(seen, pixels.columns) == divmod(made, outputs.columns)


@pytest.mark.parametrize("summed", [True, False])
def test_blocks_are_no_larger_than_they_should_be_unless_one_strip_is(summed):
    assert tiling((400, 40), (398, 38), (0, 0), 3, 50, summed).strips == 5
    wide = tiling((10, 4000), (8, 3998), (0, 0), 3, 50, summed)
    assert (wide.strips, wide.block) == (1, 1)
    small = tiling((8, 8), (8, 8), (1, 1), 100, 50, summed)
    assert small.block * small.tiles <= 50 and small.parts == 1


def test_tiles_beyond_the_last_lie_behind_the_canvas():
    side = tiling((6, 6), (4, 4), (0, 0), 1, 24, False).outputs
    assert side.corners.tolist() == [0] + [16] * (LANES - 1)
    assert side.canvas(1).size == 32


@pytest.mark.parametrize(("width", "wide"), [(3 * LANES, 2 * LANES), (2 * LANES, 2 * LANES), (LANES, 3 * LANES)])
def test_panels_hold_every_number_of_every_matrix_once(width, wide):
    p = panels(width, 5, wide)
    places = [matrix * p.apart + place + row + lane
              for matrix in range(36) for place in p.places for row in p.rows for lane in range(LANES)]  # fmt: skip
    assert len(set(places)) == 36 * 5 * width and max(places) < p.numbers.size
    first, second = p.places[0] + p.rows[1], p.places[0] + p.rows[2]
    assert second - first == wide


def test_products_hold_whole_matrices():
    m = products(5, 2 * LANES)
    assert m.numbers.size == 36 * m.apart and m.apart >= 10 * LANES


def test_no_more_columns_of_registers_than_vectors_to_fill_them():
    assert columns_for(1) == 1 and columns_for(2) == 2 and columns_for(3) == 3 and columns_for(4) == 2
    assert all(columns_for(n) in SLOWNESS for n in range(1, 40))
