import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from minigrad.errors import ArgumentError, AxisError, ShapeError
from minigrad.shapes import broadcast_shapes, broadcasts_to, describe, normalize_axes, normalize_axis, sizes


def test_letters_are_bound_in_order_of_first_appearance():
    x, w = np.zeros((8, 3, 5)), np.zeros((3, 7))
    assert sizes("op", x=(x, "N C W"), w=(w, "C K")) == (8, 3, 5, 7)


def test_a_letter_with_two_sizes_is_an_error_that_lists_every_operand():
    x, w = np.zeros((8, 3)), np.zeros((4, 7))
    with pytest.raises(ShapeError) as error:
        sizes("op", "transpose w", x=(x, "N C"), weight=(w, "C K"))
    assert str(error.value).splitlines() == [
        "op: C is 3 in x but 4 in weight", "  x      (N, C) = (8, 3)", "  weight (C, K) = (4, 7)", "Hint: transpose w",
    ]  # fmt: skip


def test_a_wrong_number_of_axes_is_named():
    with pytest.raises(ShapeError, match="x needs 3 axes, has 2"):
        sizes("op", x=(np.zeros((2, 2)), "N C W"))
    assert describe("op", "wrong", {}, "") == "op: wrong"


@given(st.integers(0, 4), st.integers(-6, 6))
def test_axes_count_from_both_ends(ndim, axis):
    span = max(ndim, 1)
    if -span <= axis < span:
        assert normalize_axis("op", axis, ndim) == axis % span
    else:
        with pytest.raises(AxisError, match=f"dim {axis} is outside"):
            normalize_axis("op", axis, ndim)


def test_several_axes_none_and_repetitions():
    assert normalize_axes("op", None, 3) == (0, 1, 2) and normalize_axes("op", (-1, 0), 3) == (2, 0)
    assert normalize_axes("op", 0, 0) == ()
    with pytest.raises(ArgumentError, match="names an axis twice"):
        normalize_axes("op", (0, -3), 3)
    with pytest.raises(ArgumentError, match=r"got 1\.5"):
        normalize_axis("op", 1.5, 3)


@given(st.lists(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3), min_size=1, max_size=3))
def test_broadcasting_agrees_with_numpy(shapes):
    try:
        expected = np.broadcast_shapes(*shapes)
    except ValueError:
        with pytest.raises(ShapeError, match="do not broadcast"):
            broadcast_shapes("op", *shapes)
    else:
        assert broadcast_shapes("op", *shapes) == expected


@given(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3), hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
def test_a_shape_broadcasts_to_a_target_that_absorbs_it(shape, target):
    try:
        absorbed = np.broadcast_shapes(shape, target) == target
    except ValueError:
        absorbed = False
    assert broadcasts_to(shape, target) == absorbed
