"""Every rung of the ladder computes the same product."""

import numpy as np
import pytest

from minigrad_kernels.cpu.matmul_ladder import RUNGS, measure
from minigrad_kernels.cpu.product import ROWS, WIDE


@pytest.mark.parametrize("rung", RUNGS.values(), ids=RUNGS)
@pytest.mark.parametrize("sizes", [(ROWS, WIDE, 1), (9 * ROWS, 5 * WIDE, 300), (8 * ROWS, 3 * WIDE, 257)], ids=str)
def test_every_rung_computes_the_product(rung, sizes):
    M, N, K = sizes
    rng = np.random.default_rng(0)
    A, B, C = rng.normal(size=(M, K)).astype("f4"), rng.normal(size=(K, N)).astype("f4"), np.full((M, N), np.nan, "f4")
    rung(A, B, C)
    np.testing.assert_allclose(C, A.astype("f8") @ B, rtol=1e-3, atol=1e-3)


def test_every_rung_is_timed():
    assert measure(2 * WIDE, rounds=1).keys() == RUNGS.keys()
