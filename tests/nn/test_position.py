import math

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, nn
from minigrad.errors import ArgumentError, ShapeError
from minigrad.nn.position import buckets, relative_positions


def normal(*shape):
    return Tensor(np.random.default_rng(0).normal(size=shape))


def test_queries_are_the_last_of_the_positions():
    assert relative_positions(2, 4).tolist() == [[-2, -1, 0, 1], [-3, -2, -1, 0]]
    assert relative_positions(0, 2).shape == (0, 2)
    with pytest.raises(ShapeError, match="the last T of U positions, got T = 3 and U = 2"):
        relative_positions(3, 2)


@pytest.mark.parametrize("width", [4, 5])
def test_sinusoids_are_those_of_the_paper(width):
    x = normal(2, 7, width)
    layer = nn.SinusoidalEncoding(7, width, base=100.0, dtype="float64")
    expected = [[(math.cos if i % 2 else math.sin)(t * 100.0 ** (-2 * (i // 2) / width)) for i in range(width)] for t in range(7)]
    np.testing.assert_allclose(layer(x).numpy() - x.numpy(), np.broadcast_to(expected, x.shape), atol=1e-12)
    assert not list(layer.parameters()) and not layer.state_dict()


def test_a_shift_of_sinusoids_is_one_rotation_for_all_positions():
    code = nn.SinusoidalEncoding(50, 6, dtype="float64").weight.numpy()
    shift, _, rank, _ = np.linalg.lstsq(code[:40], code[7:47], rcond=None)
    assert rank == 6
    np.testing.assert_allclose(code[:40] @ shift, code[7:47], atol=1e-9)
    np.testing.assert_allclose(shift @ shift.T, np.eye(6), atol=1e-8)


def test_learnt_positions_are_rows_of_a_table_that_is_trained():
    layer = nn.LearnedEncoding(9, 4).double()
    x = normal(3, 2, 4)
    np.testing.assert_array_equal(layer(x, start=5).numpy(), x.numpy() + layer.weight.numpy()[5:7])
    layer(x, start=5).sum().backward()
    assert layer.weight.grad.tolist() == [[3.0 if t in (5, 6) else 0.0] * 4 for t in range(9)]
    assert abs(nn.LearnedEncoding(100, 100).weight.numpy().std() - 0.02) < 0.001


def test_the_rotary_layer_starts_anywhere():
    x = normal(2, 6, 4)
    layer = nn.RotaryEmbedding(interleaved=False)
    np.testing.assert_allclose(layer(x)[:, 4:].numpy(), layer(x[:, 4:], start=4).numpy(), rtol=1e-12)
    assert repr(layer) == "RotaryEmbedding(base=10000.0, interleaved=False)"


@pytest.mark.parametrize(("heads", "slopes"), [
    (1, [2**-8]), (4, [2**-2, 2**-4, 2**-6, 2**-8]), (3, [2**-4, 2**-8, 2**-2]),
    (6, [2**-2, 2**-4, 2**-6, 2**-8, 2**-1, 2**-3]),
])
def test_alibi_lowers_scores_in_proportion_to_the_distance(heads, slopes):
    layer = nn.ALiBi(heads, dtype="float64")
    np.testing.assert_allclose(layer.slopes.numpy(), slopes)
    np.testing.assert_allclose(layer(3)[0].numpy(), -slopes[0] * np.array([[0, 1, 2], [1, 0, 1], [2, 1, 0]]))
    np.testing.assert_array_equal(layer(2, 5).numpy(), layer(5).numpy()[:, 3:])


def bucket_of(distance, n, far, both_ways):
    """Bucket one distance by the definition of the paper's appendix."""
    offset = 0
    if both_ways:
        n //= 2
        offset, distance = (n if distance > 0 else 0), abs(distance)
    else:
        distance = max(-distance, 0)
    if distance < n // 2:
        return offset + distance
    return offset + min(n - 1, n // 2 + math.floor(math.log(distance / (n // 2)) / math.log(far / (n // 2)) * (n - n // 2) + 1e-6))


@pytest.mark.parametrize(("n", "far", "both_ways"), [(32, 128, True), (32, 128, False), (8, 20, True), (5, 9, False)])
def test_near_distances_have_a_bucket_each_and_far_ones_share(n, far, both_ways):
    distances = np.arange(-200, 200)
    got = buckets(distances, n, far, both_ways)
    assert got.tolist() == [bucket_of(int(d), n, far, both_ways) for d in distances]
    assert got.min() == 0 and got.max() == n // 2 * 2 - 1 if both_ways else n - 1


def test_a_relative_bias_is_looked_up_by_distance_and_trained():
    layer = nn.RelativePositionBias(3, 8, 20)
    bias = layer(4, 6)
    assert bias.shape == (1, 3, 4, 6)
    for t, u in np.ndindex(4, 6):
        np.testing.assert_array_equal(bias[0, :, t, u].numpy(), layer.weight.numpy()[bucket_of(u - t - 2, 8, 20, True)])
    np.testing.assert_array_equal(layer(1, 6).numpy(), layer(6).numpy()[:, :, -1:])
    bias.sum().backward()
    assert layer.weight.grad.numpy().sum() == 3 * 24


def test_the_biases_are_masks_of_attention():
    q, k, v = normal(2, 3, 4, 8), normal(2, 3, 6, 8), normal(2, 3, 6, 5)
    for layer in (nn.ALiBi(3), nn.RelativePositionBias(3)):
        weights = minigrad.softmax(q @ k.mT / math.sqrt(8) + layer(4, 6).to("float64"), -1)
        y = nn.functional.scaled_dot_product_attention(q, k, v, layer(4, 6))
        np.testing.assert_allclose(y.numpy(), (weights @ v).numpy(), rtol=1e-10)


@pytest.mark.parametrize(("call", "kind", "words"), [
    (lambda: nn.LearnedEncoding(4, 3)(normal(1, 5, 3)), ShapeError, "LearnedEncoding: positions 0 to 4 are asked for, the table ends with 3\nHint: cut the sequence, or build the layer with a larger max_len"),
    (lambda: nn.SinusoidalEncoding(4, 3)(normal(1, 2, 3), start=3), ShapeError, "positions 3 to 4 are asked for, the table ends with 3"),
    (lambda: nn.LearnedEncoding(4, 3)(normal(1, 2, 3), start=-1), ShapeError, "positions -1 to 0 are asked for"),
    (lambda: nn.SinusoidalEncoding(4, 3)(normal(2, 4)), ShapeError, "needs axes (..., T, M) with M = 3, got shape (2, 4)"),
    (lambda: nn.ALiBi(0), ArgumentError, "ALiBi: needs at least 1 head, got 0"),
    (lambda: nn.RelativePositionBias(0), ArgumentError, "RelativePositionBias: needs at least 1 head, got 0"),
    (lambda: nn.RelativePositionBias(2, 3), ArgumentError, "3 buckets keep distances below 0 apart"),
    (lambda: nn.RelativePositionBias(2, 32, 8), ArgumentError, "32 buckets keep distances below 8 apart and share the others up to max_distance = 8\nHint"),
])  # fmt: skip
def test_bad_arguments_are_refused_with_their_values(call, kind, words):
    with pytest.raises(kind) as caught:
        call()
    assert words in str(caught.value)
