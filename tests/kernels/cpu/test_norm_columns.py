import numpy as np

from minigrad_kernels.cpu.norm_columns import columns_backward, columns_forward

from .agreement import drawn

N, C = 23, 37
X, DY, W, B = drawn((N, C)), drawn((N, C), 1), drawn(C, 2), drawn(C, 3)


def test_columns_are_standardized():
    y, mu, variance = np.empty_like(X), np.empty(C, "float32"), np.empty(C, "float32")
    columns_forward(X, W, B, np.float32(0), y, mu, variance)
    np.testing.assert_allclose((y - B).mean(0), 0, atol=1e-5)
    np.testing.assert_allclose((y - B).std(0), np.abs(W), rtol=1e-5)
    np.testing.assert_allclose(variance, X.var(0), rtol=1e-5)


def test_gradients_have_no_part_along_a_shift_or_a_scaling():
    dx, dw, db = np.empty_like(X), np.empty(C, "float32"), np.empty(C, "float32")
    mu, k = X.mean(0), 1 / X.std(0)
    columns_backward(DY, X, W, mu, k, dx, dw, db)
    np.testing.assert_allclose(dx.sum(0), 0, atol=1e-4)
    np.testing.assert_allclose((dx * (X - mu)).sum(0), 0, atol=1e-4)
    np.testing.assert_allclose(dw, (DY * (X - mu) * k).sum(0), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(db, DY.sum(0), rtol=1e-4, atol=1e-4)


def test_a_long_column_far_from_zero_costs_no_precision():
    x = (drawn((20000, 1), scale=1.0) + 300).astype("float32")
    y, mu, variance = np.empty_like(x), np.empty(1, "float32"), np.empty(1, "float32")
    one = np.ones(1, "float32")
    columns_forward(x, one, one, np.float32(0), y, mu, variance)
    np.testing.assert_allclose(mu, x.mean(0, dtype="float64"), rtol=1e-6)
    np.testing.assert_allclose(variance, x.var(0, dtype="float64"), rtol=1e-5)
