import numpy as np

from minigrad_kernels.cpu.norm_batch import batch_backward, batch_forward, batch_statistics, batch_sums, merge

from .agreement import drawn

N, C, L = 4, 5, 21
X, DY, W, B = drawn((N * C, L)), drawn((N * C, L), 1), drawn(C, 2), drawn(C, 3)
CHANNELS = X.reshape(N, C, L)


def row(n=C):
    return np.empty(n, "float32")


def test_channels_have_the_mean_and_variance_of_all_their_planes():
    mean, squares, mu, variance, y = row(N * C), row(N * C), row(), row(), np.empty_like(X)
    batch_statistics(X, mean, squares, 0, N * C)
    merge(mean, squares, L, mu, variance)
    np.testing.assert_allclose(mu, CHANNELS.mean((0, 2)), atol=1e-6)
    np.testing.assert_allclose(variance, CHANNELS.var((0, 2)), rtol=1e-5)
    batch_forward(X, W, B, np.float32(0), mu, variance, y, 0, N * C)
    centred = y.reshape(N, C, L) - B[:, None]
    np.testing.assert_allclose(centred.mean((0, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(centred.std((0, 2)), np.abs(W), rtol=1e-4)


def test_gradients_have_no_part_along_a_shift_or_a_scaling():
    mu, k = CHANNELS.mean((0, 2)), 1 / CHANNELS.std((0, 2))
    total, product, dx = row(N * C), row(N * C), np.empty_like(X)
    batch_sums(DY, X, mu, k, total, product, 0, N * C)
    dw, db = product.reshape(N, C).sum(0), total.reshape(N, C).sum(0)
    batch_backward(DY, X, W, mu, k, dw, db, dx, 0, N * C)
    dx, x_hat = dx.reshape(N, C, L), (CHANNELS - mu[:, None]) * k[:, None]
    np.testing.assert_allclose(dw, (DY.reshape(N, C, L) * x_hat).sum((0, 2)), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(dx.sum((0, 2)), 0, atol=2e-4)
    np.testing.assert_allclose((dx * x_hat).sum((0, 2)), 0, atol=2e-4)
