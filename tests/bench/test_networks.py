"""The networks of the benchmark have the sizes that they are known by."""

import pytest

import minigrad
from minigrad.bench import networks


def parameters(model):
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(
    ("network", "count"),
    [(networks.MLP, 203_530), (networks.LeNet, 61_706), (networks.CNN, 421_642), (networks.ResNet20, 272_474)],
    ids=lambda x: getattr(x, "__name__", x),
)
def test_the_number_of_parameters_is_the_known_one(network, count):
    assert abs(parameters(network(minigrad)) - count) < 3000


def test_the_classifiers_give_a_score_per_class():
    for network, shape in (networks.LeNet, (2, 1, 28, 28)), (networks.CNN, (2, 1, 28, 28)), (networks.ResNet20, (2, 3, 32, 32)):
        assert network(minigrad)(minigrad.zeros(*shape)).shape == (2, 10)


@pytest.mark.parametrize("network", [networks.GPT, networks.LSTMLanguageModel])
def test_the_language_models_give_scores_at_every_place_and_see_no_future(network):
    model = network(minigrad, 11, 16)
    tokens = minigrad.tensor([[1, 2, 3, 4]])
    changed = minigrad.tensor([[1, 2, 9, 9]])
    a, b = model(tokens).reshape(4, 11), model(changed).reshape(4, 11)
    assert minigrad.allclose(a[:2], b[:2]) and not minigrad.allclose(a[2:], b[2:])
