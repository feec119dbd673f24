"""The multilayer perceptron is its matrix formula."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad.errors import ShapeError
from minigrad.models import MLP


@pytest.mark.parametrize("hidden", [(), (5,), (7, 3), (4, 4, 4)])
def test_scores_are_matrix_products_with_relu_between(hidden, pictures):
    model = MLP(12, hidden, 3).to("float64")
    x = pictures(4, 1, 3, 4, "float64")
    h, arrays = x.numpy().reshape(4, 12), [p.numpy() for p in model.parameters()]
    for i in range(0, len(arrays), 2):
        h = h @ arrays[i].T + arrays[i + 1]
        h = h if i == len(arrays) - 2 else np.maximum(h, 0)
    np.testing.assert_allclose(model(x).numpy(), h, rtol=1e-12)


def test_the_usual_size():
    assert sum(p.numel() for p in MLP().parameters()) == 784 * 256 + 256 + 256 * 10 + 10


def test_every_parameter_gets_a_gradient_and_the_model_learns(pictures, check_gradients, check_learning):
    check_gradients(MLP(64, (40, 20)), pictures(8, 1, 8, 8))
    check_learning(MLP(64), pictures(20, 1, 8, 8), steps=40)


def test_input_of_another_size_is_refused(pictures):
    with pytest.raises(ShapeError, match="784"):
        MLP()(pictures(2, 1, 27, 28))
