import numpy as np
import pytest

import minigrad
from minigrad import errors, ops
from tests.ops.laws import *

LOW, HIGH = {"low": -1.0, "high": -0.3}, {"low": 0.3, "high": 1.0}
X = {"away_from": (-0.5, 0.0, 0.5)}


def clip(x, lo, hi):
    return np.minimum(np.maximum(x, lo), hi)


def lerp(x, end, w):
    return x + w * (end - x)


PAIRS = [
    (A(2, 3), A(2, 3)), (A(2, 3), A(3)), (A(2, 1, 4), A(3, 1)), (A(), A(3)), (A(), A()), (A(0, 3), A(3)),
    (A(4, **X), 0.5), (0, A(4, **X)),
]  # fmt: skip
CASES = [
    *[Case("maximum", ops.maximum, np.maximum, list(p)) for p in PAIRS],
    *[Case("minimum", ops.minimum, np.minimum, list(p)) for p in PAIRS],
    *[Case("clamp_min", ops.clamp_min, np.maximum, list(p)) for p in PAIRS if p[0] != 0],
    *[Case("clamp_max", ops.clamp_max, np.minimum, list(p)) for p in PAIRS if p[0] != 0],
    *[Case(n, getattr(ops, n), clip, list(p)) for n in ("clamp", "clip") for p in [
        (A(2, 3, **X), -0.5, 0.5), (A(2, 3), A(3, **LOW), A(2, 1, **HIGH)), (A(), A(2, **LOW), A(2, **HIGH)), (A(0, 3), -1, 1),
        (A(5), A(5, **HIGH), A(5, **LOW))]],
    Case("clamp", ops.clamp, lambda x, min: np.maximum(x, min), [A(4, **X)], {"min": 0.5}),
    Case("clamp", ops.clamp, lambda x, max: np.minimum(x, max), [A(4, **X)], {"max": -0.5}),
    *[Case("lerp", ops.lerp, lerp, list(p)) for p in [
        (A(2, 3), A(2, 3), 0.3), (A(2, 3), A(3), A(2, 1)), (A(), A(3), A(2, 1)), (A(3), 2.0, 0.75), (A(0, 3), A(3), 1)]],
]  # fmt: skip


@pytest.mark.parametrize("op", [ops.maximum, ops.minimum])
def test_a_tie_is_shared_half_and_half(op):
    x, y = (minigrad.tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    op(x, y).backward(minigrad.tensor([6.0, -4.0]))
    assert x.grad.tolist() == y.grad.tolist() == [3, -2]


@pytest.mark.parametrize("op", [ops.maximum, ops.minimum, ops.clamp_min, ops.clamp_max])
def test_the_gradient_of_the_loser_is_zero_even_if_it_is_infinite(op):
    x, y = minigrad.tensor([1.0, 5.0], requires_grad=True), minigrad.tensor([3.0, 3.0], requires_grad=True)
    op(x, y).backward(minigrad.tensor([np.inf, np.inf]))
    assert sorted([x.grad[0].item(), y.grad[0].item()]) == sorted([x.grad[1].item(), y.grad[1].item()]) == [0, np.inf]


@pytest.mark.parametrize("op", [ops.maximum, ops.minimum, ops.clamp_min, ops.clamp_max])
def test_nan_wins_on_either_side(op):
    x, y = minigrad.tensor([np.nan, 1.0, np.nan]), minigrad.tensor([1.0, np.nan, np.nan])
    assert np.isnan(op(x, y).numpy()).all()


def test_the_gradient_passes_a_clamp_at_both_bounds():
    x = minigrad.tensor([-2.0, -1.0, 0.0, 1.0, 2.0], requires_grad=True)
    x.clamp(-1, 1).backward(minigrad.tensor([5.0, 6.0, 7.0, 8.0, 9.0]))
    assert x.grad.tolist() == [0, 6, 7, 8, 0]


def test_every_element_of_a_clamp_sends_its_gradient_to_one_place():
    rng = np.random.default_rng(0)
    x, lo, hi = (minigrad.tensor(rng.integers(-2, 3, 200) * 1.0, requires_grad=True) for _ in range(3))
    dy = rng.normal(size=200).astype("f4")
    y = x.clamp(lo, hi)
    y.backward(minigrad.tensor(dy))
    np.testing.assert_array_equal(y.numpy(), clip(x.numpy(), lo.numpy(), hi.numpy()))
    np.testing.assert_array_equal(x.grad.numpy() + lo.grad.numpy() + hi.grad.numpy(), dy)
    for source in (x, lo, hi):
        took = source.grad.numpy() != 0
        np.testing.assert_array_equal(source.numpy()[took], y.numpy()[took])
    assert all((source.grad.numpy() != 0).any() for source in (x, lo, hi))


def test_the_upper_bound_counts_where_the_bounds_cross():
    assert minigrad.tensor([-5.0, 0.5, 5.0]).clamp(2, 1).tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("bounds", "dtype"),
    [((0, 3), "int64"), ((0.5, None), "float32"), ((None, 2.5), "float32"), ((True, None), "int64")],
)
def test_an_integer_tensor_takes_the_type_of_its_bounds_where_that_is_floating(bounds, dtype):
    x = minigrad.tensor([-1, 2, 5])
    y = x.clamp(*bounds)
    assert y.dtype == dtype
    lo, hi = (np.inf * sign if b is None else b for sign, b in zip((-1, 1), bounds, strict=True))
    assert y.tolist() == clip(x.numpy(), lo, hi).tolist()


def test_a_clamp_without_bounds_is_an_error():
    with pytest.raises(errors.ArgumentError, match=r"clamp: there is no bound\nHint: give min, max or both"):
        minigrad.tensor([1.0]).clamp()


@pytest.mark.parametrize("name", ["maximum", "minimum", "clamp_min", "clamp_max"])
def test_shapes_that_do_not_broadcast_are_named(name):
    with pytest.raises(errors.ShapeError, match=rf"{name}: shapes \(2,\) and \(3,\) do not broadcast"):
        getattr(ops, name)(minigrad.zeros(2), minigrad.zeros(3))


def test_the_ends_of_a_line_are_exact():
    x, e = minigrad.tensor([1e8, -3.1], dtype="float32"), minigrad.tensor([0.1, 1e8], dtype="float32")
    assert x.lerp(e, 0.0).tolist() == x.tolist() and x.lerp(e, 1.0).tolist() == e.tolist()


def test_a_line_between_whole_numbers_is_floating():
    y = minigrad.tensor([1, 4]).lerp(minigrad.tensor([2, 8]), 0.25)
    assert y.dtype == minigrad.float32 and y.tolist() == [1.25, 5]


def test_clamping_in_place_gives_the_same_values_and_gradients():
    x, w = minigrad.tensor([0.5, 2.0, -3.0], requires_grad=True), minigrad.tensor([3.0, -1.0, 2.0])
    (expected,) = minigrad.grad(((x * 1.5).clamp(-1, 1) * w).sum(), [x])
    y = x * 1.5
    assert y.clamp_(-1, 1) is y and y.tolist() == [0.75, 1, -1]
    (got,) = minigrad.grad((y * w).sum(), [x])
    assert got.tolist() == expected.tolist() == [4.5, 0, 0]


def test_clamping_whole_numbers_in_place_to_a_fraction_is_an_error():
    with pytest.raises(errors.DtypeError, match="clamp_: the result is float32 and cannot be stored in a tensor of int64"):
        minigrad.tensor([1, 2]).clamp_(min=0.5)
