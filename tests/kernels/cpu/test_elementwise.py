import numpy as np
import pytest
from hypothesis import given

from minigrad_kernels.cpu.activation import relu_backward, relu_forward
from minigrad_kernels.cpu.elementwise import WORTHWHILE, elementwise
from minigrad_kernels.cpu.gate import gelu_forward

from .agreement import LAYOUTS, arrays, assert_thread_count_leaves_no_trace, drawn, laid_out


@given(arrays(2))
def test_any_shape_and_layout_will_do(pair):
    dy, y = pair
    got = relu_backward(dy, y)
    assert got.flags.c_contiguous
    np.testing.assert_array_equal(got, dy * (y > 0))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_kernels_see_one_kind_of_memory_so_that_they_are_compiled_once(layout):
    kinds = []
    elementwise(lambda x, dy, y: kinds.extend([x.ndim, a.flags.carray] for a in (x, dy, y)), *[laid_out(drawn((3, 4)), layout)] * 2)
    assert kinds == [[1, True]] * 3


def test_other_types_are_handed_back():
    for dtype in "float64", "float16", "int64", ">f4":
        assert relu_forward(np.ones(3, dtype)) is NotImplemented
        assert relu_backward(np.ones(3, "float32"), np.ones(3, dtype)) is NotImplemented


def test_settings_come_last():
    got = elementwise(lambda x, y, a, b: y.__setitem__(slice(None), a * x + b), drawn((2, 3)), settings=(2, 1))
    np.testing.assert_allclose(got, 2 * drawn((2, 3)) + 1, rtol=1e-6)


@pytest.mark.parametrize("extra", [1, 13])
def test_threads_leave_no_trace(monkeypatch, extra):
    x = drawn(WORTHWHILE + extra)
    assert_thread_count_leaves_no_trace(monkeypatch, lambda: gelu_forward(x, "none"))
