import numpy as np
import pytest
from scipy.spatial import distance

import minigrad
from minigrad import Tensor, ops
from minigrad.errors import ArgumentError, ShapeError
from tests.ops.laws import *

RNG = np.random.default_rng(0)
SIGNS = {n: np.where(RNG.random(n) < 0.5, -1, 1) for n in [(5,), (3, 4), ()]}


def reduced(losses):
    def reference(*args, reduction="mean", **options):
        y = losses(*args, **options)
        return np.asarray(y) if reduction == "none" else getattr(np, reduction)(y)

    return reference


def cosines(x, z):
    return np.reshape([1 - distance.cosine(a, b) if len(a) else 0.0 for a, b in zip(np.atleast_2d(x), np.atleast_2d(z), strict=True)], x.shape[:-1])


def embedded(x, z, t, margin=0.0):
    cos = cosines(x, z)
    return np.where(t == 1, 1 - cos, np.maximum(0, cos - margin))


def triplet(a, p, n, margin=1.0, order=2, eps=1e-6, swap=False):
    d = lambda x, z: np.linalg.norm(x - z + eps, order, axis=-1)
    return np.maximum(0, d(a, p) - (np.minimum(d(a, n), d(p, n)) if swap else d(a, n)) + margin)


SHAPED = [((5,), "none"), ((3, 4), "mean"), ((), "sum")]
CASES = [
    *[Case("margin_ranking_loss", ops.margin_ranking_loss, reduced(lambda x, z, t, m=0: np.maximum(0, m - t * (x - z))),
           [A(*s), A(*s), SIGNS[s], 0.3], {"reduction": r}) for s, r in SHAPED],
    *[Case("hinge_embedding_loss", ops.hinge_embedding_loss,
           reduced(lambda x, t, m=1.0: np.where(t == 1, x, np.maximum(0, m - x))), [A(*s), SIGNS[s]], {"reduction": r})
      for s, r in SHAPED],
    *[Case("soft_margin_loss", ops.soft_margin_loss, reduced(lambda x, t: np.log1p(np.exp(-t * x))),
           [A(*s), SIGNS[s]], {"reduction": r}) for s, r in SHAPED],
    *[Case("cosine_embedding_loss", ops.cosine_embedding_loss, reduced(embedded), [A(5, 3), A(5, 3), SIGNS[5,], 0.1],
           {"reduction": r}) for r in ("none", "mean")],
    Case("cosine_embedding_loss", ops.cosine_embedding_loss, reduced(embedded), [A(3), A(3), np.array(1)]),
    *[Case("triplet_margin_loss", ops.triplet_margin_loss, reduced(triplet),
           [A(4, 3), A(4, 3), A(4, 3), 0.7, p, 1e-6, swap], {"reduction": r})
      for p, swap, r in [(2, False, "none"), (2, True, "mean"), (1, True, "none"), (3, False, "mean")]],
    Case("triplet_margin_loss", ops.triplet_margin_loss, reduced(triplet), [A(3), A(3), A(3), 9.0]),
]  # fmt: skip


def test_a_difference_equal_to_the_margin_still_has_a_gradient():
    x = minigrad.tensor([1.0], requires_grad=True)
    y = ops.margin_ranking_loss(x, minigrad.tensor([0.0]), minigrad.tensor([1]), margin=1.0)
    y.backward()
    assert y.item() == 0 and x.grad.tolist() == [-1]


def test_large_scores_do_not_overflow():
    x = minigrad.tensor([-1000.0, 1000.0], requires_grad=True)
    y = ops.soft_margin_loss(x, minigrad.tensor([1, 1]), reduction="none")
    y.sum().backward()
    assert y.tolist() == [1000, 0] and x.grad.tolist() == [-1, 0]


def test_equal_vectors_have_a_triplet_gradient_without_nan():
    x = minigrad.ones(2, 3, requires_grad=True)
    ops.triplet_margin_loss(x, x, x).backward()
    assert np.isfinite(x.grad.numpy()).all()


@pytest.mark.parametrize(
    "call",
    [
        lambda t: ops.margin_ranking_loss(minigrad.ones(3), minigrad.ones(3), t),
        lambda t: ops.hinge_embedding_loss(minigrad.ones(3), t),
        lambda t: ops.soft_margin_loss(minigrad.ones(3), t),
        lambda t: ops.cosine_embedding_loss(minigrad.ones(3, 2), minigrad.ones(3, 2), t),
    ],
)
def test_labels_of_zero_and_one_are_no_signs(call):
    with pytest.raises(ArgumentError, match="loss: target holds 0, it must be 1 or -1\nHint: 2 \\* target - 1 makes signs"):
        call(minigrad.tensor([1, 0, 1]))


def test_vectors_without_a_target_each_are_explained():
    x = Tensor(RNG.normal(size=(4, 3)))
    with pytest.raises(ShapeError, match="cosine_embedding_loss: N is 4 in input1 but 3 in target\n  input1 "):
        ops.cosine_embedding_loss(x, x, minigrad.tensor([1, 1, -1]))
    with pytest.raises(ShapeError, match="cosine_embedding_loss: E is 3 in input1 but 2 in input2"):
        ops.cosine_embedding_loss(x, x[:, :2], minigrad.tensor([1, 1, -1, 1]))


def test_triplets_are_three_of_a_kind():
    x = minigrad.ones(4, 3)
    with pytest.raises(ShapeError, match=r"triplet_margin_loss: anchor has shape \(4, 3\), positive \(4, 3\), negative \(3,\)"):
        ops.triplet_margin_loss(x, x, x[0])
    with pytest.raises(ArgumentError, match="triplet_margin_loss: margin is 0, it must be positive"):
        ops.triplet_margin_loss(x, x, x, margin=0)
