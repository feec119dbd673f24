import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import Tensor
from minigrad.ops.resample import Sparse, resample, resample_loop
from minigrad.testing import gradcheck, gradgradcheck


@st.composite
def matrices(draw):
    """Draw a sparse matrix, with entries that repeat and rows that are empty, and the same written out."""
    P, H, n = draw(st.integers(1, 6)), draw(st.integers(1, 6)), draw(st.integers(0, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    p, h, weight = rng.integers(0, P, n), rng.integers(0, H, n), rng.choice([1.0, -2.0, 0.5], n)
    full = np.zeros((P, H))
    np.add.at(full, (p, h), weight)
    return Sparse(P, H, p, h, weight), full


@given(matrices(), st.integers(-3, 2))
def test_the_product_is_that_of_the_matrix_written_out_along_any_axis(pair, axis):
    sparse, full = pair
    shape = [2, 3, 2]
    shape[axis] = sparse.H
    x = np.random.default_rng(0).normal(size=shape)
    expected = np.moveaxis(np.tensordot(full, x, (1, axis)), 0, axis)
    np.testing.assert_allclose(resample_loop(x, axis, sparse), expected, atol=1e-12)


@given(matrices())
def test_the_transposed_matrix_is_the_adjoint(pair):
    sparse, full = pair
    back = sparse.transposed()
    y = np.random.default_rng(0).normal(size=sparse.P)
    np.testing.assert_allclose(resample_loop(y, 0, back), full.T @ y, atol=1e-12)
    assert (back.P, back.H) == (sparse.H, sparse.P)


@pytest.mark.parametrize("P", [3, 4])
def test_derivatives_agree_with_differences_to_second_order(P):
    matrix = Sparse(P, 4, np.array([0, 0, 2, 2, 2]), np.array([0, 3, 1, 1, 2]), np.array([0.5, 1, 2, -1, 1]))
    x = np.random.default_rng(0).normal(size=(2, 4))
    gradcheck(lambda x: resample(x, 1, matrix), x)
    gradgradcheck(lambda x: resample(x, 1, matrix) ** 2, x)


def test_an_infinity_stays_in_the_rows_that_name_it():
    matrix = Sparse(2, 2, np.array([0, 1, 1]), np.array([0, 0, 1]), np.array([1.0, 0.5, 0.5]))
    y = resample(Tensor(np.array([1.0, np.inf])), 0, matrix)
    np.testing.assert_array_equal(y.numpy(), [1, np.inf])


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_the_type_is_kept_and_float16_is_summed_in_float32(dtype):
    n = 4096
    matrix = Sparse(1, n, np.zeros(n, int), np.arange(n), np.full(n, 1 / n))
    y = resample_loop(np.full(n, 3, dtype), 0, matrix)
    assert y.dtype == dtype and y[0] == 3
