import numpy as np
import pytest
from scipy import special, stats

import minigrad
from minigrad import Tensor, ops
from minigrad.errors import ArgumentError, ShapeError
from minigrad.testing import gradcheck
from tests.ops.laws import *

RNG = np.random.default_rng(0)
HIGH = {"low": 3.0, "high": 9.0}  # so that no error |x - t| is near a kink


def reduce(losses, reduction):
    return np.asarray(losses) if reduction == "none" else getattr(np, reduction)(losses)


def reduced(losses):
    def reference(*args, reduction="mean", **options):
        return reduce(losses(*args, **options), reduction)

    return reference


def gaussian(x, t, v, full=False, eps=1e-6):
    v = v if np.ndim(v) != np.ndim(x) - 1 or np.ndim(v) == 0 else v[..., None]
    constant = 0 if full else 0.5 * np.log(2 * np.pi)
    return -stats.norm.logpdf(t, x, np.sqrt(v)) - constant


def poisson(x, t, log_input=True, full=False, eps=1e-8):
    rate = np.exp(x) if log_input else x
    losses = rate - t * np.log(rate + (0 if log_input else eps))
    stirling = t * np.log(t) - t + 0.5 * np.log(2 * np.pi * t)
    return losses + (np.where(t > 1, stirling, 0) if full else 0)


SHAPES = [(3, 4), (5,), (), (0, 2)]
ALL = ["none", "sum", "mean"]
RATE = {"low": 0.5, "high": 4.0, "away_from": (1.0,)}
CASES = [
    *[Case("mse_loss", ops.mse_loss, reduced(lambda x, t: (x - t) ** 2), [A(*s), A(*s)], {"reduction": r})
      for s in SHAPES for r in ALL if s != (0, 2) or r != "mean"],
    *[Case("l1_loss", ops.l1_loss, reduced(lambda x, t: abs(x - t)), [A(*s), A(*s, **HIGH)], {"reduction": r})
      for s in SHAPES for r in ALL if s != (0, 2) or r != "mean"],
    *[Case("huber_loss", ops.huber_loss, reduced(lambda x, t, delta=1.0: special.huber(delta, x - t)), [A(*s), A(*s)], k)
      for s in SHAPES[:3] for k in [{}, {"delta": 0.4, "reduction": "sum"}, {"delta": 2.5, "reduction": "none"}]],
    *[Case("smooth_l1_loss", ops.smooth_l1_loss, reduced(lambda x, t, beta=1.0: special.huber(beta, x - t) / beta), [A(*s), A(*s)], k)
      for s in SHAPES[:3] for k in [{}, {"beta": 0.4, "reduction": "sum"}, {"beta": 2.5, "reduction": "none"}]],
    Case("smooth_l1_loss", ops.smooth_l1_loss, reduced(lambda x, t, beta: abs(x - t)), [A(3, 4), A(3, 4, **HIGH)], {"beta": 0}),
    *[Case("gaussian_nll_loss", ops.gaussian_nll_loss, reduced(gaussian), [A(3, 4), A(3, 4), A(*s, low=0.5)], k)
      for s in [(3, 4), (3, 1), (3,), (1, 4)] for k in [{}, {"full": True, "reduction": "none"}]],
    Case("gaussian_nll_loss", ops.gaussian_nll_loss, reduced(gaussian), [A(3, 4), A(3, 4), 0.7]),
    Case("gaussian_nll_loss", ops.gaussian_nll_loss, reduced(gaussian), [A(3), A(3), A(low=0.5)]),
    *[Case("poisson_nll_loss", ops.poisson_nll_loss, reduced(poisson), [A(3, 4, **RATE), A(3, 4, **RATE), log, full], {"reduction": r})
      for log in (True, False) for full in (True, False) for r in ("none", "mean")],
]  # fmt: skip


def test_the_slope_of_huber_is_the_clamped_error():
    d = np.array([-3.0, -0.5, 0.0, 0.2, 2.0])
    x = Tensor(d, requires_grad=True)
    ops.huber_loss(x, minigrad.zeros(5, dtype="float64"), reduction="sum", delta=1.5).backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.clip(d, -1.5, 1.5))


def test_an_infinite_error_has_a_finite_slope():
    for op, slope in [(ops.huber_loss, 1), (ops.smooth_l1_loss, 1), (ops.l1_loss, 1)]:
        x = minigrad.tensor([np.inf], requires_grad=True)
        y = op(x, minigrad.zeros(1))
        y.backward()
        assert y.item() == np.inf and x.grad.tolist() == [slope]


def test_no_error_has_no_slope():
    x = minigrad.zeros(2, requires_grad=True)
    ops.l1_loss(x, minigrad.zeros(2)).backward()
    assert x.grad.tolist() == [0, 0]


def test_the_mean_over_nothing_is_nan():
    assert np.isnan(ops.mse_loss(minigrad.zeros(0), minigrad.zeros(0)).item())


def test_poisson_agrees_with_the_distribution_up_to_stirling():
    t, x = np.array([20.0, 35.0]), np.array([3.0, 3.5])
    found = ops.poisson_nll_loss(Tensor(x), Tensor(t), full=True, reduction="none").numpy()
    np.testing.assert_allclose(found, -stats.poisson.logpmf(t, np.exp(x)), atol=0.005)


def test_poisson_at_a_count_of_zero_has_finite_gradients():
    x, t = minigrad.tensor([0.0], requires_grad=True), minigrad.tensor([0.0], requires_grad=True)
    ops.poisson_nll_loss(x, t, log_input=False, full=True).backward()
    assert x.grad.tolist() == [1] and np.isfinite(t.grad.item())


def test_a_small_variance_counts_as_eps_and_keeps_a_gradient():
    x, t = minigrad.tensor([1.0], dtype="float64"), minigrad.tensor([3.0], dtype="float64")
    v = minigrad.tensor([0.0], dtype="float64", requires_grad=True)
    y = ops.gaussian_nll_loss(x, t, v, eps=0.5)
    y.backward()
    np.testing.assert_allclose(y.item(), 0.5 * (np.log(0.5) + 8))
    np.testing.assert_allclose(v.grad.item(), 0.5 * (1 - 8) / 0.5)


def test_a_variance_that_is_shared_is_told_from_input_not_from_target():
    x, t, v = Tensor(RNG.normal(size=4)), Tensor(RNG.normal(size=(3, 4))), Tensor(RNG.uniform(1, 2, 4))
    gradcheck(lambda x: ops.gaussian_nll_loss(x, t, v), x)
    expected = gaussian(x.numpy()[None], t.numpy(), v.numpy()[None]).mean()
    np.testing.assert_allclose(ops.gaussian_nll_loss(x, t, v).item(), expected)


@pytest.mark.parametrize("shape", [(4,), (1, 1), (2, 3, 4), (3, 2)])
def test_a_variance_of_another_shape_is_explained(shape):
    with pytest.raises(ShapeError, match=r"gaussian_nll_loss: var has shape \(.*\) but input \(3, 4\)\nHint: give it the"):
        ops.gaussian_nll_loss(minigrad.zeros(3, 4), minigrad.zeros(3, 4), minigrad.ones(*shape))


def test_arguments_without_meaning_are_refused():
    x = minigrad.zeros(2)
    for var in (-1.0, minigrad.tensor([1.0, -1.0])):
        with pytest.raises(ArgumentError, match="gaussian_nll_loss: var holds -1, a variance is not negative\nHint"):
            ops.gaussian_nll_loss(x, x, var)
    for delta in (0, -1, float("nan")):
        with pytest.raises(ArgumentError, match=f"huber_loss: delta is {delta}, it must be positive"):
            ops.huber_loss(x, x, delta=delta)
    with pytest.raises(ArgumentError, match="smooth_l1_loss: beta is -1, it must be at least 0"):
        ops.smooth_l1_loss(x, x, beta=-1)
