"""A product cut into stripes is the product, to the bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.ops.matmul import matmul_loop as loop
from minigrad_kernels.cpu import matmul, threads


@pytest.fixture(autouse=True)
def _several_threads_for_any_size(monkeypatch):
    monkeypatch.setattr(threads, "get_num_threads", lambda: 3)
    monkeypatch.setattr(matmul, "WORTHWHILE", -1)


def drawn(shape, dtype, flipped, seed):
    x = np.random.default_rng(seed).normal(size=shape).astype(dtype)
    return x.swapaxes(-1, -2).copy().swapaxes(-1, -2) if flipped else x


@given(
    st.sampled_from([(), (1,), (5,), (2, 3)]), *[st.integers(1, 70)] * 3, st.sampled_from(["f4", "f8"]), st.booleans(),
    st.booleans(),
)  # fmt: skip
def test_products_of_every_size_and_layout_agree(lead, T, K, M, dtype, x_flipped, w_flipped):
    x, w = drawn((*lead, T, K), dtype, x_flipped, 0), drawn((*lead, K, M), dtype, w_flipped, 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matmul, "LEAST", 1)
        y = matmul.matmul_loop(x, w)
    assert y.dtype == x.dtype
    np.testing.assert_allclose(y, loop.reference(x, w), rtol=1e-4 if dtype == "f4" else 1e-10, atol=1e-4)


@pytest.mark.parametrize(("T", "K", "M"), [(600, 300, 257), (64, 784, 512), (1000, 64, 64), (5000, 64, 64), (333, 65, 300), (333, 65, 600)])
@pytest.mark.parametrize("flipped", [(False, False), (True, False), (False, True)])
def test_the_number_of_threads_does_not_change_a_bit(monkeypatch, T, K, M, flipped):
    x, w = drawn((T, K), "f4", flipped[0], 0), drawn((K, M), "f4", flipped[1], 1)
    results = [loop.reference(x, w)]
    for count in (2, 3, 5):
        monkeypatch.setattr(threads, "get_num_threads", lambda count=count: count)
        results.append(matmul.matmul_loop(x, w))
    for y in results[1:]:
        np.testing.assert_array_equal(y, results[0])


def test_stacks_that_broadcast_small_products_and_one_thread_are_left_to_the_reference(monkeypatch):
    assert matmul.matmul_loop(np.ones((2, 4, 4)), np.ones((4, 4))) is NotImplemented
    monkeypatch.setattr(matmul, "WORTHWHILE", 64)
    assert matmul.matmul_loop(np.ones((4, 4)), np.ones((4, 4))) is NotImplemented
    assert matmul.matmul_loop(np.ones((4, 4)), np.ones((4, 5))) is not NotImplemented
    monkeypatch.setattr(threads, "get_num_threads", lambda: 1)
    assert matmul.matmul_loop(np.ones((4, 4)), np.ones((4, 5))) is NotImplemented


def test_empty_products_agree():
    for shapes in ((0, 3), (3, 4)), ((3, 0), (0, 4)), ((0, 2, 3), (0, 3, 4)):
        x, w = map(np.zeros, shapes)
        np.testing.assert_array_equal(matmul.matmul_loop(x, w), x @ w)
