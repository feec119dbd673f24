import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from minigrad import ops
from minigrad.ops import normalise as loops
from minigrad_kernels.cpu import normalise as twins

from .agreement import (
    arrays,
    assert_agrees,
    assert_derivatives_agree,
    assert_thread_count_leaves_no_trace,
    drawn,
    exactly,
)

KINDS = {  # the axes of the means, and where w has a number of its own, for an x of d axes
    "layer": lambda d: ((d - 1,), (d - 1,)),
    "layer of two axes": lambda d: ((d - 2, d - 1), (d - 2, d - 1)),
    "batch": lambda d: ((0, *range(2, d)), (1,)),
    "instance": lambda d: (tuple(range(2, d)), (1,)),
    "group": lambda d: (tuple(range(2, d)), (1, 2)),
}
LEAST = {"layer": 1, "layer of two axes": 2, "batch": 2, "instance": 3, "group": 3}


@st.composite
def problems(draw):
    kind = draw(st.sampled_from(sorted(KINDS)))
    d = draw(st.integers(LEAST[kind], 4))
    shape = draw(st.tuples(*[st.integers(1, 5)] * d) | st.tuples(*[st.integers(1, 40 if d < 3 else 5)] * d))
    axes, own = KINDS[kind](d)
    assume(np.prod([shape[i] for i in axes]) > 1)
    view = tuple(n if i in own else 1 for i, n in enumerate(shape))
    lone = draw(st.sampled_from(["both", "w", "b", "neither"]))
    view = view[axes[0] :] if "layer" in kind and draw(st.booleans()) else view
    w, b = (drawn(view, seed) if lone in ("both", name) else None for seed, name in enumerate("wb"))
    dy, x = draw(arrays(2, shape=shape))
    return dy, x, w, b, axes


def gradients(dy, x, w, b, mu, inverse, axes):
    """Return dx, dw and db by the reference."""
    dx = loops.normalise_backward.reference(dy, x, w, mu, inverse, axes)
    like = b if w is None else w
    if like is None:
        return dx, None, None
    ones, zeros = np.ones_like(x), np.zeros_like(mu)
    return (dx, loops.normalise_weight.reference(dy, x, mu, inverse, like.shape),
            loops.normalise_weight.reference(dy, ones, zeros, np.ones_like(mu), like.shape))  # fmt: skip


@given(problems())
def test_values_and_gradients_agree_with_the_reference(problem):
    dy, x, w, b, axes = problem
    for got, expected in zip(
        twins.normalise_forward(x, w, b, axes, 0.1),
        exactly(loops.normalise_forward.reference, x, w, b, axes=axes, eps=0.1), strict=True,
    ):  # fmt: skip
        assert_agrees(got, expected, atol=1e-5)
    mu = x.mean(axes, keepdims=True)
    inverse = 1 / np.sqrt(x.var(axes, keepdims=True) + np.float32(0.1))
    got = twins.normalise_gradients(dy, x, w, b, mu, inverse, axes, None)
    expected = exactly(gradients, dy, x, w, b, mu, inverse, axes=axes)
    for ours, theirs in zip(got, expected, strict=True):
        if theirs is None:
            assert ours is None
        else:
            assert_agrees(ours, theirs, rtol=1e-5, atol=1e-5 * max(1.0, np.abs(theirs).max()))


@pytest.mark.parametrize("axes", [(1,), (0, 2)])
def test_a_large_mean_costs_no_precision(axes):
    x = drawn((30, 500) if axes == (1,) else (7, 3, 90), scale=1.0) + np.float32(1e4)
    y, _, variance = twins.normalise_forward(x, None, None, axes, 0.0)
    wide = x.astype("float64")
    np.testing.assert_allclose(variance, wide.var(axes, keepdims=True), rtol=1e-3)
    np.testing.assert_allclose(y, (wide - wide.mean(axes, keepdims=True)) / wide.std(axes, keepdims=True), atol=2e-3)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize(("shape", "axes"), [((4, 6), (1,)), ((4, 6), (0,)), ((3, 4, 5), (0, 2)), ((2, 2, 3, 4), (2, 3))])
def test_one_nan_or_infinity_spoils_what_it_is_averaged_with_and_nothing_else(value, shape, axes):
    x = drawn(shape)
    x[(0,) * len(shape)] = value
    w = np.ones((1, *shape[1:3], 1), "float32") if len(shape) == 4 else None
    y = twins.normalise_forward(x, w, None, axes, 1e-5)[0]
    with np.errstate(all="ignore"):
        expected = loops.normalise_forward.reference(x, w, None, axes, 1e-5)[0]
    np.testing.assert_array_equal(np.isnan(y), np.isnan(expected))


OPS = {
    "layer_norm": (lambda x, w, b: ops.layer_norm(x, (7,), w, b), (150, 7), 7),
    "batch_norm of features": (lambda x, w, b: ops.batch_norm(x, None, None, w, b, True), (9, 6), 6),
    "batch_norm of images": (lambda x, w, b: ops.batch_norm(x, None, None, w, b, True), (5, 6, 3, 4), 6),
    "instance_norm": (lambda x, w, b: ops.instance_norm(x, None, None, w, b), (3, 6, 5), 6),
    "group_norm": (lambda x, w, b: ops.group_norm(x, 3, w, b), (4, 6, 3, 2), 6),
    "group_norm of single pixels": (lambda x, w, b: ops.group_norm(x, 2, w, b), (4, 6, 1, 1), 6),
}


@pytest.mark.parametrize("name", OPS)
def test_gradients_are_those_of_the_reference(name):
    op, shape, n = OPS[name]
    assert_derivatives_agree(op, drawn(shape), drawn(n, 1), drawn(n, 2))


@pytest.mark.parametrize(("shape", "axes"), [((700, 131), (1,)), ((13, 7, 31, 31), (0, 2, 3)), ((13, 4, 2, 31, 31), (2, 3, 4))])
def test_threads_leave_no_trace(monkeypatch, shape, axes):
    x, dy = drawn(shape), drawn(shape, 1)
    view = {1: shape[1:], 3: (1, shape[1], *(1,) * (len(shape) - 2))}[len(axes)] if len(shape) < 5 else (1, 4, 2, 1, 1)
    w, mu = drawn(view), x.mean(axes, keepdims=True)
    assert_thread_count_leaves_no_trace(monkeypatch, lambda: twins.normalise_forward(x, w, w, axes, 1e-5))
    assert_thread_count_leaves_no_trace(monkeypatch, lambda: twins.normalise_gradients(dy, x, w, w, mu, mu + 1, axes, None))


def test_other_types_and_nothing_are_handed_back():
    x, nothing = np.ones((2, 3)), np.ones((0, 3), "float32")
    assert twins.normalise_forward(x, None, None, (1,), 0.0) is NotImplemented
    assert twins.normalise_forward(nothing, None, None, (1,), 0.0) is NotImplemented
    assert twins.normalise_gradients(x, x, None, None, x, x, (1,), None) is NotImplemented
    assert twins.normalise_gradients(nothing, nothing, None, None, nothing, nothing, (1,), None) is NotImplemented
