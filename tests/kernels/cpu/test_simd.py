import os
import subprocess
import sys

import numpy as np
import pytest
from numba import njit

from minigrad_kernels.cpu.simd import LANES, make_dots, make_tile


@pytest.mark.parametrize(("rows", "vectors", "K"), [(4, 3, 1), (8, 3, 7), (1, 1, 5)])
def test_a_tile_is_a_matrix_product_of_shifted_lines(rows, vectors, K):
    tile, wide = make_tile(rows, vectors), vectors * LANES
    rng = np.random.default_rng(0)
    A, B = rng.normal(size=(K, rows)).astype("float32"), rng.normal(size=wide + 50).astype("float32")
    offsets = rng.integers(0, 50, K)
    C = np.full((rows, wide + 3), 7, np.float32)

    @njit
    def run(A, B, offsets, C, K, stride):
        tile(A, 0, B, 0, offsets, K, C, 0, stride)

    run(A.ravel(), B, offsets, C.reshape(-1), K, wide + 3)
    lines = np.stack([B[o : o + wide] for o in offsets])
    np.testing.assert_allclose(C[:, :wide], A.T @ lines, rtol=1e-5, atol=1e-5)
    assert (C[:, wide:] == 7).all()


def test_dots_are_added_to_what_is_there():
    dots, P = make_dots(2, 3), 3 * LANES
    rng = np.random.default_rng(1)
    A, B = rng.normal(size=(2, P)).astype("float32"), rng.normal(size=P + 9).astype("float32")
    offsets, C = np.array([0, 4, 9]), np.ones((2, 3), np.float32)

    @njit
    def run(A, B, offsets, C, P):
        dots(A, 0, P, B, 0, offsets, 0, P, C, 0, 3)

    run(A.reshape(-1), B, offsets, C.reshape(-1), P)
    expected = 1 + A @ np.stack([B[o : o + P] for o in offsets]).T
    np.testing.assert_allclose(C, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("lanes", ["4", "8", "16"])
def test_every_vector_width_gives_right_convolutions(lanes):
    code = (
        "import numpy as np; from minigrad.ops import conv; from minigrad.ops.geometry import Geometry as G;"
        "r = np.random.default_rng(0); g = G((9, 7), (9, 7), (3, 3), (1, 1), (1, 1), (1, 1));"
        "x, w, y = (r.normal(size=s).astype('f4') for s in [(3, 5, 9, 7), (13, 5, 3, 3), (3, 13, 9, 7)]);"
        "[np.testing.assert_allclose(f(a, b, g), f.reference(a, b, g), rtol=1e-4, atol=1e-4)"
        " for f, a, b in [(conv.slide_loop, x, w), (conv.paint_loop, y, w), (conv.match_loop, x, y)]]"
    )
    environment = {**os.environ, "MINIGRAD_LANES": lanes, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
