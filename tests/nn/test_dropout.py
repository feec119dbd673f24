import numpy as np
import pytest

import minigrad
from minigrad import nn
from minigrad.errors import ArgumentError


def test_dropout_works_in_training_only_and_keeps_the_mean():
    minigrad.manual_seed(0)
    layer, x = nn.Dropout(0.25), minigrad.ones(200, 200)
    y = layer(x).numpy()
    assert set(np.unique(y)) == {np.float32(0), np.float32(4 / 3)} and abs(y.mean() - 1) < 0.01
    np.testing.assert_array_equal(layer.eval()(x).numpy(), 1)


@pytest.mark.parametrize(("layer", "shape"), [
    (nn.Dropout1d(0.5), (50, 4, 3)), (nn.Dropout2d(0.5), (50, 4, 3, 2)), (nn.Dropout3d(0.5), (50, 4, 3, 2, 2)),
])
def test_channel_dropout_drops_whole_channels(layer, shape):
    y = layer(minigrad.ones(*shape)).numpy().reshape(50, 4, -1)
    assert (y.std(2) == 0).all() and 0 < (y == 0).mean() < 1


def test_alpha_dropout_keeps_mean_and_variance():
    minigrad.manual_seed(1)
    y = nn.AlphaDropout(0.3)(minigrad.randn(100_000)).numpy()
    assert abs(y.mean()) < 0.03 and abs(y.std() - 1) < 0.03


def test_a_probability_lies_between_0_and_1():
    with pytest.raises(ArgumentError, match=r"got 1\.5"):
        nn.Dropout(1.5)
    assert repr(nn.Dropout(0.1)) == "Dropout(p=0.1)"
