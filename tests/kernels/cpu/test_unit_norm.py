import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import ops
from minigrad_kernels.cpu.unit_norm import rms_norm_backward, rms_norm_forward

from .agreement import arrays, assert_agrees, assert_derivatives_agree, assert_thread_count_leaves_no_trace, drawn


@given(st.data())
def test_values_agree_with_the_formula(data):
    shape = data.draw(st.lists(st.integers(1, 9), min_size=1, max_size=3).map(tuple))
    lead = data.draw(st.integers(0, len(shape) - 1))
    (x,), axes = data.draw(arrays(shape=shape)), tuple(range(lead, len(shape)))
    w = data.draw(st.sampled_from([None, drawn(shape[lead:])]))
    y, s = rms_norm_forward(x, w, lead, 0.1)
    wide = x.astype("float64")
    root = np.sqrt((wide**2).mean(axes, keepdims=True) + 0.1)
    assert_agrees(y, wide / root * (1 if w is None else w))
    assert_agrees(s, 1 / root.reshape(-1))


@pytest.mark.parametrize("shape", [(5, 6), (2, 100, 6), (6,)])
@pytest.mark.parametrize("eps", [None, 0.5])
def test_gradients_are_those_of_the_definition(shape, eps):
    assert_derivatives_agree(lambda x, w: ops.rms_norm(x, (6,), w, eps), drawn(shape), drawn(6, 1))
    assert_derivatives_agree(lambda x: ops.rms_norm(x, shape, None, eps), drawn(shape))


def test_threads_leave_no_trace(monkeypatch):
    x, dy, w = drawn((700, 131)), drawn((700, 131), 1), drawn(131)
    assert_thread_count_leaves_no_trace(monkeypatch, lambda: rms_norm_forward(x, w, 1, 1e-5))
    y, s = rms_norm_forward(x, w, 1, 1e-5)
    assert_thread_count_leaves_no_trace(
        monkeypatch, lambda: rms_norm_backward(dy, y, s, [True, True], x, w, 1, 1e-5)
    )  # fmt: skip


def test_other_types_and_nothing_are_handed_back():
    assert rms_norm_forward(np.ones((2, 3)), None, 1, 0.0) is NotImplemented
    assert rms_norm_forward(np.ones((2, 0), "float32"), None, 1, 0.0) is NotImplemented
