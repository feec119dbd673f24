"""Cotangents tell errors apart: never all ones, never all zeros."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from minigrad.testing.strategies import cotangents, shapes
from tests.testing.strategies.seen import smallest


@given(st.data())
def test_a_cotangent_is_neither_all_ones_nor_all_zeros(data):
    shape = data.draw(shapes())
    v = data.draw(cotangents(shape)).numpy()
    assert v.shape == shape and v.any() and not (v == 1).all() and np.abs(v).max() <= 3


@given(cotangents((0, 2)))
def test_an_output_without_elements_has_a_cotangent_without_elements(v):
    assert v.shape == (0, 2)


def test_cotangents_shrink_to_one_hot():
    v = smallest(cotangents((2, 2)), lambda v: bool(v.numpy().any())).numpy()
    assert sorted(v.flat) == [0, 0, 0, 1]
