import numpy as np
import pytest

import minigrad
from minigrad import nn
from minigrad.errors import ArgumentError, ShapeError

RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.normal(2, 3, shape)


def standardized(x, axes, eps=1e-5):
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)


@pytest.mark.parametrize(("kind", "shape", "axes"), [
    (nn.BatchNorm1d, (6, 3), (0,)), (nn.BatchNorm1d, (6, 3, 4), (0, 2)), (nn.BatchNorm2d, (4, 3, 2, 5), (0, 2, 3)),
    (nn.BatchNorm3d, (2, 3, 2, 2, 2), (0, 2, 3, 4)), (nn.InstanceNorm1d, (2, 3, 5), (2,)),
    (nn.InstanceNorm2d, (2, 3, 4, 5), (2, 3)), (nn.InstanceNorm3d, (2, 3, 2, 2, 3), (2, 3, 4)),
])
def test_channels_are_standardized_over_their_axes(kind, shape, axes):
    x = normal(*shape)
    layer = kind(3).double()
    np.testing.assert_allclose(layer(minigrad.tensor(x)).numpy(), standardized(x, axes), atol=1e-10)


def test_running_statistics_follow_the_batches_and_serve_in_evaluation():
    layer, batches = nn.BatchNorm1d(3, momentum=0.2).double(), [normal(8, 3) for _ in range(4)]
    mean, var = np.zeros(3), np.ones(3)
    for x in batches:
        layer(minigrad.tensor(x))
        mean, var = 0.8 * mean + 0.2 * x.mean(0), 0.8 * var + 0.2 * x.var(0, ddof=1)
    np.testing.assert_allclose(layer.running_mean.numpy(), mean)
    np.testing.assert_allclose(layer.running_var.numpy(), var)
    assert layer.num_batches_tracked.item() == 4
    y = layer.eval()(minigrad.tensor(batches[0]))
    np.testing.assert_allclose(y.numpy(), (batches[0] - mean) / np.sqrt(var + 1e-5))


def test_without_momentum_the_running_mean_is_the_mean_of_the_batches():
    layer, batches = nn.BatchNorm1d(2, momentum=None).double(), [normal(5, 2) for _ in range(3)]
    for x in batches:
        layer(minigrad.tensor(x))
    np.testing.assert_allclose(layer.running_mean.numpy(), np.mean([x.mean(0) for x in batches], 0))
    layer.reset_parameters()
    assert layer.running_mean.tolist() == [0, 0] and layer.num_batches_tracked.item() == 0


def test_evaluation_leaves_every_statistic_as_it_was():
    layer = nn.BatchNorm1d(3)
    layer(minigrad.tensor(normal(8, 3).astype("float32")))
    before = {name: value.numpy().copy() for name, value in layer.state_dict().items()}
    layer.eval()(minigrad.tensor(normal(8, 3).astype("float32")))
    for name, value in layer.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), before[name])


def test_instances_are_evaluated_by_their_own_statistics_unless_others_were_tracked():
    x = minigrad.tensor(normal(2, 3, 4, 4))
    layer = nn.InstanceNorm2d(3).double()
    np.testing.assert_allclose(layer.eval()(x).numpy(), standardized(x.numpy(), (2, 3)), atol=1e-10)
    tracked = nn.InstanceNorm2d(3, track_running_stats=True).double().eval()
    np.testing.assert_allclose(tracked(x).numpy(), x.numpy() / np.sqrt(1 + 1e-5), atol=1e-10)


def test_layer_group_and_rms_norm_work_within_an_example():
    x = normal(2, 4, 6)
    np.testing.assert_allclose(nn.LayerNorm(6).double()(minigrad.tensor(x)).numpy(), standardized(x, (2,)), atol=1e-10)
    np.testing.assert_allclose(nn.LayerNorm((4, 6)).double()(minigrad.tensor(x)).numpy(), standardized(x, (1, 2)), atol=1e-10)
    grouped = standardized(x.reshape(2, 2, 12), (2,)).reshape(x.shape)
    np.testing.assert_allclose(nn.GroupNorm(2, 4).double()(minigrad.tensor(x)).numpy(), grouped, atol=1e-10)
    rms = x / np.sqrt((x**2).mean(-1, keepdims=True))
    np.testing.assert_allclose(nn.RMSNorm(6).double()(minigrad.tensor(x)).numpy(), rms, rtol=1e-6)
    assert nn.LocalResponseNorm(3)(minigrad.tensor(x)).shape == x.shape


def test_names_and_options_are_those_of_pytorch():
    assert list(nn.BatchNorm2d(3).state_dict()) == ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
    assert nn.LayerNorm(3, bias=False).bias is None and nn.InstanceNorm2d(3).weight is None
    with pytest.raises(ShapeError, match="BatchNorm2d"):
        nn.BatchNorm2d(3)(minigrad.ones(2, 3))
    with pytest.raises(ArgumentError, match="num_groups = 3"):
        nn.GroupNorm(3, 4)
