import numpy as np
import pytest

import minigrad
from minigrad import ops
from minigrad.errors import ArgumentError, DtypeError, ShapeError
from tests.ops.laws import *


def layered(x, shape, w=None, b=None, eps=1e-5):
    over = tuple(range(x.ndim - (1 if isinstance(shape, int) else len(shape)), x.ndim))
    y = (x - x.mean(over, keepdims=True)) / np.sqrt(x.var(over, keepdims=True) + eps)
    y = y if w is None else y * w
    return y if b is None else y + b


def grouped(x, groups, w=None, b=None, eps=1e-5):
    parts = [layered(part, part.shape[1:], eps=eps) for part in np.split(x, groups, axis=1)]
    y, view = np.concatenate(parts, 1), (-1, *[1] * (x.ndim - 2))
    return y if w is None else y * w.reshape(view) + b.reshape(view)


CASES = [
    Case("layer_norm", ops.layer_norm, layered, [A(3, 4), 4]),
    Case("layer_norm", ops.layer_norm, layered, [A(2, 3, 4), (4,), A(4), A(4)], {"eps": 0.1}),
    Case("layer_norm", ops.layer_norm, layered, [A(2, 3, 4), (3, 4), A(3, 4), A(3, 4)]),
    Case("layer_norm", ops.layer_norm, layered, [A(2, 1, 3), [1, 3], A(1, 3)]),
    Case("layer_norm", ops.layer_norm, layered, [A(5), (5,), A(5), A(5)]),
    Case("layer_norm", ops.layer_norm, None, [A(0, 3), (3,), A(3), A(3)]),
    Case("group_norm", ops.group_norm, grouped, [A(2, 4, 3), 2]),
    Case("group_norm", ops.group_norm, grouped, [A(2, 6, 2, 2), 3, A(6), A(6)], {"eps": 0.1}),
    Case("group_norm", ops.group_norm, grouped, [A(3, 4), 2, A(4), A(4)]),
    Case("group_norm", ops.group_norm, grouped, [A(1, 2, 2, 1, 2), 1, A(2), A(2)]),
    Case("group_norm", ops.group_norm, None, [A(0, 4, 3), 2, A(4), A(4)]),
]


def test_one_group_is_the_layer_and_one_channel_a_group_is_the_instance():
    x = minigrad.tensor(np.random.default_rng(0).normal(size=(2, 4, 3, 5)))
    np.testing.assert_allclose(ops.group_norm(x, 1).numpy(), ops.layer_norm(x, x.shape[1:]).numpy(), atol=1e-12)
    np.testing.assert_allclose(ops.group_norm(x, 4).numpy(), ops.instance_norm(x).numpy(), atol=1e-12)


def test_no_example_sees_another():
    x = np.random.default_rng(0).normal(size=(3, 4))
    together = ops.layer_norm(minigrad.tensor(x), 4).numpy()
    np.testing.assert_array_equal(together[1:2], ops.layer_norm(minigrad.tensor(x[1:2]), 4).numpy())


def test_float16_keeps_its_type_with_parameters_of_float32():
    x = minigrad.tensor(np.random.default_rng(0).normal(size=(2, 3000)) * 100 + 200, dtype="float16", requires_grad=True)
    w = minigrad.ones(3000, requires_grad=True)
    y = ops.layer_norm(x, 3000, w)
    y.sum().backward()
    assert y.dtype == x.grad.dtype == minigrad.float16 and w.grad.dtype == minigrad.float32
    np.testing.assert_allclose(y.numpy().astype("float64").std(1), 1, rtol=1e-2)


@pytest.mark.parametrize(("call", "kind", "words"), [
    (lambda x: ops.layer_norm(x, 4), ShapeError, "normalized_shape is (4,) but the input ends with (3,)"),
    (lambda x: ops.layer_norm(x, ()), ShapeError, "normalized_shape is ()"),
    (lambda x: ops.layer_norm(x, (5, 2, 4, 3)), ShapeError, "normalized_shape is (5, 2, 4, 3)"),
    (lambda x: ops.layer_norm(x, 3, minigrad.ones(4)), ShapeError, "weight has shape (4,), (3,) is needed"),
    (lambda x: ops.layer_norm(x, 3, eps=-1), ArgumentError, "eps must be a small number >= 0, got -1"),
    (lambda x: ops.layer_norm(x.to("int64"), 3), DtypeError, "needs a floating tensor, got int64"),
    (lambda x: ops.group_norm(x, 3), ArgumentError, "num_groups = 3 must divide C = 4, input (2, 4, 3)"),
    (lambda x: ops.group_norm(x, 0), ArgumentError, "num_groups = 0 must divide C = 4"),
    (lambda x: ops.group_norm(x[0, 0], 1), ShapeError, "input needs axes (N, C, ...), got shape (3,)"),
    (lambda x: ops.group_norm(x, 2, minigrad.ones(2)), ShapeError, "weight has shape (2,), (4,) is needed"),
    (lambda x: ops.group_norm(x[:1, :, 0], 4), ShapeError, "one value has no variance, the input has shape (1, 4)"),
])  # fmt: skip
def test_bad_arguments_are_refused_with_their_values(call, kind, words):
    with pytest.raises(kind) as error:
        call(minigrad.zeros(2, 4, 3))
    assert words in str(error.value)
