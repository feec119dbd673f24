import numpy as np
import pytest

import minigrad
from minigrad import Tensor, ops
from minigrad.errors import ArgumentError, ShapeError
from minigrad.ops.loss import expected

X, T = np.arange(6.0).reshape(2, 3), np.ones((2, 3))
CALLS = {
    "mse_loss": (X, T),
    "l1_loss": (X, T),
    "smooth_l1_loss": (X, T),
    "huber_loss": (X, T),
    "gaussian_nll_loss": (X, T, T),
    "poisson_nll_loss": (X, T),
    "cross_entropy": (X, np.array([0, 2])),
    "nll_loss": (X, np.array([0, 2])),
    "binary_cross_entropy": (X / 10, T),
    "binary_cross_entropy_with_logits": (X, T),
    "kl_div": (X, T),
    "cosine_embedding_loss": (X, X[::-1].copy(), np.array([1, -1])),
    "margin_ranking_loss": (X, X[::-1].copy(), T),
    "triplet_margin_loss": (X, T, X[::-1].copy()),
    "hinge_embedding_loss": (X, T),
    "soft_margin_loss": (X, T),
}


@pytest.mark.filterwarnings("ignore:kl_div")
@pytest.mark.parametrize("name", CALLS)
def test_reductions_agree_with_each_other(name):
    op, args = getattr(ops, name), [Tensor(a) for a in CALLS[name]]
    losses = op(*args, reduction="none").numpy()
    assert losses.size > 1
    np.testing.assert_allclose(op(*args, reduction="sum").item(), losses.sum())
    np.testing.assert_allclose(op(*args).item(), losses.mean())


@pytest.mark.parametrize("name", CALLS)
def test_an_unknown_reduction_is_refused(name):
    with pytest.raises(ArgumentError, match=f"{name}: reduction is 'average'\nHint: use one of 'none', 'mean', 'sum'"):
        getattr(ops, name)(*(Tensor(a) for a in CALLS[name]), reduction="average")


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"])
def test_shapes_that_only_broadcast_are_warned_about(name):
    with pytest.warns(UserWarning, match=rf"{name}: input has shape \(4, 1\) but target \(4,\); they broadcast"):
        y = getattr(ops, name)(minigrad.ones(4, 1), minigrad.zeros(4), reduction="none")
    assert y.shape == (4, 4)


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"])
def test_the_warning_points_at_the_caller(name):
    with pytest.warns(UserWarning) as caught:
        getattr(ops, name)(minigrad.ones(4, 1), minigrad.zeros(4))
    assert caught[0].filename == __file__


@pytest.mark.parametrize("name", ["binary_cross_entropy", "binary_cross_entropy_with_logits"])
def test_shapes_that_must_be_equal_are_named(name):
    with pytest.raises(ShapeError, match=rf"{name}: input has shape \(4, 1\) but target \(4,\)\nHint: reshape"):
        getattr(ops, name)(minigrad.ones(4, 1), minigrad.ones(4))


def test_integers_become_the_default_float():
    assert ops.mse_loss(minigrad.tensor([1, 2]), minigrad.tensor([3, 5])).item() == 6.5


def test_what_cannot_happen_costs_nothing():
    p = minigrad.tensor([0.0, 0.5, 0.0], requires_grad=True)
    log_q = minigrad.tensor([-np.inf, -2.0, -3.0], requires_grad=True)
    y = expected(p, log_q)
    y.sum().backward()
    assert y.tolist() == [0, -1, 0] and p.grad.tolist() == [0, -2, -3] and log_q.grad.tolist() == [0, 0.5, 0]
