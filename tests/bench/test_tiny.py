"""The chain of small ops is what its name says."""

import numpy as np

import minigrad
from minigrad.bench import tiny


def test_the_gradient_of_the_chain_is_the_product_of_its_factors():
    y, dx = tiny.chain(minigrad)()
    _, dy = y, minigrad.from_numpy(np.random.default_rng(99).standard_normal((4, 4), np.float32))
    np.testing.assert_allclose(dx.numpy(), dy.numpy() * 0.999 ** (tiny.CHAIN // 2), rtol=1e-4)
