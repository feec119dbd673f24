"""Small products inside a kernel agree with NumPy's, whatever the strides of A."""

import os
import subprocess
import sys

import numpy as np
import pytest

from minigrad_kernels.cpu.product import ROWS, WIDE, add_product, multiply, padded


@pytest.fixture(params=[(1, 1, 1), (2, 3, 7), (4, 1, 33)], ids=str)
def matrices(request):
    rng = np.random.default_rng(0)
    M, N, K = request.param[0] * ROWS, request.param[1] * WIDE, request.param[2]
    return rng.normal(size=(M, K)).astype("f4"), rng.normal(size=(K, N)).astype("f4")


def test_a_product_is_written_where_it_belongs_and_nowhere_else(matrices):
    A, B = matrices
    M, N, K = len(A), B.shape[1], len(B)
    C = np.full((M + 2, N + 5), 7, "f4")
    multiply(A.ravel(), 0, K, 1, B.ravel(), 0, N, C.reshape(-1), N + 5 + 2, N + 5, M, N, K)
    np.testing.assert_allclose(C[1 : M + 1, 2 : N + 2], A @ B, rtol=1e-4, atol=1e-4)
    C[1 : M + 1, 2 : N + 2] = 7
    assert (C == 7).all()


def test_other_strides_of_a_give_the_product_with_its_transpose(matrices):
    A, B = matrices
    M, N, K = len(A), B.shape[1], len(B)
    C = np.empty((M, N), "f4")
    multiply(A.T.copy().ravel(), 0, 1, M, B.ravel(), 0, N, C.reshape(-1), 0, N, M, N, K)
    np.testing.assert_allclose(C, A @ B, rtol=1e-4, atol=1e-4)


def test_a_product_is_added_to_what_is_there(matrices):
    A, B = matrices
    M, N, K = len(A), B.shape[1], len(B)
    C = np.ones((M, N), "f4")
    for _ in range(2):
        add_product(A.ravel(), 0, K, 1, B.ravel(), 0, N, C.reshape(-1), 0, N, M, N, K)
    np.testing.assert_allclose(C, 1 + 2 * (A @ B), rtol=1e-4, atol=1e-4)


def test_padded_is_the_next_multiple():
    assert [padded(n, 4) for n in (0, 1, 4, 5)] == [0, 4, 4, 8] and WIDE % ROWS == 0


@pytest.mark.slow
@pytest.mark.parametrize("lanes", ["4", "8", "16"])
def test_every_vector_width_passes_these_tests_and_those_of_attention(lanes):
    files = [__file__, __file__.replace("test_product", "test_attention")]
    environment = {**os.environ, "MINIGRAD_LANES": lanes, "PYTHONPATH": os.pathsep.join(sys.path)}
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
