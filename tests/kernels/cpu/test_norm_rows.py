import numpy as np
import pytest

from minigrad_kernels.cpu.norm_rows import rms_backward, rms_forward, rows_backward, rows_forward

from .agreement import drawn

N, M = 37, 19
X, DY, W, B = drawn((N, M)), drawn((N, M), 1), drawn(M, 2), drawn(M, 3)


def test_only_the_rows_that_are_asked_for_are_written():
    y, mu, variance = np.full((N, M), 7, "float32"), np.zeros(N, "float32"), np.zeros(N, "float32")
    rows_forward(X, W, B, np.float32(0.1), y, mu, variance, 5, 9)
    assert (y[:5] == 7).all() and (y[9:] == 7).all() and (mu[:5] == 0).all()
    np.testing.assert_allclose(mu[5:9], X[5:9].mean(1), atol=1e-6)
    np.testing.assert_allclose(variance[5:9], X[5:9].var(1), rtol=1e-5)


@pytest.mark.parametrize("part", [5, 36, 37, 64])
def test_parts_of_any_size_add_up_to_the_same_sums(part):
    mu, k = X.mean(1), 1 / X.std(1)
    dx, sums = np.empty_like(X), [np.empty((-(-N // part), M), "float32") for _ in range(2)]
    rows_backward(DY, X, W, mu, k, dx, *sums, part, 0, len(sums[0]))
    x_hat = (X - mu[:, None]) * k[:, None]
    np.testing.assert_allclose(sums[0].sum(0), (DY * x_hat).sum(0), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(sums[1].sum(0), DY.sum(0), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(dx.sum(1), 0, atol=1e-4)
    np.testing.assert_allclose((dx * x_hat).sum(1), 0, atol=1e-4)


@pytest.mark.parametrize("part", [5, 64])
def test_rms_scales_to_mean_square_one_and_its_gradient_is_orthogonal_to_x(part):
    y, s, dx = np.empty_like(X), np.empty(N, "float32"), np.empty_like(X)
    rms_forward(X, np.ones(M, "float32"), np.float32(0), y, s, 0, N)
    np.testing.assert_allclose((y * y).mean(1), 1, rtol=1e-5)
    dw = np.empty((-(-N // part), M), "float32")
    rms_backward(DY, X, W, s, dx, dw, part, 0, len(dw))
    np.testing.assert_allclose((dx * X).sum(1), 0, atol=1e-4)
    np.testing.assert_allclose(dw.sum(0), (DY * y).sum(0), rtol=1e-4, atol=1e-4)


def test_a_constant_row_has_variance_zero():
    x = np.full((1, 77), 1e4 + 1 / 3, "float32")
    y, mu, variance = np.empty_like(x), np.empty(1, "float32"), np.empty(1, "float32")
    rows_forward(x, np.ones(77, "float32"), np.zeros(77, "float32"), np.float32(1e-5), y, mu, variance, 0, 1)
    assert variance[0] >= 0 and mu[0] == x[0, 0] and (y == 0).all()
