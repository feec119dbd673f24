import numpy as np
import pytest
from scipy import special

import minigrad
from minigrad import Tensor, ops
from minigrad.errors import ArgumentError, DtypeError, RangeError, ShapeError
from minigrad.testing import gradcheck, gradgradcheck
from tests.ops.laws import *

RNG = np.random.default_rng(0)
W = np.array([0.5, 2.0, 1.5])


def average(losses, weights, reduction):
    losses, weights = np.array(losses), np.array(weights)
    return {"none": losses, "sum": losses.sum(), "mean": losses.sum() / weights.sum()}[reduction]


def nll(x, t, weight=None, ignore_index=-100, reduction="mean"):
    """The definition, one example at a time."""
    axis = 0 if x.ndim == 1 else 1
    losses, weights = np.zeros(t.shape), np.zeros(t.shape)
    for place in np.ndindex(t.shape):
        c = int(t[place])
        if c != ignore_index:
            weights[place] = 1.0 if weight is None else weight[c]
            losses[place] = -weights[place] * x[(*place[:axis], c, *place[axis:])]
    return average(losses, weights, reduction)


def cross_entropy(x, t, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    """Σ_c -w_c q_c ln p_c with q the smoothed target, one example at a time."""
    axis = 0 if x.ndim == 1 else 1
    classes = x.shape[axis]
    log_p, w = special.log_softmax(x, axis=axis), np.ones(classes) if weight is None else weight
    hard = t.dtype.kind == "i"
    places = t.shape if hard else t.shape[:axis] + t.shape[axis + 1 :]
    losses, weights = np.zeros(places), np.zeros(places)
    for place in np.ndindex(places):
        along = (*place[:axis], slice(None), *place[axis:])
        if hard and t[place] == ignore_index:
            continue
        q = np.eye(classes)[int(t[place])] if hard else t[along]
        q = (1 - label_smoothing) * q + label_smoothing / classes
        losses[place] = -(w * q * log_p[along]).sum()
        weights[place] = w[int(t[place])] if hard else 1.0
    return average(losses, weights, reduction)


def classes(*shape):
    return A(*shape, dtype="int64", low=0, high=3)


SHAPES = [((5, 3), (5,), "sum"), ((3,), (), "mean"), ((2, 3, 4), (2, 4), "none"), ((2, 3, 1, 2), (2, 1, 2), "mean")]
REDUCTIONS = ["none", "sum", "mean"]
OPTIONS = [{"ignore_index": 1}, {"weight": W}, {"label_smoothing": 0.2}, {"weight": W, "ignore_index": 2, "label_smoothing": 1}]
CASES = [
    *[Case("nll_loss", ops.nll_loss, nll, [A(*x), classes(*t)], {"reduction": r}) for x, t, r in SHAPES],
    *[Case("nll_loss", ops.nll_loss, nll, [A(4, 3), classes(4), A(3, low=0.5)], {"reduction": r, "ignore_index": 1})
      for r in REDUCTIONS],
    *[Case("cross_entropy", ops.cross_entropy, cross_entropy, [A(*x), classes(*t)], {"reduction": r}) for x, t, r in SHAPES],
    *[Case("cross_entropy", ops.cross_entropy, cross_entropy, [A(4, 3), classes(4)], {"reduction": r, **k})
      for r in REDUCTIONS for k in OPTIONS],
    *[Case("cross_entropy", ops.cross_entropy, cross_entropy, [A(*x), A(*x, low=0)], {"reduction": r, **k})
      for x, _, r in SHAPES[1:] for k in [{}, {"weight": W, "label_smoothing": 0.2}]],
    Case("cross_entropy", ops.cross_entropy, lambda x, t, reduction: 0.0, [A(0, 3), classes(0)], {"reduction": "sum"}),
]  # fmt: skip


def test_the_gradient_is_probability_minus_truth():
    x = Tensor(RNG.normal(size=(4, 3)), requires_grad=True)
    t = np.array([2, 0, 1, 1])
    ops.cross_entropy(x, Tensor(t)).backward()
    np.testing.assert_allclose(x.grad.numpy(), (special.softmax(x.numpy(), 1) - np.eye(3)[t]) / 4)


@pytest.mark.parametrize("weight", [None, W])
def test_the_second_derivative_ignores_what_the_loss_ignores(weight):
    t = Tensor(np.array([0, 2, 1, 2]))
    f = lambda x: ops.cross_entropy(x, t, weight, ignore_index=2)
    gradcheck(f, RNG.normal(size=(4, 3)))
    gradgradcheck(f, RNG.normal(size=(4, 3)))


def test_the_fused_op_agrees_with_its_definition():
    x, t = Tensor(RNG.normal(size=(4, 3)), requires_grad=True), Tensor(np.array([0, 2, -100, 1]))
    v = Tensor(RNG.normal(size=(4, 3)))
    found = []
    for loss in (ops.cross_entropy(x, t), ops.nll_loss(x.log_softmax(1), t)):
        (g,) = minigrad.grad(loss, x, create_graph=True)
        (h,) = minigrad.grad((g * v).sum(), x)
        found.append([loss.numpy(), g.numpy(), h.numpy()])
    for fused, defined in zip(*found, strict=True):
        np.testing.assert_allclose(fused, defined, atol=1e-14)


def test_large_scores_neither_overflow_nor_vanish():
    x = minigrad.tensor([[1000.0, 0.0], [-1000.0, 0.0]], requires_grad=True)
    y = ops.cross_entropy(x, minigrad.tensor([1, 0]), reduction="none")
    y.sum().backward()
    assert y.tolist() == [1000, 1000] and x.grad.tolist() == [[1, -1], [-1, 1]]


def test_an_impossible_class_costs_nothing_unless_it_is_true():
    x = minigrad.tensor([[0.0, 0.0, -np.inf]], requires_grad=True)
    for target in (minigrad.tensor([0]), minigrad.tensor([[1.0, 0.0, 0.0]])):
        x.grad = None
        y = ops.cross_entropy(x, target)
        y.backward()
        np.testing.assert_allclose(y.item(), np.log(2), rtol=1e-6)
        assert x.grad.tolist() == [[-0.5, 0.5, 0]]
    assert ops.cross_entropy(x, minigrad.tensor([2])).item() == np.inf


def test_a_nan_in_an_ignored_example_goes_no_further():
    scores = RNG.normal(size=(3, 4))
    scores[1] = np.nan
    t = Tensor(np.array([0, -100, 3]))
    x = Tensor(scores, requires_grad=True)
    for loss in (ops.cross_entropy(x, t), ops.nll_loss(x, t)):
        x.grad = None
        loss.backward()
        assert np.isfinite(loss.item()) and np.isfinite(x.grad.numpy()).all() and not x.grad.numpy()[1].any()


def test_the_mean_over_no_example_is_nan_and_the_sum_is_zero():
    x, t = minigrad.ones(2, 3), minigrad.tensor([-100, -100])
    assert np.isnan(ops.cross_entropy(x, t).item()) and ops.cross_entropy(x, t, reduction="sum").item() == 0


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int32", "int64"])
def test_every_integer_type_numbers_classes(dtype):
    t = minigrad.tensor([2, 0], dtype=dtype)
    np.testing.assert_allclose(ops.cross_entropy(minigrad.zeros(2, 3), t).item(), np.log(3), rtol=1e-6)


def test_a_later_change_of_the_target_does_not_reach_backward():
    x, t = minigrad.zeros(1, 2, requires_grad=True), np.array([0])
    loss = ops.cross_entropy(x, minigrad.from_numpy(t))
    t[0] = 1
    loss.backward()
    assert x.grad.tolist() == [[-0.5, 0.5]]


@pytest.mark.parametrize("op", [ops.cross_entropy, ops.nll_loss])
@pytest.mark.parametrize("wrong", [3, -1])
def test_a_class_that_does_not_exist_is_named(op, wrong):
    with pytest.raises(RangeError) as caught:
        op(minigrad.zeros(2, 3), minigrad.tensor([0, wrong]))
    assert str(caught.value) == (
        f"{op.__name__}: target holds class {wrong}, outside [0, 3): input has C = 3 classes\n"
        "Hint: number the classes from 0, or leave one out with ignore_index"
    )


def test_a_target_of_another_shape_is_explained():
    with pytest.raises(ShapeError) as caught:
        ops.cross_entropy(minigrad.zeros(4, 3), minigrad.tensor([0, 1, 2]))
    assert str(caught.value) == (
        "cross_entropy: N is 4 in input but 3 in target\n"
        "  input  (N, C) = (4, 3)\n"
        "  target (N) = (3,)\n"
        "Hint: one class number per example: the shape of input without C"
    )


@pytest.mark.parametrize("op", [ops.cross_entropy, ops.nll_loss])
@pytest.mark.parametrize(
    ("x", "t", "options", "error", "message"),
    [
        ((2, 3, 4), np.zeros((2, 5), int), {}, ShapeError, "d1 is 4 in input but 5 in target"),
        ((2, 3), np.zeros((2, 1), int), {}, ShapeError, "target needs 1 axes, has 2"),
        ((3,), np.zeros(1, int), {}, ShapeError, "target needs 0 axes, has 1"),
        ((), np.array(0), {}, ShapeError, "input"),
        ((2, 3), np.zeros(2, bool), {}, DtypeError, "class numbers must be integers, got bool\nHint: convert with .long"),
        ((2, 3), np.zeros(2, int), {"weight": np.ones(2)}, ShapeError, "C is 3 in input but 2 in weight"),
    ],
)
def test_bad_input_is_explained(op, x, t, options, error, message):
    with pytest.raises(error, match=f"{op.__name__}: {message}"):
        op(Tensor(np.zeros(x)), Tensor(t), **options)


def test_bad_probabilities_are_explained():
    x = minigrad.zeros(2, 3)
    with pytest.raises(ShapeError, match=r"cross_entropy: target needs 2 axes, has 1\n(.*\n)*Hint: .*\.long\(\)"):
        ops.cross_entropy(x, minigrad.tensor([0.0, 1.0]))
    with pytest.raises(ArgumentError, match="ignore_index is 1, but the target holds probabilities"):
        ops.cross_entropy(x, minigrad.ones(2, 3), ignore_index=1)
    with pytest.raises(ArgumentError, match=r"label_smoothing is 1.5, outside \[0, 1\]"):
        ops.cross_entropy(x, minigrad.tensor([0, 1]), label_smoothing=1.5)
    with pytest.raises(DtypeError, match="nll_loss: class numbers must be integers, got float32"):
        ops.nll_loss(x, minigrad.tensor([0.0, 1.0]))
