import math

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, ops
from minigrad.errors import ArgumentError, DtypeError, ShapeError
from minigrad.ops.position import angles
from tests.ops.laws import *


def turned(x, position=None, base=10000.0, interleaved=True):
    """Multiply complex numbers: a turn by θ is a product with exp(iθ)."""
    T, E = x.shape[-2:]
    place = np.arange(T) if position is None else position
    theta = np.stack([place * base ** (-2 * i / E) for i in range(E // 2)], -1)
    a, b = (x[..., ::2], x[..., 1::2]) if interleaved else (x[..., : E // 2], x[..., E // 2 :])
    z = (a + 1j * b) * np.exp(1j * theta)
    pair = np.stack([z.real, z.imag], -1 if interleaved else -2)
    return pair.reshape(x.shape)


R = ops.rotary_embedding
CASES = [
    Case("rotary_embedding", R, turned, [A(2, 3, 5, 4)]),
    Case("rotary_embedding", R, turned, [A(5, 6)], {"interleaved": False, "base": 100.0}),
    Case("rotary_embedding", R, turned, [A(2, 3, 2), A(3, dtype="int64", low=0, high=50)], general=False),
    Case("rotary_embedding", R, turned, [A(2, 4, 3, 2), A(2, 1, 3, dtype="int64", low=-9, high=9)], general=False),
]


@pytest.mark.parametrize("interleaved", [True, False])
def test_scores_depend_on_the_distance_only(interleaved):
    rng = np.random.default_rng(0)
    q, k = Tensor(rng.normal(size=(1, 8))), Tensor(rng.normal(size=(1, 8)))
    at = lambda x, t: R(x, Tensor([t]), interleaved=interleaved)
    score = lambda t, u: (at(q, t) * at(k, u)).sum().item()
    for t, u, shift in [(3, 7, 1), (0, 5, 1000), (12, 2, -2), (4, 4, 123)]:
        np.testing.assert_allclose(score(t + shift, u + shift), score(t, u), rtol=1e-9)
    assert not np.isclose(score(3, 7), score(3, 8), rtol=1e-3)


def test_lengths_are_kept_and_position_0_is_left_alone():
    x = Tensor(np.random.default_rng(1).normal(size=(6, 4)))
    np.testing.assert_allclose((R(x) ** 2).sum(-1).numpy(), (x**2).sum(-1).numpy())
    np.testing.assert_array_equal(R(x)[0].numpy(), x[0].numpy())


def test_the_two_layouts_turn_the_same_pairs():
    x = Tensor(np.random.default_rng(2).normal(size=(5, 6)))
    side_by_side = [0, 2, 4, 1, 3, 5]
    np.testing.assert_array_equal(R(x)[:, side_by_side].numpy(), R(x[:, side_by_side], interleaved=False).numpy())


def test_float32_vectors_keep_exact_angles_far_from_the_start():
    far = R(Tensor([[1.0, 0.0]], dtype="float32"), Tensor([20_000_019]))
    np.testing.assert_allclose(far.numpy(), [[math.cos(20_000_019), math.sin(20_000_019)]], atol=1e-6)


def test_angles_start_with_the_position_itself():
    np.testing.assert_allclose(angles(np.array([0, 3]), 4, 100.0), [[0, 0], [3, 0.3]])
    assert angles(np.arange(2), 5).shape == (2, 3)


@pytest.mark.parametrize(("call", "kind", "words"), [
    (lambda x: R(x[..., :3]), ShapeError, "needs axes (..., T, E) with E even, got shape (2, 3, 3)\nHint: features are turned in pairs"),
    (lambda x: R(x[0, 0]), ShapeError, "with E even, got shape (4,)"),
    (lambda x: R(x.to("int64")), DtypeError, "needs a floating tensor, got int64"),
    (lambda x: R(x, minigrad.ones(3, dtype=bool)), DtypeError, "position must hold numbers, got bool"),
    (lambda x: R(x, minigrad.arange(2)), ShapeError, "position has shape (2,), which does not broadcast to the vectors (2, 3)"),
    (lambda x: R(x, minigrad.zeros(5, 1, 3)), ShapeError, "position has shape (5, 1, 3), which does not broadcast to the vectors (2, 3)"),
    (lambda x: R(x, base=0), ArgumentError, "base must be a finite number above 0, got 0"),
])  # fmt: skip
def test_bad_arguments_are_refused_with_their_values(call, kind, words):
    with pytest.raises(kind) as caught:
        call(minigrad.zeros(2, 3, 4))
    assert words in str(caught.value)
