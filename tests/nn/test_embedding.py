import numpy as np
import pytest

import minigrad
from minigrad import nn
from minigrad.errors import ArgumentError, RangeError


def test_rows_are_looked_up_and_repeated_rows_add_their_gradients():
    table = nn.Embedding(5, 3)
    y = table(minigrad.tensor([[1, 4], [1, 0]]))
    np.testing.assert_array_equal(y.numpy(), table.weight.numpy()[[[1, 4], [1, 0]]])
    y.sum().backward()
    assert table.weight.grad.sum(1).tolist() == [3, 6, 0, 0, 3]


def test_the_padding_row_is_zero_and_is_not_trained():
    table = nn.Embedding(4, 2, padding_idx=-1)
    assert table.padding_idx == 3 and table.weight[3].tolist() == [0, 0]
    table(minigrad.tensor([3, 1])).sum().backward()
    assert table.weight.grad.tolist() == [[0, 0], [1, 1], [0, 0], [0, 0]]


def test_pretrained_vectors_are_frozen_unless_asked_otherwise():
    vectors = minigrad.arange(6.0).reshape(3, 2)
    table = nn.Embedding.from_pretrained(vectors)
    assert table(minigrad.tensor([2])).tolist() == [[4, 5]] and not table.weight.requires_grad
    assert nn.Embedding.from_pretrained(vectors, freeze=False).weight.requires_grad


def test_indices_outside_the_table_are_named():
    with pytest.raises(RangeError, match="7"):
        nn.Embedding(5, 3)(minigrad.tensor([7]))
    with pytest.raises(ArgumentError, match="padding_idx 9"):
        nn.Embedding(5, 3, padding_idx=9)
