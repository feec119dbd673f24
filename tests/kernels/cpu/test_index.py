import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import ops, tensor
from minigrad.ops import index as loops
from minigrad_kernels.cpu.index import add_rows

from .agreement import (
    arrays,
    assert_agrees,
    assert_derivatives_agree,
    assert_thread_count_leaves_no_trace,
    drawn,
    exactly,
)


@given(st.data())
def test_rows_that_are_named_again_are_added_again(data):
    rows, width, n = (data.draw(st.integers(0, most)) for most in (9, 5, 6))
    (y,) = data.draw(arrays(shape=(rows if n else 0, width), special=True))
    places = np.array(data.draw(st.lists(st.integers(0, max(n - 1, 0)), min_size=len(y), max_size=len(y))), "int64")
    assert_agrees(add_rows(y, places, (n, width)), exactly(loops.add_rows.reference, y, places, size=(n, width)))


def test_the_table_may_have_more_axes():
    y, places = drawn((5, 6)), np.array([3, 0, 3, 3, 1])
    got = add_rows(y, places, (2, 2, 2, 3))
    np.testing.assert_allclose(got, loops.add_rows.reference(y, places, (2, 2, 2, 3)), rtol=1e-6)


@pytest.mark.parametrize(("width", "parts"), [(1, ()), (2, (2,)), (3, (2, 3)), (33, (2, 3))])
def test_threads_leave_no_trace(monkeypatch, width, parts):
    n = 70_000 // width
    y, places = drawn((n, width)), np.random.default_rng(0).integers(0, 50, n)
    assert_thread_count_leaves_no_trace(monkeypatch, lambda: add_rows(y, places, (50, width)), parts)


INDEX = np.array([[0, 2, 2], [1, 0, 2]])


@pytest.mark.parametrize("op", [
    lambda x: ops.embedding(tensor(INDEX), x, padding_idx=1),
    lambda x: x[INDEX],
    lambda x: x[INDEX, INDEX - 1],
    lambda x: x[1:, INDEX],
    lambda x: ops.gather(x, 1, tensor(INDEX)),
    lambda x: ops.index_select(x, 1, tensor([2, 2, 0])),
    lambda x: ops.index_put(x, (INDEX, INDEX), tensor([1.0]), accumulate=True),
])  # fmt: skip
def test_gradients_are_those_of_the_reference(op):
    assert_derivatives_agree(op, drawn((3, 4)))


def test_other_types_are_handed_back():
    y, places = np.ones((2, 3)), np.zeros(2, "int64")
    assert add_rows(y, places, (4, 3)) is NotImplemented
    assert add_rows(y.astype("float32"), places.astype("int32"), (4, 3)) is NotImplemented
