import numpy as np
import pytest
from scipy import special, stats

import minigrad
from minigrad import Tensor, ops
from minigrad.errors import ArgumentError
from minigrad.testing import gradcheck
from tests.ops.laws import *

RNG = np.random.default_rng(0)
P = {"low": 0.05, "high": 0.95}


def reduce(losses, reduction):
    return np.asarray(losses) if reduction == "none" else getattr(np, reduction)(losses)


def bernoulli(x, t, weight=1.0, reduction="mean"):
    return reduce(weight * -(t * np.log(x) + (1 - t) * np.log(1 - x)), reduction)


def bernoulli_of_scores(x, t, weight=1.0, pos_weight=1.0, reduction="mean"):
    return reduce(weight * -(pos_weight * t * np.log(special.expit(x)) + (1 - t) * np.log(special.expit(-x))), reduction)


def divergence(x, t, log_target=False, reduction="mean"):
    p = np.exp(t) if log_target else t
    losses = p * (np.log(p) - x)
    return losses.sum() / x.shape[0] if reduction == "batchmean" else reduce(losses, reduction)


with_pos_weight = lambda x, t, p, **k: ops.binary_cross_entropy_with_logits(x, t, pos_weight=p, **k)
BCE, LOGITS = ("binary_cross_entropy", ops.binary_cross_entropy, bernoulli), ("binary_cross_entropy_with_logits",)
CASES = [
    *[Case(*BCE, [A(*s, **P), A(*s, **P)], {"reduction": r}) for s in [(3, 4), (5,), ()] for r in ("none", "sum", "mean")],
    Case(*BCE, [A(3, 4, **P), A(3, 4, **P), A(4, **P)]),
    *[Case(*LOGITS, ops.binary_cross_entropy_with_logits, bernoulli_of_scores, [A(*s), A(*s, **P)], {"reduction": r})
      for s in [(3, 4), (5,), ()] for r in ("none", "sum", "mean")],
    Case(*LOGITS, ops.binary_cross_entropy_with_logits, bernoulli_of_scores, [A(3, 4), A(3, 4, **P), A(3, 1, **P)]),
    Case(*LOGITS, with_pos_weight, lambda x, t, p, **k: bernoulli_of_scores(x, t, 1.0, p, **k), [A(3, 4), A(3, 4, **P), A(4, **P)]),
    *[Case("kl_div", ops.kl_div, divergence, [A(*s), A(*s, **P)], {"reduction": r})
      for s in [(3, 4), (5,)] for r in ("none", "sum", "batchmean")],
    Case("kl_div", ops.kl_div, divergence, [A(3, 4), A(4, **P)], {"reduction": "batchmean"}),
    Case("kl_div", ops.kl_div, divergence, [A(3, 4), A(3, 4)], {"reduction": "none", "log_target": True}),
]  # fmt: skip


def test_the_sum_of_kl_div_is_the_divergence():
    p, q = special.softmax(RNG.normal(size=(2, 5)), axis=1)
    found = ops.kl_div(Tensor(np.log(q)), Tensor(p), reduction="sum").item()
    np.testing.assert_allclose(found, stats.entropy(p, q))


def test_the_mean_of_kl_div_warns_what_it_divides_by():
    with pytest.warns(UserWarning, match="kl_div: reduction='mean' divides by the number of elements") as caught:
        y = ops.kl_div(minigrad.zeros(2, 3), minigrad.ones(2, 3))
    assert y.item() == 0 and caught[0].filename == __file__


def test_what_cannot_happen_adds_nothing_to_the_divergence():
    x = minigrad.tensor([-np.inf, 0.0], requires_grad=True)
    for target, options in [([0.0, 1.0], {}), ([-np.inf, 0.0], {"log_target": True})]:
        x.grad = None
        y = ops.kl_div(x, minigrad.tensor(target), reduction="none", **options)
        y.sum().backward()
        assert y.tolist() == [0, 0] and x.grad.tolist() == [0, -1]


def test_a_target_of_zero_has_a_finite_gradient_for_the_prediction():
    gradcheck(lambda x: ops.kl_div(x, minigrad.tensor([0.0, 1.0], dtype="float64"), reduction="none"), RNG.normal(size=2))


def test_a_confident_mistake_costs_one_hundred():
    x = minigrad.tensor([0.0, 1.0, 0.0, 1.0], requires_grad=True)
    y = ops.binary_cross_entropy(x, minigrad.tensor([1.0, 0.0, 0.0, 1.0]), reduction="none")
    y.sum().backward()
    assert y.tolist() == [100, 100, 0, 0]
    np.testing.assert_allclose(x.grad.numpy(), [-1e12, 1e12, 0, 0])


@pytest.mark.parametrize("score", [-1000.0, 1000.0])
def test_large_scores_do_not_overflow(score):
    x = minigrad.tensor([score, score], requires_grad=True)
    y = ops.binary_cross_entropy_with_logits(x, minigrad.tensor([0.0, 1.0]), reduction="none")
    y.sum().backward()
    assert y.tolist() == [max(score, 0), max(-score, 0)]
    assert x.grad.tolist() == [float(score > 0), float(score > 0) - 1]


def test_scores_and_their_sigmoid_have_one_loss():
    x, t = Tensor(RNG.normal(size=5)), Tensor(RNG.random(5))
    found = ops.binary_cross_entropy_with_logits(x, t).item()
    np.testing.assert_allclose(found, ops.binary_cross_entropy(x.sigmoid(), t).item())


def test_labels_may_be_integers_or_bools():
    x = minigrad.tensor([0.25, 0.75])
    for t in (minigrad.tensor([0, 1]), minigrad.tensor([False, True])):
        np.testing.assert_allclose(ops.binary_cross_entropy(x, t).item(), -np.log(0.75), rtol=1e-6)


def test_what_is_no_probability_is_named():
    half = minigrad.tensor([0.5])
    with pytest.raises(ArgumentError, match=r"binary_cross_entropy: input holds 1.5, outside \[0, 1\]\nHint: apply sigmoid"):
        ops.binary_cross_entropy(minigrad.tensor([1.5]), half)
    with pytest.raises(ArgumentError, match=r"binary_cross_entropy: target holds -2, outside \[0, 1\]"):
        ops.binary_cross_entropy(half, minigrad.tensor([-2.0]))
    with pytest.raises(ArgumentError, match="kl_div: reduction is 'avg'\nHint: use one of 'none', 'mean', 'sum', 'batchmean'"):
        ops.kl_div(half, half, reduction="avg")
