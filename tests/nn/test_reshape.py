import minigrad
from minigrad import nn


def test_flatten_keeps_the_batch_and_unflatten_undoes_it():
    x = minigrad.ones(2, 3, 4)
    assert nn.Flatten()(x).shape == (2, 12) and nn.Flatten(0)(x).shape == (24,)
    assert nn.Unflatten(1, (3, 4))(nn.Flatten()(x)).shape == (2, 3, 4)
