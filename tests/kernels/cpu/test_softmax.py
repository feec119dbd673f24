import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import ops
from minigrad.ops.softmax import log_softmax_forward, softmax_forward
from minigrad_kernels.cpu import softmax as twins

from .agreement import (
    arrays,
    assert_agrees,
    assert_derivatives_agree,
    assert_thread_count_leaves_no_trace,
    drawn,
    exactly,
)

FORWARD = {"softmax": (twins.softmax_forward, softmax_forward), "log": (twins.log_softmax_forward, log_softmax_forward)}
BACKWARD = {
    "softmax": (twins.softmax_backward, lambda dy, y, axis: y * (dy - (dy * y).sum(axis, keepdims=True))),
    "log": (twins.log_softmax_backward, lambda dy, y, axis: dy - np.exp(y) * dy.sum(axis, keepdims=True)),
}


@st.composite
def problems(draw, count=1, special=False):
    shape = draw(st.lists(st.integers(0, 6), min_size=1, max_size=3).map(tuple) | st.sampled_from([(2, 3, 600), (3, 130)]))
    return draw(arrays(count, special, shape)), draw(st.integers(0, len(shape) - 1))


@pytest.mark.parametrize("name", FORWARD)
@given(problems())
def test_values_agree_with_the_reference_along_any_axis(name, problem):
    (x,), axis = problem
    twin, loop = FORWARD[name]
    assert_agrees(twin(x, axis), exactly(loop.reference, x, axis=axis))


@pytest.mark.parametrize("name", BACKWARD)
@given(problems(2))
def test_slopes_agree_with_the_formula_along_any_axis(name, problem):
    (dy, y), axis = problem
    twin, formula = BACKWARD[name]
    assert_agrees(twin(dy, y, axis), exactly(formula, dy, y, axis=axis), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("name", FORWARD)
@given(problems(special=True))
def test_nan_and_infinities_spread_as_in_the_reference(name, problem):
    (x,), axis = problem
    x = np.where(np.abs(x) < 1e37, x, np.copysign(np.inf, x)).astype("float32")
    twin, loop = FORWARD[name]
    assert_agrees(twin(x, axis), exactly(loop.reference, x, axis=axis))


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("nan", [np.float32(np.nan), -np.float32(np.nan)])
def test_one_nan_spoils_its_slice_and_no_other(axis, nan):
    x = drawn((20, 20))
    x[3, 4] = nan
    for twin, _ in FORWARD.values():
        spoilt = np.isnan(twin(x, axis))
        assert spoilt.sum() == 20 and (spoilt[:, 4] if axis == 0 else spoilt[3]).all()


@pytest.mark.parametrize("axis", [0, 1])
def test_masked_scores_get_nothing_and_a_slice_of_them_nan(axis):
    x = drawn((8, 8))
    x[2, :] = x[:, 5] = -np.inf
    y = twins.softmax_forward(x, axis)
    np.testing.assert_array_equal(np.isnan(y), np.isnan(softmax_forward.reference(x, axis)))
    assert (y[np.isneginf(x) & ~np.isnan(y)] == 0).all()


@pytest.mark.parametrize("axis", [0, 1])
def test_large_scores_do_not_overflow(axis):
    x = np.float32([[1e30, 1e30], [-1e30, 1e30], [3e38, -3e38]])
    assert_agrees(twins.softmax_forward(x, axis), exactly(softmax_forward.reference, x, axis=axis))


def test_order_of_the_bits_is_the_order_of_the_numbers():
    x = np.sort(drawn(100, special=True))
    x = x[~np.isnan(x)]
    bits = [int(twins.flipped.py_func(i)) for i in x.view(np.int32)]
    assert bits == sorted(bits)
    assert [twins.flipped.py_func(np.int32(i)) for i in bits] == x.view(np.int32).tolist()


@pytest.mark.parametrize("dim", [0, 1, 2])
@pytest.mark.parametrize("op", [ops.softmax, ops.log_softmax])
def test_gradients_are_those_of_the_reference(op, dim):
    assert_derivatives_agree(lambda x: op(x, dim), drawn((4, 5, 6)))


@pytest.mark.parametrize("axis", [0, 1])
def test_threads_leave_no_trace(monkeypatch, axis):
    x = drawn((71, 1031))
    assert_thread_count_leaves_no_trace(monkeypatch, lambda: twins.softmax_forward(x, axis))
    assert_thread_count_leaves_no_trace(monkeypatch, lambda: twins.log_softmax_backward(x, -abs(x), axis))


def test_other_types_and_no_axes_are_handed_back():
    assert twins.softmax_forward(np.ones((2, 2)), 1) is NotImplemented
    assert twins.softmax_backward(np.ones((2, 2), "float32"), np.ones((2, 2)), 1) is NotImplemented
    assert twins.log_softmax_forward(np.float32(1).reshape(()), 0) is NotImplemented
