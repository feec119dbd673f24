import numpy as np
import pytest

import minigrad
from minigrad import Generator, ops
from minigrad.autograd import grad
from minigrad.errors import ArgumentError, DtypeError, InPlaceError, ShapeError
from tests.ops.laws import *


def seeded(op):
    """Call an op with a generator of its own, so that it is a function."""
    return lambda x, *args, **options: op(x, *args, **options, generator=Generator(3))


CASES = [
    Case("dropout", seeded(ops.dropout), None, [A(3, 4), 0.3]),
    Case("dropout", seeded(ops.dropout), lambda x, *_: x, [A(3, 4), 0.0]),
    Case("dropout", seeded(ops.dropout), lambda x, *_: 0 * x, [A(3, 4), 1.0]),
    Case("dropout", seeded(ops.dropout), lambda x, *_: x, [A(3, 4), 0.5, False]),
    Case("dropout", seeded(ops.dropout), None, [A(), 0.5]),
    Case("dropout", seeded(ops.dropout), lambda x, *_: x, [A(0, 3), 0.5], general=False),
    Case("dropout1d", seeded(ops.dropout1d), None, [A(2, 3, 4), 0.4]),
    Case("dropout1d", seeded(ops.dropout1d), None, [A(3, 4), 0.4]),
    Case("dropout2d", seeded(ops.dropout2d), None, [A(2, 3, 2, 2), 0.4]),
    Case("dropout2d", seeded(ops.dropout2d), None, [A(2, 3, 2), 0.4]),
    Case("dropout3d", seeded(ops.dropout3d), None, [A(2, 3, 2, 1, 2), 0.4]),
    Case("dropout3d", seeded(ops.dropout3d), None, [A(3, 2, 1, 2), 0.4]),
    Case("alpha_dropout", seeded(ops.alpha_dropout), None, [A(3, 4), 0.3, True]),
    Case("alpha_dropout", seeded(ops.alpha_dropout), lambda x, *_: x, [A(3, 4), 0.3]),
    Case("alpha_dropout", seeded(ops.alpha_dropout), lambda x, *_: 0 * x, [A(3, 4), 1.0, True]),
]

EVERY = [ops.dropout, ops.dropout1d, ops.dropout2d, ops.dropout3d, ops.alpha_dropout]


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_a_share_p_is_dropped_and_the_rest_is_scaled_to_keep_the_mean(p):
    y = ops.dropout(minigrad.ones(100_000), p, generator=Generator(1)).numpy()
    np.testing.assert_allclose((y == 0).mean(), p, atol=0.005)
    np.testing.assert_allclose(np.unique(y), [0, 1 / (1 - p)], rtol=1e-6)


def test_the_mask_is_the_uniform_numbers_of_the_generator_from_where_it_stood():
    generator = Generator(7)
    generator.uniform((5,))
    expected = Generator(7).set_state(generator.get_state()).uniform((6, 7)) >= 0.4
    y = ops.dropout(minigrad.ones(6, 7), 0.4, generator=generator)
    np.testing.assert_array_equal(y.numpy() != 0, expected)


def test_the_gradient_passes_where_the_value_passed_and_nowhere_else_to_second_order():
    x = minigrad.tensor(np.random.default_rng(0).normal(size=(40, 50)), requires_grad=True)
    y = ops.dropout(x, 0.6)
    ops.dropout(x, 0.5)  # moves the default generator on
    dy = minigrad.tensor(np.random.default_rng(1).normal(size=y.shape), requires_grad=True)
    (dx,) = grad(y, x, dy, create_graph=True)
    mask = y.numpy() / x.numpy()
    np.testing.assert_allclose(dx.numpy(), mask * dy.numpy())
    (again,) = grad(dx, dy, x)
    np.testing.assert_allclose(again.numpy(), y.numpy())


def test_two_calls_draw_different_masks_and_a_seed_draws_the_same_again():
    x = minigrad.ones(1000)
    minigrad.manual_seed(5)
    first, second = ops.dropout(x).numpy(), ops.dropout(x).numpy()
    minigrad.manual_seed(5)
    again = ops.dropout(x).numpy()
    assert (first != second).any()
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_the_mask_does_not_depend_on_the_type(dtype):
    mask = ops.dropout(minigrad.ones(1000), 0.3, generator=Generator(2)).numpy() != 0
    y = ops.dropout(minigrad.ones(1000, dtype=dtype), 0.3, generator=Generator(2))
    assert y.dtype == dtype
    np.testing.assert_array_equal(y.numpy() != 0, mask)


@pytest.mark.parametrize(("op", "shape", "lead"), [
    (ops.dropout1d, (30, 20, 3), 2), (ops.dropout1d, (600, 3), 1), (ops.dropout2d, (30, 20, 2, 3), 2),
    (ops.dropout2d, (30, 20, 3), 2), (ops.dropout3d, (30, 20, 2, 1, 3), 2), (ops.dropout3d, (600, 2, 1, 3), 1),
])  # fmt: skip
def test_a_channel_is_dropped_as_a_whole_or_not_at_all(op, shape, lead):
    y = op(minigrad.ones(shape), 0.3, generator=Generator(4)).numpy()
    channels = y.reshape(-1, int(np.prod(shape[lead:])))
    assert len(channels) == 600
    np.testing.assert_array_equal(channels, np.broadcast_to(channels[:, :1], channels.shape))
    np.testing.assert_allclose((channels[:, 0] == 0).mean(), 0.3, atol=0.06)
    dropped = (channels[:, 0] == 0).reshape(30, 20).mean(1)
    assert ((dropped > 0) & (dropped < 1)).mean() > 0.9


@pytest.mark.parametrize("p", [0.1, 0.5])
def test_alpha_dropout_keeps_mean_zero_and_variance_one(p):
    x = minigrad.tensor(np.random.default_rng(0).normal(size=200_000))
    y = ops.alpha_dropout(x, p, True, generator=Generator(6)).numpy()
    np.testing.assert_allclose([y.mean(), y.var()], [0, 1], atol=0.02)
    floor = 1.0507009873554805 * 1.6732632423543772  # λα of SELU
    dropped = -floor * (1 - p) / np.sqrt((1 - p) * (1 + p * floor**2))
    np.testing.assert_allclose(np.isclose(y, dropped).mean(), p, atol=0.005)


@pytest.mark.parametrize("op", EVERY)
def test_in_place_writes_to_the_tensor_itself_and_its_gradient_is_the_same(op):
    values = np.random.default_rng(0).normal(size=(4, 3, 2, 2) if op is not ops.dropout1d else (4, 3, 4))
    leaf = minigrad.tensor(values, requires_grad=True)
    x = leaf * 1
    y = op(x, 0.5, True, True, generator=Generator(8))
    expected = op(minigrad.tensor(values), 0.5, True, generator=Generator(8))
    assert y is x
    np.testing.assert_array_equal(x.numpy(), expected.numpy())
    y.backward(minigrad.tensor(values))
    other = minigrad.tensor(values, requires_grad=True)
    op(other, 0.5, True, generator=Generator(8)).backward(minigrad.tensor(values))
    np.testing.assert_array_equal(leaf.grad.numpy(), other.grad.numpy())
    with pytest.raises(InPlaceError, match=f"{op.__name__}_"):
        op(leaf, 0.5, True, True)


@pytest.mark.parametrize("op", EVERY)
@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_a_probability_outside_0_and_1_is_refused_even_in_evaluation(op, p):
    with pytest.raises(ArgumentError, match=rf"{op.__name__}: p is a probability and must lie in \[0, 1\], got {p}"):
        op(minigrad.ones(2, 3, 4), p, False)


def test_wrong_axes_and_types_are_refused():
    with pytest.raises(ShapeError, match=r"dropout1d: needs 3 or 2 axes, got shape \(2, 3, 4, 5\)"):
        ops.dropout1d(minigrad.ones(2, 3, 4, 5))
    with pytest.raises(ShapeError, match=r"dropout2d: needs 4 or 3 axes, got shape \(2, 3\)"):
        ops.dropout2d(minigrad.ones(2, 3))
    with pytest.raises(ShapeError, match=r"dropout3d: needs 5 or 4 axes, got shape \(2, 3, 4\)"):
        ops.dropout3d(minigrad.ones(2, 3, 4))
    with pytest.raises(DtypeError, match="dropout: needs a floating tensor, got int64"):
        ops.dropout(minigrad.ones(3, dtype="int64"))
