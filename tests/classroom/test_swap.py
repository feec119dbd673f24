import numpy as np
import pytest

import minigrad
from minigrad import nn
from minigrad.classroom import numpy_op, use
from minigrad.errors import ArgumentError
from minigrad.nn import functional as F
from minigrad.testing import gradcheck


def doubled(x):
    return x * 2.0


@pytest.fixture
def x():
    return minigrad.tensor([[-1.0, 2.0]])


def test_every_name_of_an_op_is_exchanged(x):
    with use("relu", doubled):
        for y in (x.relu(), F.relu(x), minigrad.relu(x), nn.ReLU()(x)):
            assert y.tolist() == [[-2.0, 4.0]]


def test_the_reference_comes_back_everywhere(x):
    with use("relu", doubled):
        pass
    for y in (x.relu(), F.relu(x), minigrad.relu(x), nn.ReLU()(x)):
        assert y.tolist() == [[0.0, 2.0]]


def test_the_reference_comes_back_after_an_error(x):
    with pytest.raises(ZeroDivisionError), use("relu", doubled):
        raise ZeroDivisionError
    assert x.relu().tolist() == [[0.0, 2.0]]


def test_a_plain_call_lasts_until_restore(x):
    change = use("relu", doubled)
    assert x.relu().tolist() == [[-2.0, 4.0]]
    change.restore()
    change.restore()
    assert x.relu().tolist() == [[0.0, 2.0]]


def test_exchanges_nest(x):
    with use("relu", doubled), use("relu", lambda x: x * 3.0):
        assert x.relu().tolist() == [[-3.0, 6.0]]
    assert x.relu().tolist() == [[0.0, 2.0]]


def test_layers_can_be_exchanged():
    class Mine(nn.Module):
        def forward(self, x):
            return x

    with use("ReLU", Mine):
        assert isinstance(nn.ReLU(), Mine)
    assert not isinstance(nn.ReLU(), Mine)


@pytest.mark.parametrize(
    ("name", "function", "said"),
    [
        ("relu_", 3, "relu_ must be replaced by a function, got int"),
        ("reluu", doubled, "minigrad has no function or layer 'reluu'\nHint: names are those of nn.functional and nn"),
        ("relu", F.relu, "this is minigrad's own relu\nHint: pass the function that you wrote"),
    ],
)
def test_nonsense_is_refused(name, function, said):
    with pytest.raises(ArgumentError) as caught:
        use(name, function)
    assert str(caught.value) == f"use: {said}"


def test_two_numpy_functions_make_an_op():
    op = numpy_op("mul", lambda a, b: a * b, lambda dy, a, b: (dy * b, dy * a))
    rng = np.random.default_rng(0)
    assert gradcheck(op, rng.normal(size=(2, 3)), rng.normal(size=(2, 3)))


def test_settings_are_handed_on_and_have_no_gradient():
    op = numpy_op("scale", lambda x, factor: x * factor, lambda dy, x, factor: dy * factor)
    assert gradcheck(lambda x: op(x, 3.0), np.array([1.0, -2.0]))


def test_backward_is_called_once_for_all_inputs():
    calls = []

    def backward(dy, a, b):
        calls.append(1)
        return dy, dy.copy()

    a, b = (minigrad.tensor([1.0], requires_grad=True) for _ in range(2))
    numpy_op("add", lambda a, b: a + b, backward)(a, b).sum().backward()
    assert len(calls) == 1 and a.grad.tolist() == b.grad.tolist() == [1.0]


def test_a_backward_that_returns_too_little_is_explained():
    a, b = (minigrad.tensor([1.0], requires_grad=True) for _ in range(2))
    y = numpy_op("add", lambda a, b: a + b, lambda dy, a, b: dy)(a, b).sum()
    with pytest.raises(ArgumentError, match="add: its backward returned NoneType where a gradient is expected\nHint: return one array"):
        y.backward()


def test_a_network_trains_with_functions_from_outside():
    relu = numpy_op("relu", lambda x: np.maximum(x, 0.0), lambda dy, x: dy * (x > 0))
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
    x = minigrad.tensor(np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32))
    expected = minigrad.grad(model(x).sum(), list(model.parameters()))
    with use("relu", relu):
        found = minigrad.grad(model(x).sum(), list(model.parameters()))
    assert all(np.allclose(a.numpy(), b.numpy()) for a, b in zip(expected, found, strict=True))
