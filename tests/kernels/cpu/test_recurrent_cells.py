import numpy as np
import pytest

import minigrad
from minigrad import Tensor, ops
from minigrad_kernels.cpu import recurrent_cells as twins
from minigrad_kernels.cpu.recurrent_layout import RELU, TANH
from tests.ops import cells

RNG = np.random.default_rng(0)
M = 19  # two vectors and a bit, or one
KINDS = {TANH: (twins.tanh_step, twins.tanh_back), RELU: (twins.relu_step, twins.relu_back)}


def drawn(*sizes):
    return [RNG.normal(size=n).astype("float32") for n in sizes]


@pytest.mark.parametrize(("kind", "squash"), [(TANH, np.tanh), (RELU, cells.relu)])
def test_a_plain_step_and_the_way_back(kind, squash):
    step, back = KINDS[kind]
    u, bias, h, dy, dh, dz = drawn(*[M] * 6)
    step(u, bias, h)
    np.testing.assert_allclose(h, squash(u.astype(float) + bias), rtol=1e-6, atol=1e-7)
    slope = 1 - h.astype(float) ** 2 if kind == TANH else h > 0
    expected = (dy.astype(float) + dh) * slope
    back(dy, dh, h, dz)
    np.testing.assert_allclose(dz, expected, rtol=1e-5, atol=1e-6)
    assert not dh.any()


def test_an_lstm_step_is_that_of_the_equations():
    u, bias, c0, gates, c, h = drawn(4 * M, 4 * M, M, 4 * M, M, M)
    twins.lstm_step(u, bias, c0, gates, c, h)
    expected = cells.lstm(np.zeros(1), np.zeros(M), c0.astype(float), np.zeros((4 * M, 1)), np.zeros((4 * M, M)), u.astype(float), bias)
    for got, e in zip((h, c), expected, strict=True):
        np.testing.assert_allclose(got, e, rtol=2e-6, atol=1e-6)


def test_a_gru_step_is_that_of_the_equations():
    u, bias, h0, gates, h = drawn(4 * M, 4 * M, M, 4 * M, M)
    twins.gru_step(u, bias, h0, gates, h)
    total = u.astype(float) + bias
    expected = cells.gru(
        np.zeros(1), h0.astype(float), np.zeros((3 * M, 1)), np.zeros((3 * M, M)),
        np.concatenate([total[: 2 * M], total[2 * M : 3 * M]]), np.concatenate([np.zeros(2 * M), total[3 * M :]]),
    )  # fmt: skip
    np.testing.assert_allclose(h, expected, rtol=2e-6, atol=1e-6)
    np.testing.assert_allclose(gates[3 * M :], total[3 * M :], rtol=1e-6, atol=1e-6)


def test_saturated_gates_give_zeros_and_ones_not_nan():
    u = np.repeat(np.array([1e30, -1e30, 200.0, 1e30], "float32"), M)
    bias, c0, gates, c, h = (np.ones(n, "float32") for n in (4 * M, M, 4 * M, M, M))
    twins.lstm_step(u, bias, c0, gates, c, h)
    np.testing.assert_array_equal(gates.reshape(4, M)[:, 0], [1, 0, 1, 1])
    np.testing.assert_array_equal(c, np.ones(M))


def test_a_nan_stays_a_nan_in_relu():
    h = np.zeros(2, "float32")
    twins.relu_step(np.array([np.nan, -1], "float32"), np.zeros(2, "float32"), h)
    np.testing.assert_array_equal(h, [np.nan, 0])


def zeros(*shape):
    return minigrad.zeros(*shape, dtype="float64")


def test_the_way_back_through_an_lstm_is_the_gradient_of_the_definition():
    u, bias, c0, gates, c, h, dy, dh, dc, dz = drawn(4 * M, 4 * M, M, 4 * M, *[M] * 5, 4 * M)
    twins.lstm_step(u, bias, c0, gates, c, h)
    b, before = (Tensor(v.astype(float), requires_grad=True) for v in (u + bias, c0[None]))
    show, memory = ops.lstm_cell(zeros(1, 1), (zeros(1, M), before), zeros(4 * M, 1), zeros(4 * M, M), b)
    ((show * Tensor(dy + dh)).sum() + (memory * Tensor(dc)).sum()).backward()
    twins.lstm_back(dy, dh, dc, gates, c0, c, dz)
    np.testing.assert_allclose(dz, b.grad.numpy(), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(dc, before.grad.numpy()[0], rtol=1e-4, atol=1e-6)
    assert not dh.any()


def test_the_way_back_through_a_gru_is_the_gradient_of_the_definition():
    u, bias, h0, gates, h, dy, dh, dz = drawn(4 * M, 4 * M, M, 4 * M, *[M] * 3, 4 * M)
    twins.gru_step(u, bias, h0, gates, h)
    r, z, n, s = np.split((u + bias).astype(float), 4)
    into, through = (Tensor(np.concatenate(v), requires_grad=True) for v in ([r, z, n], [0 * r, 0 * z, s]))
    before = Tensor(h0[None].astype(float), requires_grad=True)
    y = ops.gru_cell(zeros(1, 1), before, zeros(3 * M, 1), zeros(3 * M, M), into, through)
    (y * Tensor(dy + dh)).sum().backward()
    twins.gru_back(dy, dh, gates, h0, dz)
    np.testing.assert_allclose(np.roll(dz[: 3 * M], -M), into.grad.numpy(), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(dz[M:], through.grad.numpy(), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(dh, before.grad.numpy()[0], rtol=1e-4, atol=1e-6)
