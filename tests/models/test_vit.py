"""ViT: scores computed from its parts by hand; patches read in order."""

import numpy as np
import pytest

import minigrad
from minigrad import nn
from minigrad.errors import ArgumentError, ShapeError
from minigrad.models import ViT


def model(**changes):
    made = ViT(**{"channels": 2, "size": 12, "classes": 10, "patch": 4, "layers": 2, "heads": 2, "width": 8, **changes})
    nn.init.normal_(made.head.weight)
    return made


def test_a_picture_is_cut_into_patches_in_reading_order(pictures):
    made, x = model().double(), pictures(2, 2, 12, 12, "float64")
    weight, bias = made.patches.weight.numpy().reshape(8, -1), made.patches.bias.numpy()
    words = [weight @ x.numpy()[0, :, i : i + 4, j : j + 4].ravel() + bias for i in (0, 4, 8) for j in (0, 4, 8)]
    text = np.stack([made.class_token.numpy()[0, 0], *words]) + made.positions.weight.numpy()
    encoded = made.encoder(minigrad.tensor(text[None])).numpy()[0, 0]
    np.testing.assert_allclose(made(x).numpy()[0], made.head.weight.numpy() @ encoded + made.head.bias.numpy(), rtol=1e-9)


def test_all_classes_are_alike_at_first(pictures):
    assert not ViT(1, 8, 5, 4, 1, 1, 4)(pictures(3, 1, 8, 8)).numpy().any()


def test_the_size_of_vit_b_16():
    layer = 4 * (768 * 768 + 768) + 2 * 768 * 3072 + 3072 + 768 + 4 * 768
    whole = 3 * 256 * 768 + 768 + 768 + 197 * 768 + 12 * layer + 2 * 768 + 768 * 1000 + 1000
    assert whole == 86_567_656
    small = ViT(layers=1)
    assert sum(p.numel() for p in small.parameters()) == whole - 11 * layer


def test_every_parameter_gets_a_gradient_and_the_model_learns(pictures, check_gradients, check_learning):
    check_gradients(model(), pictures(8, 2, 12, 12))
    check_learning(ViT(1, 8, 10, 4, 1, 2, 32), pictures(20, 1, 8, 8), steps=60, lr=0.005)


def test_bad_arguments_are_explained(pictures):
    with pytest.raises(ArgumentError, match="ViT: patch = 5 must divide size = 28"):
        ViT(size=28, patch=5)
    with pytest.raises(ShapeError, match=r"ViT: needs pictures \(N, 2, 12, 12\), got \(1, 2, 12, 8\)\nHint: resize"):
        model()(pictures(1, 2, 12, 8))
