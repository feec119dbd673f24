import numpy as np
import pytest

from minigrad import Tensor, ops
from minigrad_kernels.cpu.channels import channel_sums

from .agreement import (
    LAYOUTS,
    assert_agrees,
    assert_derivatives_agree,
    assert_thread_count_leaves_no_trace,
    drawn,
    laid_out,
)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 7), (2, 3, 9, 11), (4, 2, 3, 4, 5), (1, 2, 3000)])
def test_each_channel_is_added_up_over_images_and_pixels(shape, layout):
    dy = drawn(shape)
    expected = dy.astype("float64").sum((0, *range(2, dy.ndim)))
    assert_agrees(channel_sums(laid_out(dy, layout)), expected, rtol=1e-5, atol=1e-5)


def test_many_numbers_are_added_without_losing_digits():
    dy = np.full((64, 1, 1 << 14), 0.1, np.float32)
    np.testing.assert_allclose(channel_sums(dy), dy.sum(dtype="float64"), rtol=1e-6)


def test_results_do_not_depend_on_the_number_of_threads(monkeypatch):
    dy = drawn((8, 7, 40, 40))
    assert_thread_count_leaves_no_trace(monkeypatch, lambda: channel_sums(dy))


def test_the_gradient_of_the_bias_of_a_convolution_is_that_of_the_reference():
    x, w, b = drawn((3, 2, 9, 8)), drawn((5, 2, 3, 3), seed=1), drawn((5,), seed=2)
    assert_derivatives_agree(lambda x, w, b: ops.conv2d(x, w, b, padding=1), x, w, b)


def test_a_graph_of_the_gradient_is_recorded_through_the_sum():
    b = Tensor(np.zeros(2, np.float32), requires_grad=True)
    y = ops.conv2d(Tensor(np.ones((1, 1, 3, 3), np.float32)), Tensor(np.ones((2, 1, 3, 3), np.float32)), b, padding=1)
    (y * y).sum().backward(create_graph=True)
    b.grad.sum().backward()
    np.testing.assert_array_equal(b.grad.numpy(), [98 + 18, 98 + 18])  # 2 Σ y, and its slope 2 · 9


def test_other_types_and_arrays_without_elements_are_handed_back():
    assert channel_sums(np.zeros((2, 3, 4))) is NotImplemented
    assert channel_sums(np.zeros((0, 3, 4), np.float32)) is NotImplemented
