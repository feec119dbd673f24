import numpy as np
import pytest

from minigrad_kernels.cpu.norm_groups import channel_sums, groups_backward, groups_forward, merged

from .agreement import drawn

N, C, L = 3, 6, 35
X, DY, W, B = drawn((N * C, L)), drawn((N * C, L), 1), drawn(C, 2), drawn(C, 3)


@pytest.mark.parametrize("count", [1, 2, 6])
def test_groups_of_planes_share_a_mean_and_a_variance(count):
    groups = N * C // count
    y, mu, variance = np.empty_like(X), np.empty(groups, "float32"), np.empty(groups, "float32")
    groups_forward(X, W, B, np.float32(0.1), count, y, mu, variance, 0, groups)
    grouped = X.reshape(groups, -1)
    np.testing.assert_allclose(mu, grouped.mean(1), atol=1e-6)
    np.testing.assert_allclose(variance, grouped.var(1), rtol=1e-5)
    x_hat = ((grouped - mu[:, None]) / np.sqrt(variance + 0.1)[:, None]).reshape(N, C, L)
    np.testing.assert_allclose(y.reshape(N, C, L), x_hat * W[:, None] + B[:, None], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("count", [1, 2, 6])
def test_gradients_have_no_part_along_a_shift_or_a_scaling(count):
    groups, grouped = N * C // count, X.reshape(N * C // count, -1)
    mu, k = grouped.mean(1), 1 / grouped.std(1)
    dx, total, product = np.empty_like(X), np.empty(N * C, "float32"), np.empty(N * C, "float32")
    groups_backward(DY, X, W, mu, k, count, dx, total, product, 0, groups)
    dx_grouped = dx.reshape(groups, -1)
    np.testing.assert_allclose(dx_grouped.sum(1), 0, atol=1e-4)
    np.testing.assert_allclose((dx_grouped * (grouped - mu[:, None])).sum(1), 0, atol=2e-4)
    np.testing.assert_allclose(total, DY.sum(1), rtol=1e-4, atol=1e-5)
    x_hat = ((grouped - mu[:, None]) * k[:, None]).reshape(X.shape)
    np.testing.assert_allclose(product, (DY * x_hat).sum(1), rtol=1e-4, atol=1e-4)


def test_statistics_merge_into_those_of_the_whole():
    parts = [drawn(10, seed).astype("float64") for seed in range(4)]
    mean, squares = 0.0, 0.0
    for j, part in enumerate(parts):
        mean, squares = merged.py_func(mean, squares, j, part.mean(), part.var() * 10, 10)
    whole = np.concatenate(parts)
    np.testing.assert_allclose([mean, squares], [whole.mean(), whole.var() * 40])


def test_planes_of_a_channel_are_added_up():
    sums = np.empty(C, "float32")
    channel_sums(np.arange(N * C, dtype="float32"), sums)
    np.testing.assert_array_equal(sums, np.arange(N * C).reshape(N, C).sum(0))
