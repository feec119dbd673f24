import pytest

import minigrad
from minigrad import nn
from minigrad.errors import ShapeError
from minigrad.nn.utils import parameters_to_vector, vector_to_parameters


def test_parameters_go_into_a_vector_and_back():
    net = nn.Linear(2, 3)
    vector = parameters_to_vector(net.parameters())
    assert vector.shape == (9,) and vector.requires_grad
    vector_to_parameters(minigrad.arange(9.0), net.parameters())
    assert net.weight.tolist() == [[0, 1], [2, 3], [4, 5]] and net.bias.tolist() == [6, 7, 8]
    with pytest.raises(ShapeError, match="9 elements"):
        vector_to_parameters(minigrad.arange(8.0), net.parameters())
