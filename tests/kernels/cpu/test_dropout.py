import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad
from minigrad import Tensor, ops
from minigrad.ops.dropout import drop_loop
from minigrad.random import Generator, RngState, uniform_at
from minigrad_kernels.cpu.dropout import CHUNK, dice_for, keep, room_for
from minigrad_kernels.cpu.dropout import drop_loop as twin

from .agreement import arrays, assert_thread_count_leaves_no_trace, drawn

STATES = st.builds(RngState, st.integers(0, 2**64 - 1), st.integers(0, 2**60))


@given(arrays(special=True), STATES, st.floats(0.01, 0.99))
def test_the_bits_are_those_of_the_reference(xs, start, p):
    (x,) = xs
    with np.errstate(all="ignore"):
        expected = drop_loop.reference(x, p, start, x.shape)
    np.testing.assert_array_equal(twin(x, p, start, x.shape), expected)


@pytest.mark.parametrize("n", [CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 7])
@pytest.mark.parametrize("p", [1e-9, 0.1, 1 / 3, 0.5, 1 - 1e-9])
def test_so_they_are_across_chunks_and_for_extreme_probabilities(n, p):
    x, start = drawn(n), RngState(3, 2**40)
    np.testing.assert_array_equal(twin(x, p, start, (n,)), drop_loop.reference(x, p, start, (n,)))


def test_a_random_number_equal_to_p_is_kept_and_one_a_hair_below_is_dropped():
    start, x = RngState(3, 0), np.ones(64, "float32")
    u = uniform_at(start, 64, x.dtype)
    i = int(np.flatnonzero((u > 0.01) & (u < 0.2))[0])
    for p, kept in [(float(u[i]), True), (float(u[i]) + 2.0**-26, False)]:
        assert (twin(x, p, start, (64,))[i] > 0) == (drop_loop.reference(x, p, start, (64,))[i] > 0) == kept


def test_backward_drops_what_forward_dropped():
    x = Tensor(drawn((50, 70)), requires_grad=True)
    y = ops.dropout(x, 0.3, generator=Generator(5))
    y.backward(Tensor(np.ones((50, 70), "float32")))
    np.testing.assert_array_equal(x.grad.numpy() == 0, y.numpy() == 0)
    with minigrad.kernels("reference"):
        np.testing.assert_array_equal(ops.dropout(x, 0.3, generator=Generator(5)).numpy(), y.numpy())


def test_threads_leave_no_trace(monkeypatch):
    x = drawn(2**16 + 77)
    assert_thread_count_leaves_no_trace(monkeypatch, lambda: twin(x, 0.4, RngState(1, 2), x.shape))


def test_whole_channels_other_types_and_the_end_of_the_stream_are_handed_back():
    x = drawn((4, 8))
    assert twin(x, 0.5, RngState(0, 0), (4, 1)) is NotImplemented
    assert twin(x.astype("float64"), 0.5, RngState(0, 0), (4, 8)) is NotImplemented
    assert twin(x, 0.5, RngState(0, 2**64 - 1), (4, 8)) is NotImplemented


@given(STATES, st.integers(0, 100), st.integers(1, 60), st.floats(0.01, 0.99))
def test_a_row_from_the_middle_of_a_draw_is_dropped_as_the_draw_is(start, first, n, p):
    row = np.ones(n, "f4")
    keep(row, first, dice_for(p, start), np.empty(room_for(n), np.uint64))
    np.testing.assert_array_equal(row, drop_loop.reference(np.ones(first + n, "f4"), p, start, (first + n,))[first:])
