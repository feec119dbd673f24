"""The classic small network: sizes by hand, and the same scores from loops of its definition."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad.errors import ShapeError
from minigrad.models import CNN


def convolve_relu_pool(x, weight, bias):
    """Slide 3×3 filters over x (C, H, W) framed by zeros, then keep what is positive, and the largest of 2×2."""
    framed = np.pad(x, ((0, 0), (1, 1), (1, 1)))
    k, (h, w) = len(weight), x.shape[1:]
    y = np.array([[[(framed[:, i : i + 3, j : j + 3] * weight[m]).sum() + bias[m] for j in range(w)] for i in range(h)]
                  for m in range(k)])  # fmt: skip
    return np.maximum(y, 0).reshape(k, h // 2, 2, w // 2, 2).max((2, 4))


def test_scores_are_those_of_the_definition(pictures):
    model = CNN(2, 4, 3).to("float64")
    x = pictures(1, 2, 4, 4, "float64")
    p = {name: parameter.numpy() for name, parameter in model.named_parameters()}
    h = convolve_relu_pool(x.numpy()[0], p["conv1.weight"], p["conv1.bias"])
    h = convolve_relu_pool(h, p["conv2.weight"], p["conv2.bias"])
    h = np.maximum(p["fc1.weight"] @ h.ravel() + p["fc1.bias"], 0)
    np.testing.assert_allclose(model(x).numpy()[0], p["fc2.weight"] @ h + p["fc2.bias"], rtol=1e-10)


def test_the_size_of_the_main_job():
    convolutions, linear = 32 * 9 + 32 + 64 * 32 * 9 + 64, 64 * 49 * 128 + 128 + 128 * 10 + 10
    assert sum(p.numel() for p in CNN().parameters()) == convolutions + linear == 421_642


@pytest.mark.parametrize(("channels", "size"), [(1, 28), (3, 32), (1, 8)])
def test_scores_have_a_column_per_class(channels, size, pictures):
    assert CNN(channels, size, 7)(pictures(3, channels, size, size)).shape == (3, 7)


def test_every_parameter_gets_a_gradient_and_the_model_learns(pictures, check_gradients, check_learning):
    check_gradients(CNN(1, 12), pictures(8, 1, 12, 12))
    check_learning(CNN(1, 8), pictures(20, 1, 8, 8), steps=30)


def test_pictures_of_another_size_are_refused(pictures):
    with pytest.raises(ShapeError):
        CNN(1, 28)(pictures(1, 1, 32, 32))
