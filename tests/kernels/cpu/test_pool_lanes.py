import numpy as np
import pytest
from numba import njit

from minigrad_kernels.cpu.pool_lanes import best_of_four, best_tap, to_four, to_winners


def values(size, seed=0):
    """Return numbers with ties, infinities and NaN among them."""
    rng = np.random.default_rng(seed)
    x = np.round(rng.normal(size=size)).astype("float32")
    x[rng.random(size) < 0.2] = -np.inf
    x[rng.random(size) < 0.1] = np.nan
    return x


def largest(window, first=0):
    """Return the largest of some numbers and its index: the first of equals; NaN wins; `first` if none beats -∞."""
    best, index = -np.inf, first
    for i, value in enumerate(window):
        if value > best or np.isnan(value):
            best, index = value, i
    return best, index


@pytest.mark.parametrize("lanes", [4, 8])
@pytest.mark.parametrize("taps", [1, 5])
def test_the_best_tap_of_each_window_is_found(lanes, taps):
    @njit
    def run(shape, plane, offsets, first, y, winner):
        best_tap(shape, plane, 3, offsets, offsets.shape[0], first, 1, y, winner, 2)

    plane, offsets = values(60), np.random.default_rng(1).integers(0, 40, taps)
    first = np.arange(1 + lanes, dtype="uint8")
    y, winner = np.full(lanes + 4, 7, np.float32), np.full(lanes + 4, 9, np.uint8)
    run((0,) * (lanes // 4), plane, offsets, first, y, winner)
    for lane in range(lanes):
        expected, number = largest([plane[3 + o + lane] for o in offsets], first[1 + lane])
        np.testing.assert_array_equal(y[2 + lane], np.float32(expected))
        assert winner[2 + lane] == number
    assert (y[[0, 1, -2, -1]] == 7).all() and (winner[[0, 1, -2, -1]] == 9).all()


@pytest.mark.parametrize("lanes", [4, 8])
def test_quarters_forward(lanes):
    @njit
    def run(shape, x, y, winner):
        best_of_four(shape, x, 1, 2 * y.shape[0] + 3, y, winner, 0)

    pitch = 2 * lanes + 3
    x = values(1 + 2 * pitch, seed=lanes)
    y, winner = np.empty(lanes, np.float32), np.empty(lanes, np.uint8)
    run((0,) * (lanes // 4), x, y, winner)
    for lane in range(lanes):
        window = [x[1 + r * pitch + 2 * lane + s] for r in range(2) for s in range(2)]
        if np.isneginf(window).all():
            assert np.isneginf(y[lane]) and winner[lane] == 0
        else:
            expected, number = largest(window)
            np.testing.assert_array_equal(y[lane], np.float32(expected))
            assert winner[lane] == number


@pytest.mark.parametrize("lanes", [4, 8])
def test_quarters_backward(lanes):
    @njit
    def run(shape, dy, winner, dx, pitch):
        to_four(shape, dy, winner, 0, dx, 1, pitch)

    rng, pitch = np.random.default_rng(lanes), 2 * lanes + 1
    dy, winner = rng.normal(size=lanes).astype("float32"), rng.integers(0, 4, lanes).astype("uint8")
    dx = np.full(1 + 2 * pitch, 7, np.float32)
    expected = dx.copy()
    for r in range(2):
        expected[1 + r * pitch :][: 2 * lanes] = 0
    for lane, tap in enumerate(winner):
        expected[1 + tap // 2 * pitch + 2 * lane + tap % 2] = dy[lane]
    run((0,) * (lanes // 4), dy, winner, dx, pitch)
    np.testing.assert_array_equal(dx, expected)


def test_each_gradient_is_added_to_the_pixel_that_won():
    @njit
    def run(dy, winner, starts, distances, dx):
        to_winners(dy, 1, winner, starts, distances, starts.shape[0], dx, 2)

    dy, winner = np.arange(5, dtype="float32"), np.array([9, 200, 0, 1, 200], np.uint8)
    starts, distances = np.array([0, 1, -1, 3]), np.zeros(256, int)
    distances[[1, 200]] = 2, 4
    dx = np.zeros(10, np.float32)
    run(dy, winner, starts, distances, dx)
    expected = np.zeros(10)
    for p in range(4):
        expected[2 + starts[p] + distances[winner[1 + p]]] += dy[1 + p]
    np.testing.assert_array_equal(dx, expected)
