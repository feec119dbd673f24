import numpy as np
import pytest
from hypothesis import given

import minigrad
from minigrad import Tensor, ops
from minigrad_kernels.cpu import ctc as twins
from tests.kernels.sequences import problems


def run(x, *args, mode="auto", dtype="float32", **options):
    """Return the losses and the gradient of a random sum over the finite ones."""
    with minigrad.kernels(mode):
        t = Tensor(np.asarray(x, dtype), requires_grad=True)
        y = ops.ctc_loss(t, *args, reduction="none", **options)
        weights = np.random.default_rng(0).uniform(-1, 1, y.shape) * np.isfinite(y.numpy())
        (y.masked_fill(y.isinf(), 0) * Tensor(weights.astype(dtype))).sum().backward()
        return y.numpy(), t.grad.numpy()


@given(problems())
def test_both_passes_agree_with_the_definition(problem):
    x, labels, *rest = problem
    y, dx = run(x, Tensor(labels), *rest)
    expected, slope = run(x, Tensor(labels), *rest, mode="reference", dtype="float64")
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(dx, slope, atol=1e-4)


def case(T=30, B=7, V=6, U=9, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(T, B, V)).astype("float32")
    return x, Tensor(rng.integers(1, V, (B, U))), [T, T, 25, 20, T, 19, 30], [U, 3, 5, 9, 0, 1, 9]


def test_nothing_beyond_the_ends_is_read_and_a_nan_before_them_is_not_lost():
    x, *args = case()
    clean = run(x, *args)
    x[25:, 2] = np.nan
    for a, b in zip(run(x, *args), clean, strict=True):
        np.testing.assert_array_equal(a, b)
    x[5, 0, 0] = np.nan
    assert np.isnan(run(x, *args)[0]).tolist() == [True] + [False] * 6


def test_impossible_symbols_are_no_trouble():
    x, *args = case()
    x[3, :, 0] = -np.inf
    y, dx = run(x, *args)
    expected, slope = run(x, *args, mode="reference", dtype="float64")
    np.testing.assert_allclose(y, expected, rtol=1e-5)
    np.testing.assert_allclose(dx, slope, atol=1e-4)


@pytest.mark.parametrize("threads", ["1", "3"])
def test_threads_and_layout_leave_no_trace(monkeypatch, threads):
    x, *args = case()
    expected = run(x, *args)
    monkeypatch.setenv("OMP_NUM_THREADS", threads)
    monkeypatch.setattr(twins, "WORTHWHILE", 0)
    backwards = np.asfortranarray(x[::-1])[::-1]
    backwards.flags.writeable = False
    for a, b in zip(run(backwards, *args), expected, strict=True):
        np.testing.assert_array_equal(a, b)


def test_second_derivatives_are_those_of_the_definition():
    found = []
    for mode in ("auto", "reference"):
        with minigrad.kernels(mode):
            x, *args = case(T=30, V=4, seed=1)
            t = Tensor(x[:, :, :4], requires_grad=True)
            (g,) = minigrad.grad(ops.ctc_loss(t, Tensor(args[0].numpy() % 3 + 1), *args[1:]), t, create_graph=True)
            (g * g).sum().backward()
            found.append(t.grad.numpy())
    np.testing.assert_allclose(*found, rtol=1e-3, atol=1e-6)


def test_other_types_are_handed_back():
    x, labels, frames, counts = case()
    args = (np.array(frames), labels.numpy(), np.array(counts), 0)
    assert twins.ctc_forward(x.astype("float64"), *args) is NotImplemented
    assert twins.ctc_forward(x[:0], *args) is NotImplemented
