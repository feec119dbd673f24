"""Nested states drawn at random, and what it means that two are the same."""

import math

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import strategies as st

import minigrad
from minigrad.tensor import Tensor

shapes = hnp.array_shapes(min_dims=0, max_dims=2, min_side=0)
arrays = hnp.arrays(st.sampled_from(["f4", "f8", "i8", "u1", "?"]), shapes)
numbers = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)
any_text = st.text(st.characters(), max_size=5) | st.sampled_from(["$tensor", "$", "a.b", "a", "", "__metadata__"])
keys = st.recursive(numbers | any_text, lambda inner: st.tuples(inner, inner), max_leaves=3)
states = st.recursive(
    numbers | any_text | st.just(math.nan) | arrays | arrays.map(minigrad.from_numpy),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(any_text, inner, max_size=3)
        | st.dictionaries(keys, inner, max_size=3)
    ),
    max_leaves=12,
)


def same(a, b):
    """The same nesting of the same types, the same bits in arrays, the same order of dict keys."""
    if type(a) is not type(b):
        return False
    if isinstance(a, Tensor):
        return same(a.array, b.array)
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        return same(list(a), list(b)) and all(map(same, a.values(), b.values()))
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return repr(a) == repr(b)  # tells -0.0 from 0.0, and takes NaN for itself
