import numpy as np
import pytest

from minigrad_kernels.cpu.buffers import dense, flat, out

from .agreement import LAYOUTS, drawn, laid_out


@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_is_dense_and_writable_afterwards_and_the_values_are_the_same(layout):
    x = drawn((3, 4))
    y = dense(laid_out(x, layout), (2, 6))
    assert y.flags.carray
    np.testing.assert_array_equal(y, x.reshape(2, 6))


def test_a_vector_has_all_numbers_in_order():
    x = drawn((3, 4))
    np.testing.assert_array_equal(flat(x.T), x.T.reshape(-1))
    assert np.shares_memory(flat(x), x)


def test_dense_memory_is_not_copied():
    x = drawn((3, 4))
    assert dense(x, (3, 4)) is x
    assert np.shares_memory(dense(x, (12,)), x)


def test_results_are_float32_in_memory_of_their_own():
    assert out((2, 3)).dtype == np.float32 and out((2, 3)).flags.owndata and out(()).shape == ()
