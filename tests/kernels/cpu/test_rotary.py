import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad
from minigrad import ops
from minigrad.ops.position import rotary_loop as loop
from minigrad_kernels.cpu.rotary import rotary_loop

from .agreement import LAYOUTS, assert_agrees, assert_thread_count_leaves_no_trace, drawn, exactly, laid_out


def tables(T, half):
    return [f(drawn((T, half), seed=1)) for f in (np.cos, np.sin)]


@given(
    st.lists(st.integers(1, 3), max_size=2), st.integers(1, 9), st.integers(1, 20), st.booleans(),
    st.sampled_from(sorted(LAYOUTS)), st.booleans(),
)  # fmt: skip
def test_pairs_are_turned_as_the_reference_turns_them(lead, T, half, interleaved, layout, special):
    x, (cos, sin) = drawn((*lead, T, 2 * half), special=special), tables(T, half)
    got = rotary_loop(laid_out(x, layout), laid_out(cos, layout), sin, interleaved)
    assert_agrees(got, exactly(loop.reference, x, cos, sin, interleaved=interleaved))


@pytest.mark.parametrize("interleaved", [False, True])
def test_threads_leave_no_trace(monkeypatch, interleaved):
    x, (cos, sin) = drawn((4, 5, 7, 12)), tables(7, 6)
    assert_thread_count_leaves_no_trace(monkeypatch, lambda: rotary_loop(x, cos, sin, interleaved))


def test_other_types_shapes_and_positions_of_their_own_are_handed_back():
    cos, sin = tables(5, 3)
    for x in (np.zeros((5, 6)), np.zeros((0, 5, 6), np.float32)):
        assert rotary_loop(x, cos, sin, True) is NotImplemented
    assert rotary_loop(drawn((5, 6)), cos[:1], sin[:1], True) is NotImplemented
    assert rotary_loop(drawn((2, 5, 6)), np.stack([cos] * 2), np.stack([sin] * 2), True) is NotImplemented


@pytest.mark.parametrize("interleaved", [False, True])
def test_gradients_go_through_the_kernel(interleaved):
    found = []
    for mode in ("auto", "reference"):
        with minigrad.kernels(mode):
            x = minigrad.tensor(drawn((2, 4, 6)), requires_grad=True)
            y = ops.rotary_embedding(x, interleaved=interleaved)
            (dx,) = minigrad.grad((y**3).sum(), [x], create_graph=True)
            (ddx,) = minigrad.grad((dx**2).sum(), [x])
            found.append((y.detach().numpy(), dx.detach().numpy(), ddx.numpy()))
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)
