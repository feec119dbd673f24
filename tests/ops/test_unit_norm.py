import numpy as np
import pytest

import minigrad
from minigrad import ops
from minigrad.errors import ArgumentError, AxisError, DtypeError, ShapeError
from tests.ops.laws import *


def rooted(x, shape, w=None, eps=2.0**-52):
    over = tuple(range(x.ndim - (1 if isinstance(shape, int) else len(shape)), x.ndim))
    y = x / np.sqrt((x**2).mean(over, keepdims=True) + eps)
    return y if w is None else y * w


def unit(x, p=2.0, dim=1, eps=1e-12):
    return x / np.maximum(np.linalg.norm(x, p, dim, keepdims=True), eps)


def responding(x, size, alpha=1e-4, beta=0.75, k=1.0):
    y = np.empty_like(x)
    for c in range(x.shape[1]):
        around = range(max(c - size // 2, 0), min(c + (size + 1) // 2, x.shape[1]))
        energy = sum((x[:, j] ** 2 for j in around), np.zeros_like(x[:, 0]))
        y[:, c] = x[:, c] / (k + alpha * energy / size) ** beta
    return y


OPTIONS = {"alpha": 0.5, "beta": 0.6, "k": 1.5}

CASES = [
    Case("rms_norm", ops.rms_norm, rooted, [A(3, 4), 4, None, 1e-3]),
    Case("rms_norm", ops.rms_norm, rooted, [A(2, 3, 4), (3, 4), A(3, 4), 0.1]),
    Case("rms_norm", ops.rms_norm, rooted, [A(3, 4), (4,), A(4)], float32_rtol=1e-3),
    Case("rms_norm", ops.rms_norm, rooted, [A(0, 4), (4,), A(4)]),
    Case("normalize", ops.normalize, unit, [A(3, 4)]),
    Case("normalize", ops.normalize, unit, [A(2, 3, 4)], {"dim": -1, "p": 3}),
    Case("normalize", ops.normalize, unit, [A(4, 3, away_from=(0.0,))], {"dim": 0, "p": 1}),
    Case("normalize", ops.normalize, unit, [A(3, 4, distinct=True, low=1)], {"p": np.inf}),
    Case("normalize", ops.normalize, unit, [A(3, 4)], {"eps": 100.0}),
    Case("normalize", ops.normalize, unit, [A(0, 4)]),
    Case("local_response_norm", ops.local_response_norm, responding, [A(2, 4, 3), 1], OPTIONS),
    Case("local_response_norm", ops.local_response_norm, responding, [A(2, 5, 3, 2), 3], OPTIONS),
    Case("local_response_norm", ops.local_response_norm, responding, [A(1, 3, 2, 1, 2), 4], OPTIONS),
    Case("local_response_norm", ops.local_response_norm, responding, [A(2, 3, 2), 9]),
    Case("local_response_norm", ops.local_response_norm, responding, [A(0, 3, 2), 2]),
]


def test_a_zero_vector_stays_zero_and_its_gradient_is_that_of_a_division_by_epsilon():
    x = minigrad.zeros(1, 3, requires_grad=True)
    y = ops.normalize(x, eps=0.5)
    y.backward(minigrad.tensor([[1.0, 2.0, 3.0]]))
    np.testing.assert_array_equal(y.numpy(), 0)
    np.testing.assert_array_equal(x.grad.numpy(), [[2, 4, 6]])


def test_the_length_is_one_along_several_axes_at_once():
    y = ops.normalize(minigrad.tensor(np.random.default_rng(0).normal(size=(2, 3, 4))), dim=(1, 2))
    np.testing.assert_allclose((y.numpy() ** 2).sum((1, 2)), 1)


def test_float16_is_computed_in_float32():
    x = minigrad.full((2, 3, 500), 300.0, dtype="float16")
    for y in ops.rms_norm(x, 500), ops.normalize(x, dim=2) * 500**0.5, ops.local_response_norm(x, 3, 1, 0.5, 0):
        assert y.dtype == minigrad.float16
        np.testing.assert_allclose(y.numpy()[:, 1], 1, rtol=3e-3)


@pytest.mark.parametrize(("call", "kind", "words"), [
    (lambda x: ops.rms_norm(x, 4), ShapeError, "rms_norm: normalized_shape is (4,) but the input ends with (3,)"),
    (lambda x: ops.rms_norm(x, 3, minigrad.ones(2)), ShapeError, "rms_norm: weight has shape (2,), (3,) is needed"),
    (lambda x: ops.rms_norm(x, 3, eps=-1), ArgumentError, "rms_norm: eps must be a small number >= 0"),
    (lambda x: ops.normalize(x.to("int64")), DtypeError, "normalize: needs a floating tensor, got int64"),
    (lambda x: ops.normalize(x, dim=3), AxisError, "dim 3 is outside [-3, 2]"),
    (lambda x: ops.normalize(x, eps=-1), ArgumentError, "normalize: eps must be a small number >= 0, got -1"),
    (lambda x: ops.local_response_norm(x, 0), ArgumentError, "local_response_norm: size must be at least 1, got 0"),
    (lambda x: ops.local_response_norm(x[0], 2), ShapeError, "input needs axes (N, C, ...), got shape (4, 3)"),
])  # fmt: skip
def test_bad_arguments_are_refused_with_their_values(call, kind, words):
    with pytest.raises(kind) as error:
        call(minigrad.zeros(2, 4, 3))
    assert words in str(error.value)
