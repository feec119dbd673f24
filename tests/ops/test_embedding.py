import numpy as np
import pytest

import minigrad
from minigrad import Tensor, ops
from minigrad.errors import ArgumentError, DtypeError, RangeError, ShapeError
from tests.ops.laws import *


def index(*shape, dtype="int64"):
    return A(*shape, dtype=dtype, low=0, high=5)


CASES = [
    *[Case("embedding", ops.embedding, lambda i, w: w[i], [index(*s), A(5, 3)]) for s in [(4,), (2, 3), (), (0,), (2, 1, 9)]],
    Case("embedding", ops.embedding, lambda i, w: w[i], [index(4, dtype="int32"), A(5, 1)]),
    Case("embedding", ops.embedding, lambda i, w: w[i], [index(4, dtype="uint8"), A(5, 0)]),
]  # fmt: skip


def test_a_word_that_occurs_twice_gets_both_gradients():
    w = minigrad.zeros(3, 2, requires_grad=True)
    ops.embedding(minigrad.tensor([2, 0, 2]), w).backward(minigrad.tensor([[1.0, 2.0], [3.0, 4.0], [10.0, 20.0]]))
    assert w.grad.tolist() == [[3, 4], [0, 0], [11, 22]]


@pytest.mark.parametrize("padding", [1, -2])
def test_padding_is_read_but_not_learnt(padding):
    w = Tensor(np.random.default_rng(0).normal(size=(3, 2)), requires_grad=True)
    y = ops.embedding(minigrad.tensor([1, 0, 1, 2]), w, padding)
    np.testing.assert_array_equal(y.numpy(), w.numpy()[[1, 0, 1, 2]])
    v = Tensor(np.random.default_rng(1).normal(size=(4, 2)), requires_grad=True)
    (dw,) = minigrad.grad(y, w, v, create_graph=True)
    np.testing.assert_array_equal(dw.numpy(), [v.numpy()[1], [0, 0], v.numpy()[3]])
    (dw * minigrad.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])).sum().backward()
    assert v.grad.tolist() == [[0, 0], [1, 2], [0, 0], [5, 6]]


def test_a_later_change_of_the_index_does_not_reach_backward():
    i, w = np.array([0]), minigrad.zeros(2, 1, requires_grad=True)
    y = ops.embedding(minigrad.from_numpy(i), w)
    i[0] = 1
    y.sum().backward()
    assert w.grad.tolist() == [[1], [0]]


@pytest.mark.parametrize("wrong", [5, -1])
def test_an_index_outside_the_table_is_named(wrong):
    with pytest.raises(RangeError) as caught:
        ops.embedding(minigrad.tensor([[0, wrong]]), minigrad.ones(5, 2))
    assert str(caught.value) == (
        f"embedding: input holds {wrong}, outside [0, 5): the table has V = 5 rows\n"
        "Hint: give the table as many rows as there are words, or map unknown words to one of them"
    )


def test_bad_arguments_are_explained():
    i, w = minigrad.tensor([0, 1]), minigrad.ones(5, 2)
    with pytest.raises(DtypeError, match="embedding: input must hold integers, got float32\nHint: convert"):
        ops.embedding(w, w)
    with pytest.raises(ShapeError, match=r"embedding: needs a table of rows\n  weight \(V, M\) = \(2,\)"):
        ops.embedding(w, i)
    with pytest.raises(ArgumentError, match=r"embedding: padding_idx is 5, outside \[-5, 5\), the rows of the table"):
        ops.embedding(i, w, 5)
