"""The type of a result, against the table of PyTorch's promote_types (stored here; PyTorch is not needed)."""

import numpy as np
import pytest

import minigrad
from minigrad.dtypes import as_dtype, get_default_dtype, result_type, set_default_dtype
from minigrad.errors import ArgumentError, DtypeError

KINDS = ["b1", "u1", "i1", "i2", "i4", "i8", "f2", "f4", "f8"]
TABLE = """
b1 u1 i1 i2 i4 i8 f2 f4 f8
u1 u1 i2 i2 i4 i8 f2 f4 f8
i1 i2 i1 i2 i4 i8 f2 f4 f8
i2 i2 i2 i2 i4 i8 f2 f4 f8
i4 i4 i4 i4 i4 i8 f2 f4 f8
i8 i8 i8 i8 i8 i8 f2 f4 f8
f2 f2 f2 f2 f2 f2 f2 f4 f8
f4 f4 f4 f4 f4 f4 f4 f4 f8
f8 f8 f8 f8 f8 f8 f8 f8 f8
"""
PAIRS = [
    (a, b, result)
    for a, row in zip(KINDS, TABLE.split("\n")[1:-1], strict=True)
    for b, result in zip(KINDS, row.split(), strict=True)
]


@pytest.mark.parametrize(("a", "b", "result"), PAIRS)
def test_tensors_with_axes_promote_as_in_pytorch(a, b, result):
    assert result_type([(np.dtype(a), 1), (np.dtype(b), 2)]) == np.dtype(result)
    assert result_type([(np.dtype(a), 0), (np.dtype(b), 0)]) == np.dtype(result)


@pytest.mark.parametrize(("tensors", "numbers", "result"), [
    ([("f4", 1), ("f8", 0)], [], "f4"), ([("i4", 1), ("i8", 0)], [], "i4"), ([("i4", 1), ("f8", 0)], [], "f8"),
    ([("f2", 1)], [2.5], "f2"), ([("i2", 1)], [3], "i2"), ([("i8", 1)], [2.5], "f4"), ([("b1", 1)], [1], "i8"),
    ([("b1", 1)], [True], "b1"), ([("f8", 0)], [1.5], "f8"), ([("i2", 0)], [1], "i2"), ([], [1, 2.0], "f4"),
])  # fmt: skip
def test_axes_outrank_no_axes_and_those_outrank_numbers_within_a_category(tensors, numbers, result):
    assert result_type([(np.dtype(d), n) for d, n in tensors], numbers) == np.dtype(result)


def test_the_default_type_can_be_changed_and_is_used_for_floats():
    try:
        set_default_dtype("float64")
        assert get_default_dtype() == as_dtype(float) == minigrad.tensor(0.5).dtype == minigrad.float64
        assert (minigrad.tensor([1]) / 2).dtype == minigrad.float64
    finally:
        set_default_dtype("float32")
    with pytest.raises(DtypeError, match="int64"):
        set_default_dtype(int)


def test_names_types_and_objects_are_understood_and_others_refused():
    assert as_dtype("float16") == as_dtype(np.float16) == as_dtype(minigrad.float16)
    assert as_dtype(int) == minigrad.int64 and as_dtype(bool) == minigrad.bool_
    with pytest.raises(ArgumentError, match="floot"):
        as_dtype("floot")
    with pytest.raises(DtypeError, match="complex"):
        as_dtype("complex64")
