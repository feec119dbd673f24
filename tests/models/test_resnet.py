"""ResNet: the sizes of section 4.2, and blocks that pass on what they are given."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad.errors import ArgumentError
from minigrad.models import ResNet
from minigrad.models.resnet import BasicBlock


@pytest.mark.parametrize("depth", [8, 20])
def test_depth_counts_the_layers_on_the_way(depth):
    names = [name for name, p in ResNet(depth).named_parameters() if p.ndim > 1 and "shortcut" not in name]
    assert len(names) == depth


def test_the_size_of_resnet_20():
    block = lambda c, k: 9 * c * k + 9 * k * k + 4 * k  # two convolutions and two batch norms
    stages = 3 * block(16, 16) + block(16, 32) + 2 * block(32, 32) + block(32, 64) + 2 * block(64, 64)
    shortcuts = 16 * 32 + 2 * 32 + 32 * 64 + 2 * 64
    whole = 27 * 16 + 2 * 16 + stages + shortcuts + 64 * 10 + 10
    assert sum(p.numel() for p in ResNet(20).parameters()) == whole == 272_474


def test_every_stage_halves_the_picture_and_doubles_the_width(pictures):
    model, shapes = ResNet(8, width=4), []
    x = model.conv(pictures(1, 3, 16, 16))
    for stage in model.stages:
        x = stage(x)
        shapes.append(x.shape[1:])
    assert shapes == [(4, 16, 16), (8, 8, 8), (16, 4, 4)]


@pytest.mark.parametrize("training", [True, False])
def test_a_block_whose_correction_is_0_passes_what_is_positive(training, pictures):
    block = BasicBlock(3, 3, stride=1).train(training)
    with minigrad.no_grad():
        block.bn2.weight.zero_()
    x = pictures(2, 3, 5, 5)
    assert np.array_equal(block(x).numpy(), np.maximum(x.numpy(), 0))


def test_a_block_adds_its_correction(pictures):
    block = BasicBlock(3, 3, stride=1).to("float64").eval()
    x = pictures(2, 3, 5, 5, "float64")
    correction = block.bn2(block.conv2(minigrad.relu(block.bn1(block.conv1(x)))))
    np.testing.assert_allclose(block(x).numpy(), np.maximum(x.numpy() + correction.numpy(), 0))


def test_scores_do_not_depend_on_the_size_of_the_picture_in_shape(pictures):
    model = ResNet(8, 1, 7, width=4)
    assert model(pictures(2, 1, 28, 28)).shape == model(pictures(2, 1, 9, 11)).shape == (2, 7)


def test_every_parameter_gets_a_gradient_and_the_model_learns(pictures, check_gradients, check_learning):
    check_gradients(ResNet(8, width=4), pictures(8, 3, 12, 12))
    model = ResNet(8, 1, width=8)
    check_learning(model, pictures(10, 1, 8, 8), steps=40, lr=0.01)
    assert model.bn.running_mean.numpy().any()


@pytest.mark.parametrize("depth", [2, 6, 18, 21])
def test_depths_that_do_not_exist_are_refused(depth):
    with pytest.raises(ArgumentError, match=f"depth is 6n \\+ 2 .*got {depth}"):
        ResNet(depth)
