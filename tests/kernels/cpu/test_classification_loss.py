import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import ops, tensor
from minigrad.ops import classification_loss as loops
from minigrad_kernels.cpu import classification_loss as twins

from .agreement import (
    arrays,
    assert_agrees,
    assert_derivatives_agree,
    assert_thread_count_leaves_no_trace,
    drawn,
    exactly,
)


@st.composite
def problems(draw, special=False):
    N, C = draw(st.integers(0, 9)), draw(st.integers(1, 40))
    (x,), seed = draw(arrays(special=special, shape=(N, C))), draw(st.integers(0, 99))
    return x, np.random.default_rng(seed).integers(-1, C, N), drawn(N, seed)


@given(problems())
def test_losses_and_gradients_agree_with_the_reference(problem):
    x, classes, dy = problem
    y = twins.cross_entropy_forward(x, classes)
    assert_agrees(y, exactly(loops.cross_entropy_forward.reference, x, classes))
    expected = exactly(loops.cross_entropy_backward.reference, x, classes, dy)
    assert_agrees(twins.cross_entropy_gradient(dy, y, x, classes), expected, atol=1e-5)


@given(problems(special=True))
def test_nan_and_infinities_spread_as_in_the_reference(problem):
    x, classes, dy = problem
    x = np.where(np.abs(x) < 1e37, x, np.copysign(np.inf, x)).astype("float32")
    y = twins.cross_entropy_forward(x, classes)
    assert_agrees(y, exactly(loops.cross_entropy_forward.reference, x, classes))
    expected = exactly(loops.cross_entropy_backward.reference, x, classes, dy)
    assert_agrees(twins.cross_entropy_gradient(dy, y, x, classes), expected, atol=1e-5)


@pytest.mark.parametrize("gap", [5.0, 30.0, 1e4, 1e30])
def test_a_great_surprise_costs_no_digits_of_the_gradient(gap):
    x = np.float32([[0.0, gap, gap - 1], [gap, 0.0, gap - 0.5]])
    classes, dy = np.array([0, 1]), np.float32([1, -2])
    y = twins.cross_entropy_forward(x, classes)
    expected = exactly(loops.cross_entropy_backward.reference, x, classes, dy)
    assert_agrees(twins.cross_entropy_gradient(dy, y, x, classes), expected, rtol=3e-6, atol=1e-12)


def test_an_ignored_row_has_no_gradient_whatever_it_holds():
    x = np.float32([[np.nan, np.inf], [1.0, 2.0]])
    classes, dy = np.array([-1, 1]), np.float32([np.nan, 1])
    y = twins.cross_entropy_forward(x, classes)
    assert y[0] == 0 and (twins.cross_entropy_gradient(dy, y, x, classes)[0] == 0).all()


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("shape", [(6, 5), (2, 5, 3)])
@pytest.mark.parametrize("ignored", [False, True])
def test_gradients_are_those_of_the_reference(reduction, shape, ignored):
    t = np.random.default_rng(0).integers(0, 5, shape[:1] + shape[2:])
    if ignored:
        t.flat[1] = -100
    assert_derivatives_agree(lambda x: ops.cross_entropy(x, tensor(t), reduction=reduction), drawn(shape))


def test_threads_leave_no_trace(monkeypatch):
    x, t, dy = drawn((700, 131)), np.random.default_rng(0).integers(0, 131, 700), drawn(700)
    assert_thread_count_leaves_no_trace(monkeypatch, lambda: twins.cross_entropy_forward(x, t))
    y = twins.cross_entropy_forward(x, t)
    assert_thread_count_leaves_no_trace(monkeypatch, lambda: twins.cross_entropy_gradient(dy, y, x, t))


def test_other_types_are_handed_back():
    x, t, y = np.ones((2, 3)), np.zeros(2, "int64"), np.ones(2, "float32")
    assert twins.cross_entropy_forward(x, t) is NotImplemented
    assert twins.cross_entropy_gradient(y, y, x, t) is NotImplemented
    assert twins.cross_entropy_forward(x.astype("float32"), t.astype("int32")) is NotImplemented
