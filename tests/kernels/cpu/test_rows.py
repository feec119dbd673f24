import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from minigrad_kernels.cpu.rows import WIDTH, copy


@njit
def run(source, s, stride, s_pitch, target, t, step, t_pitch, count, rows):
    copy(source, s, stride, s_pitch, target, t, step, t_pitch, count, rows)


@given(
    st.integers(1, 4), st.integers(1, 3), st.integers(1, 3 * WIDTH + 1), st.integers(1, 4), st.integers(0, 9),
    st.integers(0, 9),
)  # fmt: skip
def test_rows_arrive_whole_and_nothing_else_is_touched(stride, step, count, rows, s, t):
    rng = np.random.default_rng(count)
    s_pitch, t_pitch = count * stride + 3, count * step + 2
    source = rng.normal(size=s + (rows - 1) * s_pitch + (count - 1) * stride + 1).astype("float32")  # ends with a row
    target = np.full(t + rows * t_pitch, 7, np.float32)
    expected = target.copy()
    for r in range(rows):
        there, here = t + r * t_pitch, s + r * s_pitch
        expected[there : there + (count - 1) * step + 1 : step] = source[here : here + (count - 1) * stride + 1 : stride]
    run(source, s, stride, s_pitch, target, t, step, t_pitch, count, rows)
    np.testing.assert_array_equal(target, expected)


@pytest.mark.parametrize("count", [1, WIDTH - 1, WIDTH, WIDTH + 1, 2 * WIDTH])
def test_every_second_number_is_read_without_looking_behind_the_last(count):
    source = np.arange(2 * count - 1, dtype="float32")
    target = np.zeros(count, np.float32)
    run(source, 0, 2, 0, target, 0, 1, 0, count, 1)
    np.testing.assert_array_equal(target, source[::2])
