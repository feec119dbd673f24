import numpy as np
import pytest
from numba import njit

from minigrad_kernels.cpu.simd import LANES, REGISTERS
from minigrad_kernels.cpu.tiles import VECTORS, dots, shape_of_tile, tile

SHAPES = [(rows, vectors, lanes) for rows, vectors in VECTORS.items() for lanes in (4, LANES)][::3]


@njit
def run_tile(shape, packed, more, image, offsets, sources, targets, first, last, out, pitch):
    tile(shape, packed, 2, 9, more, offsets.shape[0], image, offsets, sources, targets, first, last, out, 1, pitch)


def problem(rows, vectors, lanes, taps):
    rng = np.random.default_rng(rows * vectors + taps)
    packed = rng.normal(size=(taps + 1) * 9 + 2).astype("float32")  # 9 numbers per tap, of which `rows` are used
    image = rng.normal(size=200 + lanes).astype("float32")
    offsets, sources = rng.integers(0, 100, taps), rng.integers(0, 100, vectors)
    targets = np.arange(vectors) * (lanes + 1)
    bias, numbers = packed[2 : 2 + rows], packed[2:].reshape(taps + 1, 9)[1:, :rows]
    seen = np.stack([[image[s + o : s + o + lanes] for s in sources] for o in offsets])  # (taps, vectors, lanes)
    return packed, image, offsets, sources, targets, bias, np.einsum("kr,kvl->rvl", numbers, seen)


@pytest.mark.parametrize(("rows", "vectors", "lanes"), SHAPES)
@pytest.mark.parametrize("taps", [1, 7])
def test_a_tile_is_a_matrix_product_of_shifted_lines_and_touches_nothing_else(rows, vectors, lanes, taps):
    packed, image, offsets, sources, targets, bias, products = problem(rows, vectors, lanes, taps)
    pitch = vectors * (lanes + 1) + 3
    out = np.full(rows * pitch + 2, 7, np.float32)
    shape = shape_of_tile(rows, vectors, lanes)
    run_tile(shape, packed, False, image, offsets, sources, targets, 0, vectors - 1, out, pitch)
    expected = np.full_like(out, 7)
    for i in range(rows):
        for v in range(vectors):
            place = 1 + i * pitch + targets[v]
            expected[place : place + lanes] = bias[i] + products[i, v]
    np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-5)


def test_more_products_are_added_to_what_is_there():
    rows, vectors = next(iter(VECTORS.items()))
    packed, image, offsets, sources, targets, _, products = problem(rows, vectors, LANES, 5)
    out = np.full(rows * 400 + 2, 7, np.float32)
    run_tile(shape_of_tile(rows, vectors), packed, True, image, offsets, sources, targets, 0, vectors - 1, out, 400)
    np.testing.assert_allclose(out[1 : 1 + LANES], 7 + products[0, 0], rtol=1e-5, atol=1e-5)


def test_spots_beyond_the_last_repeat_it():
    rows, vectors = next(iter(VECTORS.items()))
    packed, image, offsets, sources, targets, bias, products = problem(rows, vectors, LANES, 5)
    out = np.full(rows * 400 + 2, 7, np.float32)
    run_tile(shape_of_tile(rows, vectors), packed, False, image, offsets, sources, targets, 1, 1, out, 400)
    place = 1 + targets[1]
    np.testing.assert_allclose(out[place : place + LANES], bias[0] + products[0, 1], rtol=1e-5, atol=1e-5)
    assert (out[1 : 1 + LANES] == 7).all() and (out[place + LANES : 400] == 7).all()


@njit
def run_dots(shape, lines, last, image, offsets, sources, out, pitch, width):
    dots(shape, lines, 3, pitch, last, image, offsets, 1, sources, sources.shape[0], out, 2, width)


@pytest.mark.parametrize(("rows", "columns"), [(4, 3), (1, 9), (4, 6)])
@pytest.mark.parametrize("lanes", [4, LANES])
def test_dots_are_sums_over_spots_added_to_what_is_there(rows, columns, lanes):
    if rows * columns + min(rows, columns) >= REGISTERS:
        pytest.skip("no such tile on this CPU")
    rng = np.random.default_rng(columns)
    count = 5
    lines, pitch = rng.normal(size=400).astype("float32"), count * lanes
    image, sources = rng.normal(size=300).astype("float32"), rng.integers(0, 100, count)
    offsets = rng.integers(0, 100, columns + 1)
    out = np.ones(2 + rows * (columns + 2), np.float32)
    last = rows - 1 if rows == 1 else rows - 2  # the last row is the one before once more
    run_dots(shape_of_tile(rows, columns, lanes), lines, last, image, offsets, sources, out, pitch, columns + 2)
    left = np.stack([lines[3 + min(i, last) * pitch :][:pitch] for i in range(rows)])
    right = np.stack([np.concatenate([image[s + o :][:lanes] for s in sources]) for o in offsets[1:]])
    got = out[2:].reshape(rows, columns + 2)
    np.testing.assert_allclose(got[:, :columns], 1 + left @ right.T, rtol=1e-4, atol=1e-4)
    assert (got[:, columns:] == 1).all() and (out[:2] == 1).all()
