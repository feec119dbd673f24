"""Tensors of drawn values: each element its own, in memory of every kind."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import Tensor
from minigrad.errors import ArgumentError
from minigrad.testing.layouts import LAYOUTS
from minigrad.testing.strategies import arrays, positive, shapes, tensors
from tests.testing.strategies.seen import comes_up, smallest

DENSE = {
    "two equal values": lambda x: len(set(x.flat)) < x.size,
    "no two equal values": lambda x: len(set(x.flat)) == x.size,
    "a matrix that is not symmetric": lambda x: (x != x.T).any(),
    "all zeros": lambda x: not x.any(),
    "a zero among others": lambda x: (x == 0).sum() == 1,
}


@pytest.mark.parametrize("pattern", DENSE)
def test_every_pattern_of_values_comes_up(pattern):
    assert comes_up(arrays((3, 3)), DENSE[pattern])


@given(arrays((3, 4), values="distinct"), arrays((2, 3), values="grid"))
def test_distinct_values_have_no_ties_and_grid_values_are_quarters(distinct, grid):
    assert len(set(distinct.flat)) == distinct.size
    assert (4 * grid == np.rint(4 * grid)).all() and np.abs(grid).max() <= 2


@pytest.mark.parametrize("layout", LAYOUTS)
@given(data=st.data())
def test_memory_is_laid_out_as_asked(layout, data):
    x = data.draw(tensors((2, 3), layout=layout)).array
    assert {
        "C": x.flags.c_contiguous,
        "F": x.flags.f_contiguous,
        "strided": x.strides == (96, 16),
        "negative": x.strides == (-24, -8),
        "readonly": not x.flags.writeable,
        "broadcast": x.strides == (0, 8),
    }[layout]


@given(tensors(shapes(), layout="any", requires_grad=True))
def test_a_tensor_may_be_a_leaf_of_any_shape(x):
    assert isinstance(x, Tensor) and x.is_leaf and x.requires_grad and x.dtype == "float64"


def test_any_layout_means_all_of_them():
    for pattern in (lambda x: x.strides[0] == 0, lambda x: x.strides[0] < 0, lambda x: x.flags.f_contiguous):
        assert comes_up(arrays((2, 2), layout="any"), pattern)


@pytest.mark.parametrize("dtype", ["float32", "float16", "int64", "uint8", "bool"])
@given(data=st.data())
def test_values_take_the_dtype_asked_for(dtype, data):
    assert data.draw(arrays((2, 2), dtype)).dtype == dtype


@given(arrays(shapes(), domain=positive, layout="any"))
def test_a_domain_maps_the_values_before_they_are_laid_out(x):
    assert (x >= 0.25).all()


def test_arrays_shrink_to_zeros_and_the_one_element_that_matters():
    x = smallest(arrays((2, 2), values="grid"), lambda x: x[1, 0] > 0.6)
    np.testing.assert_array_equal(x, [[0, 0], [0.75, 0]])


def test_large_arrays_come_from_a_seed():
    assert not comes_up(arrays((20, 20)), lambda x: len(set(x.flat)) < 300, 20)


def test_unknown_values_and_layouts_are_refused():
    with pytest.raises(ArgumentError, match=r"arrays: values 'some' is unknown; use one of grid, distinct, normal, mixed"):
        arrays((2,), values="some")
    with pytest.raises(ArgumentError, match="layout 'diagonal' is unknown; use \"any\" or one of C, F, strided"):
        tensors((2,), layout="diagonal")
