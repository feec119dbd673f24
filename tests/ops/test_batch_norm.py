import numpy as np
import pytest

import minigrad
from minigrad import ops
from minigrad.errors import ArgumentError, DtypeError, InPlaceError, ShapeError
from tests.ops.laws import *


def per_channel(v, x):
    return v.reshape(1, -1, *[1] * (x.ndim - 2))


def by_statistics(axes):
    def reference(x, w=None, b=None, eps=1e-5, **_):
        over = axes(x.ndim)
        y = (x - x.mean(over, keepdims=True)) / np.sqrt(x.var(over, keepdims=True) + eps)
        return y if w is None else y * per_channel(w, x) + per_channel(b, x)

    return reference


def batch(x, w=None, b=None, **options):
    return ops.batch_norm(x, None, None, w, b, True, **options)


def instance(x, w=None, b=None, **options):
    return ops.instance_norm(x, None, None, w, b, **options)


def by_running(x, mean, var, w, b, *_, eps=1e-5, **__):
    return (x - per_channel(mean, x)) / np.sqrt(per_channel(var, x) + eps) * per_channel(w, x) + per_channel(b, x)


BATCH = by_statistics(lambda n: (0, *range(2, n)))
INSTANCE = by_statistics(lambda n: tuple(range(2, n)))
EVALUATION = [A(3, 2, 4), A(2), A(2, low=0.5), A(2), A(2)]

CASES = [
    Case("batch_norm", batch, BATCH, [A(4, 3)]),
    Case("batch_norm", batch, BATCH, [A(4, 3), A(3), A(3)], {"eps": 0.1}),
    Case("batch_norm", batch, BATCH, [A(3, 2, 4), A(2), A(2)]),
    Case("batch_norm", batch, BATCH, [A(2, 3, 2, 3), A(3), A(3)]),
    Case("batch_norm", batch, BATCH, [A(1, 2, 2, 1, 3), A(2), A(2)]),
    Case("batch_norm", batch, None, [A(0, 3, 2), A(3), A(3)]),
    Case("batch_norm", ops.batch_norm, by_running, EVALUATION),
    Case("instance_norm", instance, INSTANCE, [A(2, 3, 4)]),
    Case("instance_norm", instance, INSTANCE, [A(2, 3, 2, 3), A(3), A(3)], {"eps": 0.1}),
    Case("instance_norm", instance, None, [A(0, 3, 2), A(3), A(3)]),
    Case("instance_norm", ops.instance_norm, by_running, EVALUATION, {"use_input_stats": False}),
]


def statistics():
    return minigrad.tensor([1.0, -1.0], dtype="float64"), minigrad.tensor([2.0, 3.0], dtype="float64")


def test_training_moves_the_running_statistics_by_momentum_with_the_unbiased_variance():
    x = np.random.default_rng(0).normal(size=(3, 2, 4)) * 2 + 1
    mean, var = statistics()
    ops.batch_norm(minigrad.tensor(x), mean, var, training=True, momentum=0.3)
    np.testing.assert_allclose(mean.numpy(), 0.7 * np.array([1, -1]) + 0.3 * x.mean((0, 2)))
    np.testing.assert_allclose(var.numpy(), 0.7 * np.array([2, 3]) + 0.3 * x.var((0, 2), ddof=1))


def test_instance_norm_moves_them_to_the_averages_over_the_batch():
    x = np.random.default_rng(0).normal(size=(3, 2, 4)) * 2 + 1
    mean, var = statistics()
    ops.instance_norm(minigrad.tensor(x), mean, var, momentum=0.3)
    np.testing.assert_allclose(mean.numpy(), 0.7 * np.array([1, -1]) + 0.3 * x.mean(2).mean(0))
    np.testing.assert_allclose(var.numpy(), 0.7 * np.array([2, 3]) + 0.3 * x.var(2, ddof=1).mean(0))


def test_evaluation_and_an_empty_batch_leave_them_alone():
    mean, var = statistics()
    ops.batch_norm(minigrad.ones(4, 2, 3, dtype="float64"), mean, var)
    ops.batch_norm(minigrad.ones(0, 2, 3, dtype="float64"), mean, var, training=True)
    ops.instance_norm(minigrad.ones(0, 2, 3, dtype="float64"), mean, var)
    np.testing.assert_array_equal(mean.numpy(), [1, -1])
    np.testing.assert_array_equal(var.numpy(), [2, 3])


def test_the_running_statistics_are_overwritten_in_the_sight_of_backward():
    mean, var = statistics()
    x = minigrad.tensor(np.random.default_rng(0).normal(size=(4, 2)), requires_grad=True)
    y = x * mean
    ops.batch_norm(x, mean, var, training=True)
    with pytest.raises(InPlaceError, match="test_batch_norm"):
        y.sum().backward()


def test_the_gradient_in_training_does_not_depend_on_the_running_statistics():
    x = np.random.default_rng(0).normal(size=(4, 2))
    gradients = []
    for running in (None, None), statistics():
        leaf = minigrad.tensor(x, requires_grad=True)
        ops.batch_norm(leaf, *running, training=True).square().backward(minigrad.tensor(x))
        gradients.append(leaf.grad.numpy())
    np.testing.assert_array_equal(*gradients)


def test_a_constant_channel_becomes_the_bias():
    y = ops.batch_norm(minigrad.full((4, 2), 7.0), None, None, bias=minigrad.tensor([1.0, 2.0]), training=True)
    np.testing.assert_array_equal(y.numpy(), np.broadcast_to([1, 2], (4, 2)))


def test_float16_keeps_its_type_and_sums_in_float32():
    x = minigrad.tensor(np.random.default_rng(0).normal(size=(4000, 1)) * 100 + 200, dtype="float16", requires_grad=True)
    mean, var = minigrad.zeros(1), minigrad.ones(1)
    y = ops.batch_norm(x, mean, var, minigrad.ones(1), None, True, 1.0)
    y.sum().backward()
    assert y.dtype == x.grad.dtype == minigrad.float16
    np.testing.assert_allclose(mean.item(), x.numpy().astype("float64").mean(), rtol=1e-4)
    np.testing.assert_allclose(y.numpy().astype("float64").std(), 1, rtol=1e-2)


X, ONES = minigrad.zeros(4, 3, 2), minigrad.ones(3)


@pytest.mark.parametrize(("change", "kind", "words"), [
    ({"input": minigrad.zeros(4)}, ShapeError, "input needs axes (N, C, ...), got shape (4,)"),
    ({"input": minigrad.zeros(1, 3)}, ShapeError, "one value per channel has no variance, the input has shape (1, 3)"),
    ({"input": minigrad.zeros(4, 3, dtype="int64")}, DtypeError, "needs a floating tensor, got int64"),
    ({"running_mean": minigrad.zeros(2)}, ShapeError, "running_mean has shape (2,), C is 3 in input"),
    ({"running_var": None}, ArgumentError, "give running_mean and running_var, or neither"),
    ({"weight": minigrad.ones(2)}, ShapeError, "weight has shape (2,), (3,) is needed for an input of shape (4, 3, 2)"),
    ({"bias": minigrad.ones(3, dtype="float64")}, DtypeError, "input is float32 but bias is float64"),
    ({"momentum": 1.5}, ArgumentError, "momentum is the weight of the new statistics, in [0, 1], got 1.5"),
    ({"eps": -1e-5}, ArgumentError, "eps must be a small number >= 0, got -1e-05"),
    ({"running_mean": None, "running_var": None, "training": False}, ArgumentError, "running_var are needed"),
])  # fmt: skip
def test_bad_arguments_are_refused_with_their_values(change, kind, words):
    with pytest.raises(kind) as error:
        ops.batch_norm(**{"input": X, "running_mean": ONES, "running_var": ONES, "training": True, **change})
    assert str(error.value).startswith("batch_norm: ") and words in str(error.value)


def test_an_image_of_one_pixel_has_no_instance_to_normalize():
    with pytest.raises(ShapeError, match="instance_norm: one value per channel of an image has no variance"):
        ops.instance_norm(minigrad.zeros(4, 3, 1))
