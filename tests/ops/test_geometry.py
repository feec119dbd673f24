import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.errors import ArgumentError, ShapeError
from minigrad.ops.geometry import Geometry, per_axis, window_count


@given(st.integers(1, 12), st.integers(1, 4), st.integers(1, 4), st.integers(0, 3), st.integers(1, 3))
def test_the_window_count_is_the_number_of_places_where_the_window_fits(size, kernel, stride, padding, dilation):
    fits = [
        start for start in range(-padding, size + padding, stride)
        if start + dilation * (kernel - 1) <= size + padding - 1
    ]  # fmt: skip
    geometry = Geometry((size,), (), (kernel,), (stride,), (padding,), (dilation,))
    if not fits:
        with pytest.raises(ShapeError, match="does not fit"):
            window_count("op", geometry, (padding,))
        return
    g = window_count("op", geometry, (padding,))
    assert g.out == (len(fits),)
    (front, back) = g.margins()[0]
    last = g.tap((kernel - 1,))[0]
    assert front == padding and back <= padding and last.stop <= size + front + back


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.integers(1, 3))
def test_a_tap_looks_at_the_pixel_that_the_formula_names(out, kernel, stride, dilation):
    g = Geometry((100,), (out,), (kernel,), (stride,), (0,), (dilation,))
    for r in range(kernel):
        assert list(range(100)[g.tap((r,))[0]]) == [stride * p + dilation * r for p in range(out)]


def test_ceil_mode_counts_a_last_window_that_hangs_over_the_edge_but_starts_inside():
    geometry = Geometry((5,), (), (2,), (2,), (0,), (1,))
    assert window_count("op", geometry, (0,)).out == (2,)
    assert window_count("op", geometry, (0,), ceil_mode=True).out == (3,)
    outside = Geometry((4,), (), (1,), (3,), (1,), (1,))
    assert window_count("op", outside, (1,), ceil_mode=True).out == (2,)
    just_outside = Geometry((4,), (), (1,), (2,), (0,), (1,))
    assert window_count("op", just_outside, (0,), ceil_mode=True).out == (2,)


def test_one_number_serves_every_axis():
    assert per_axis("op", "stride", 2, 3, 1) == (2, 2, 2)
    assert per_axis("op", "stride", [3], 2, 1) == (3, 3)
    with pytest.raises(ArgumentError, match="op: stride must be at least 1, got 0"):
        per_axis("op", "stride", 0, 2, 1)
