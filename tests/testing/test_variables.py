"""A function or a Module as a function of all it can be differentiated by."""

import numpy as np
import pytest

from minigrad import Tensor, nn
from minigrad.errors import ArgumentError, ShapeError
from minigrad.testing import gradcheck
from minigrad.testing.variables import name_of, variables


class Tied(nn.Module):
    """Two layers that share a weight."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 3, bias=False)
        self.second = nn.Linear(3, 3)
        self.second.weight = self.first.weight

    def forward(self, x):
        return self.second(self.first(x).tanh())


def test_the_variables_of_a_function_are_its_floating_inputs():
    f, zs = variables(lambda x, i: x[i], [Tensor([1.0, 2.0]), Tensor([1, 1])])
    assert [z.tolist() for z in zs] == [[1.0, 2.0]] and zs[0].dtype == "float64"
    assert f(Tensor([3.0, 4.0])).tolist() == [4.0, 4.0]


def test_the_variables_of_a_module_are_its_inputs_and_its_parameters_each_once():
    model, x = Tied(), Tensor(np.ones((2, 3), np.float32))
    f, zs = variables(model, [x])
    assert [z.shape for z in zs] == [(2, 3), (3, 3), (3,)]
    np.testing.assert_allclose(f(*zs).numpy(), model(x).numpy(), rtol=1e-5, atol=1e-6)
    zero = f(zs[0], Tensor(np.zeros((3, 3))), zs[2]).numpy()
    np.testing.assert_allclose(zero, np.tile(zs[2].numpy(), (2, 1)))
    assert gradcheck(f, *zs)


def test_a_module_has_its_own_parameters_again_afterwards_even_if_it_raises():
    model = Tied()
    before = [id(p) for p in (model.first.weight, model.second.weight, model.second.bias)]
    f, zs = variables(model, [Tensor(np.ones((2, 3)))])
    f(*zs)
    with pytest.raises(ShapeError, match="I is 5 in input but 3 in weight"):
        f(Tensor(np.ones((2, 5))), *zs[1:])
    assert [id(p) for p in (model.first.weight, model.second.weight, model.second.bias)] == before


def test_a_function_of_integers_alone_is_refused():
    with pytest.raises(ArgumentError, match="where_to: there is no floating input or parameter"):
        def where_to(i):
            return i

        variables(where_to, [Tensor([1])])


def test_a_function_is_called_by_its_name_and_a_module_by_its_class():
    assert name_of(test_a_function_of_integers_alone_is_refused).startswith("test_a_function") and name_of(Tied()) == "Tied"
