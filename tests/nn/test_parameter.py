import numpy as np

import minigrad
from minigrad import nn


def test_a_parameter_requires_a_gradient_and_shares_the_memory_of_its_data():
    data = minigrad.zeros(2)
    p = nn.Parameter(data)
    assert p.requires_grad and p.is_leaf and np.shares_memory(p.array, data.array)
    assert not nn.Parameter(data, requires_grad=False).requires_grad


def test_results_of_ops_on_parameters_are_plain_tensors():
    assert type(nn.Parameter(minigrad.zeros(2)) * 2) is minigrad.Tensor


def test_a_buffer_requires_no_gradient():
    b = nn.Buffer(minigrad.zeros(2), persistent=False)
    assert not b.requires_grad and not b.persistent
    assert "Parameter containing" in repr(nn.Parameter(minigrad.zeros(1)))
