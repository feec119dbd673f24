import minigrad
from minigrad import nn


def test_prelu_learns_its_slopes():
    layer = nn.PReLU(2)
    layer(minigrad.tensor([[-1.0, -2.0], [3.0, -4.0]])).sum().backward()
    assert layer.weight.tolist() == [0.25, 0.25] and layer.weight.grad.tolist() == [-1, -6]
