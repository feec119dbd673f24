import math

import numpy as np
import pytest

import minigrad
from minigrad import nn
from minigrad.errors import ArgumentError


@pytest.mark.parametrize(("layer", "shape", "expected"), [
    (nn.Conv1d(2, 4, 3, stride=2, padding=1), (1, 2, 7), (1, 4, 4)),
    (nn.Conv2d(2, 4, (3, 2), groups=2, dilation=2), (3, 2, 7, 7), (3, 4, 3, 5)),
    (nn.Conv3d(1, 2, 2), (1, 1, 3, 3, 3), (1, 2, 2, 2, 2)),
    (nn.ConvTranspose1d(2, 4, 3, stride=2), (1, 2, 4), (1, 4, 9)),
    (nn.ConvTranspose2d(4, 2, 3, stride=2, padding=1, output_padding=1), (1, 4, 4, 4), (1, 2, 8, 8)),
    (nn.ConvTranspose3d(2, 2, 2, groups=2), (1, 2, 2, 2, 2), (1, 2, 3, 3, 3)),
])
def test_layers_call_their_op_with_their_options(layer, shape, expected):
    assert layer(minigrad.ones(*shape)).shape == expected


def test_weights_have_the_shapes_of_pytorch_and_start_within_their_bound():
    layer = nn.Conv2d(6, 8, 3, groups=2)
    assert layer.weight.shape == (8, 3, 3, 3) and layer.bias.shape == (8,)
    assert np.abs(layer.weight.numpy()).max() <= 1 / math.sqrt(27)
    assert nn.ConvTranspose2d(6, 8, 3, groups=2).weight.shape == (6, 4, 3, 3)


def test_the_repr_names_what_is_not_at_its_default():
    text = repr(nn.Conv2d(2, 4, 3, padding=1, dilation=2, groups=2, bias=False))
    assert text == "Conv2d(2, 4, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1), dilation=(2, 2), groups=2, bias=False)"


def test_groups_must_divide_the_channels():
    with pytest.raises(ArgumentError, match="groups = 2 must divide 3 and 4"):
        nn.Conv2d(3, 4, 3, groups=2)
    with pytest.raises(ArgumentError, match="padding_mode"):
        nn.Conv2d(3, 4, 3, padding_mode="mirror")
