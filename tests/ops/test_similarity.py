import math

import numpy as np
import pytest
from scipy.spatial import distance

import minigrad
from minigrad import Tensor, ops
from minigrad.errors import ArgumentError, AxisError, ShapeError
from minigrad.testing import gradcheck, gradgradcheck
from tests.ops.laws import *

RNG = np.random.default_rng(0)
FAR = {"low": 3.0, "high": 5.0}  # no difference of two elements is near 0
METRICS = {1: "cityblock", 2: "euclidean", 3: "minkowski", math.inf: "chebyshev"}


def cosine(x, z, dim=1, eps=1e-8):
    x, z = np.broadcast_arrays(x, z)
    x, z = np.moveaxis(x, dim, -1), np.moveaxis(z, dim, -1)
    y = np.zeros(x.shape[:-1])
    for place in np.ndindex(y.shape):
        y[place] = 1 - distance.cosine(x[place], z[place]) if x.shape[-1] else 0.0
    return y


def pairwise(x, z, p=2.0, eps=1e-6, keepdim=False):
    return np.linalg.norm(x - z + eps, p, axis=-1, keepdims=keepdim)


def all_pairs(x, z, p=2.0):
    options = {"p": 3} if p == 3 else {}
    lead = np.broadcast_shapes(x.shape[:-2], z.shape[:-2])
    x, z = np.broadcast_to(x, lead + x.shape[-2:]), np.broadcast_to(z, lead + z.shape[-2:])
    y = np.zeros((*lead, x.shape[-2], z.shape[-2]))
    for place in np.ndindex(lead):
        y[place] = distance.cdist(x[place], z[place], METRICS[p], **options)
    return y


CASES = [
    *[Case("cosine_similarity", ops.cosine_similarity, cosine, [A(*x), A(*z)], k) for x, z, k in [
        ((3, 4), (3, 4), {}), ((3, 4), (4,), {}), ((4,), (3, 4), {"dim": -1}), ((5,), (5,), {"dim": 0}),
        ((2, 3, 4), (3, 1), {"dim": -2}), ((2, 3, 4), (3, 4), {"dim": 0}), ((0, 3), (0, 3), {}),
    ]],
    *[Case("pairwise_distance", ops.pairwise_distance, pairwise, [A(*x, distinct=True), A(*z, **FAR), p], k)
      for p in (2, 1, 3, math.inf) for x, z, k in [((3, 4), (3, 4), {}), ((4,), (4,), {}), ((2, 3), (3,), {"keepdim": True})]],
    *[Case("cdist", ops.cdist, all_pairs, [A(*x, distinct=True), A(*z, **FAR), p])
      for p in (2, 1, 3) for x, z in [((3, 2), (4, 2)), ((2, 3, 2), (4, 2)), ((0, 2), (3, 2))]],
]  # fmt: skip


def test_a_zero_vector_is_like_nothing_and_has_a_finite_gradient():
    x = minigrad.tensor([[0.0, 0.0]], requires_grad=True)
    y = ops.cosine_similarity(x, minigrad.tensor([[3.0, 4.0]]))
    y.sum().backward()
    assert y.item() == 0 and np.isfinite(x.grad.numpy()).all()


def test_lengths_below_eps_count_as_eps():
    x, z = RNG.normal(size=(2, 3)) * 0.1, RNG.normal(size=(2, 3)) + 3
    f = lambda x, z: ops.cosine_similarity(x, z, eps=2.0)
    np.testing.assert_allclose(f(Tensor(x), Tensor(z)).numpy(), (x * z).sum(1) / (2 * np.linalg.norm(z, axis=1)))
    gradcheck(f, x, z)
    gradgradcheck(f, x, z)


def test_equal_vectors_are_almost_no_distance_apart():
    x = Tensor(RNG.normal(size=4), requires_grad=True)
    y = ops.pairwise_distance(x, x.detach())
    y.backward()
    np.testing.assert_allclose(y.item(), 2e-6)
    np.testing.assert_allclose(x.grad.numpy(), np.full(4, 0.5))


def test_the_distance_of_a_vector_to_itself_has_gradient_zero():
    x = Tensor(RNG.normal(size=(2, 3)), requires_grad=True)
    ops.cdist(x, x.detach())[0, 0].backward()
    assert not x.grad.numpy().any()


def test_shapes_that_do_not_fit_are_explained():
    with pytest.raises(ShapeError, match=r"cosine_similarity: shapes \(2, 3\) and \(2, 4\) do not broadcast"):
        ops.cosine_similarity(minigrad.ones(2, 3), minigrad.ones(2, 4))
    with pytest.raises(AxisError, match=r"cosine_similarity: dim 1 is outside \[-1, 0\]"):
        ops.cosine_similarity(minigrad.ones(3), minigrad.ones(3))
    for x, z in [((2, 3), (2, 4)), ((3,), (2, 3))]:
        with pytest.raises(ShapeError, match=r"cdist: needs two lists of vectors of one length K\n  x1 \(\.\.\., T, K\) = "):
            ops.cdist(minigrad.ones(*x), minigrad.ones(*z))
    with pytest.raises(ArgumentError, match="cdist: p is -1, it must be at least 0"):
        ops.cdist(minigrad.ones(2, 2), minigrad.ones(2, 2), -1)
