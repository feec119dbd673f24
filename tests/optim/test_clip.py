import math

import numpy as np
import pytest

import minigrad
from minigrad import Tensor
from minigrad.errors import AnomalyError, ArgumentError, InPlaceError
from minigrad.optim import clip_grad_norm_, clip_grad_value_


def with_grads(*grads, dtype="float64"):
    params = []
    for g in grads:
        p = Tensor(np.zeros_like(np.asarray(g, dtype)), requires_grad=True)
        p.grad = Tensor(np.asarray(g, dtype))
        params.append(p)
    return params


def elements(params):
    return np.concatenate([p.grad.numpy().ravel() for p in params])


@pytest.mark.parametrize("n", [1.0, 2.0, 3.0, math.inf])
def test_the_norm_is_over_all_gradients_together(n):
    rng = np.random.default_rng(0)
    params = with_grads(rng.normal(size=(3, 2)), rng.normal(size=4), rng.normal())
    before = elements(params)
    wanted = np.abs(before).max() if n == math.inf else (np.abs(before) ** n).sum() ** (1 / n)
    found = clip_grad_norm_(params, 0.5, norm_type=n)
    np.testing.assert_allclose(found.item(), wanted)
    np.testing.assert_allclose(elements(params), before * 0.5 / wanted, rtol=1e-5)


def test_small_gradients_are_left_as_they_are():
    params = with_grads([0.3, -0.4])
    assert clip_grad_norm_(params, 1.0).item() == pytest.approx(0.5)
    assert elements(params).tolist() == [0.3, -0.4]


def test_an_infinite_limit_only_measures():
    params = with_grads([30.0, -40.0])
    assert clip_grad_norm_(params, math.inf).item() == 50.0
    assert elements(params).tolist() == [30.0, -40.0]


def test_parameters_without_a_gradient_do_not_count():
    params = with_grads([3.0, 4.0])
    params.append(Tensor([1.0], requires_grad=True))
    assert clip_grad_norm_(iter(params), 1.0).item() == 5.0
    assert clip_grad_norm_(params[1:], 1.0).item() == 0.0 and clip_grad_norm_([], 1.0).item() == 0.0


def test_one_tensor_is_enough():
    (p,) = with_grads([6.0, 8.0])
    assert clip_grad_norm_(p, 5.0).item() == 10.0
    np.testing.assert_allclose(p.grad.tolist(), [3.0, 4.0], rtol=1e-6)
    clip_grad_value_(p, 3.5)
    np.testing.assert_allclose(p.grad.tolist(), [3.0, 3.5], rtol=1e-6)


def test_squares_that_overflow_float32_do_not_turn_the_gradients_to_zero():
    params = with_grads([3e30, 4e30], dtype="float32")
    assert clip_grad_norm_(params, 1.0).item() == pytest.approx(5e30)
    np.testing.assert_allclose(elements(params), [0.6, 0.8], rtol=1e-6)
    assert params[0].grad.dtype == "float32"


def test_an_infinite_gradient_becomes_nan_and_the_others_zero_unless_it_is_an_error():
    params = with_grads([math.inf, 1.0], [2.0])
    with pytest.raises(AnomalyError, match=r"^clip_grad_norm_: the norm of order 2 of 2 gradients is inf\nHint: "):
        clip_grad_norm_(params, 1.0, error_if_nonfinite=True)
    assert elements(params).tolist() == [math.inf, 1.0, 2.0]
    assert clip_grad_norm_(params, 1.0).item() == math.inf
    np.testing.assert_array_equal(elements(params), [math.nan, 0.0, 0.0])


def test_a_nan_spreads():
    params = with_grads([math.nan, 1.0], [2.0])
    assert math.isnan(clip_grad_norm_(params, 1.0).item())
    assert np.isnan(elements(params)).all()


def test_values_are_clipped_one_by_one_on_both_sides():
    params = with_grads([[-3.0, 0.2], [0.5, 7.0]], [0.1, -0.6], 9.0)
    clip_grad_value_(params, 0.5)
    assert elements(params).tolist() == [-0.5, 0.2, 0.5, 0.5, 0.1, -0.5, 0.5]


def test_a_gradient_that_a_later_backward_needs_is_marked_as_overwritten():
    for clip, name in ((clip_grad_norm_, "clip_grad_norm_"), (clip_grad_value_, "clip_grad_value_")):
        (p,) = with_grads([3.0, 4.0])
        w = minigrad.tensor([1.0, 1.0], dtype="float64", requires_grad=True)
        penalty = (w * p.grad).sum()
        clip(p, 1.0)
        with pytest.raises(InPlaceError, match=rf"overwritten since by {name}"):
            penalty.backward()


@pytest.mark.parametrize("value", [-1.0, math.nan, "big"])
def test_limits_that_are_no_limits_are_refused(value):
    for clip, name in ((clip_grad_norm_, "clip_grad_norm_: max_norm"), (clip_grad_value_, "clip_grad_value_: clip_value")):
        with pytest.raises(ArgumentError) as caught:
            clip([], value)
        assert str(caught.value) == f"{name} is {value!r}, it must be a number in [0, ∞]"
    with pytest.raises(ArgumentError, match="clip_grad_norm_: norm_type is nan"):
        clip_grad_norm_([], 1.0, norm_type=math.nan)
