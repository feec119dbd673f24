"""AlexNet: eight layers, in training with dropout."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad.models import AlexNet


def test_five_convolutions_and_three_linear_layers():
    dims = [p.ndim for name, p in AlexNet().named_parameters() if name.endswith("weight")]
    assert dims == [4] * 5 + [2] * 3


def test_layers_have_the_widths_on_the_page(pictures):
    x, shapes = pictures(1, 3, 32, 32), []
    for layer in AlexNet().features:
        x = layer(x)
        shapes.append(x.shape[1:])
    assert [shapes[i] for i in (0, 2, 3, 5, 6, 8, 10, 12)] == [
        (64, 32, 32), (64, 16, 16), (192, 16, 16), (192, 8, 8), (384, 8, 8), (256, 8, 8), (256, 8, 8), (256, 4, 4),
    ]  # fmt: skip


@pytest.mark.parametrize(("channels", "size"), [(3, 32), (1, 28), (1, 16)])
def test_scores_have_a_column_per_class(channels, size, pictures):
    assert AlexNet(channels, 7)(pictures(2, channels, size, size)).shape == (2, 7)


def test_dropout_draws_in_training_only(pictures):
    model, x = AlexNet(1), pictures(1, 1, 16, 16)
    assert not np.array_equal(model(x).numpy(), model(x).numpy())
    model.eval()
    assert np.array_equal(model(x).numpy(), model(x).numpy())


def test_every_parameter_gets_a_gradient(pictures, check_gradients):
    check_gradients(AlexNet(1, dropout=0.0), pictures(4, 1, 16, 16))
