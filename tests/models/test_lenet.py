"""LeNet-5: the numbers of figure 2 of the paper."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad.errors import ShapeError
from minigrad.models import LeNet


def test_layers_have_the_shapes_of_the_paper(pictures):
    x, shapes = pictures(2, 1, 28, 28), []
    for layer in LeNet().features:
        x = layer(x)
        shapes.append(x.shape[1:])
    assert shapes == [
        (6, 28, 28), (6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 10, 10), (16, 5, 5), (120, 1, 1), (120, 1, 1),
    ]  # fmt: skip


def test_the_numbers_of_parameters_are_those_of_the_paper():
    by_layer = {}
    for name, parameter in LeNet().named_parameters():
        layer = name.rpartition(".")[0]
        by_layer[layer] = by_layer.get(layer, 0) + parameter.numel()
    # C1, C3 (every map of S2 in every filter), C5, F6, output
    assert list(by_layer.values()) == [156, 16 * (6 * 25 + 1), 48_120, 10_164, 850]


def test_tanh_keeps_what_enters_the_output_layer_within_1(pictures):
    model = LeNet()
    h = model.features(100 * pictures(3, 1, 28, 28))
    for layer in list(model.classifier)[:-1]:
        h = layer(h)
    assert h.shape == (3, 84) and np.abs(h.numpy()).max() <= 1


def test_every_parameter_gets_a_gradient_and_the_model_learns(pictures, check_gradients, check_learning):
    check_gradients(LeNet(), pictures(6, 1, 28, 28))
    check_learning(LeNet(classes=10), pictures(10, 1, 28, 28), steps=30)


def test_pictures_of_another_size_are_refused(pictures):
    with pytest.raises(ShapeError):
        LeNet()(pictures(1, 1, 32, 32))
