import math

import numpy as np
import pytest
from scipy import stats

import minigrad
from minigrad import Generator
from minigrad.errors import ArgumentError, ShapeError
from minigrad.nn import init


def weight(*shape):
    return minigrad.zeros(*shape, dtype="float64")


@pytest.mark.parametrize(("fill", "distribution"), [
    (lambda w: init.uniform_(w, -1, 3, Generator(1)), stats.uniform(-1, 4)),
    (lambda w: init.normal_(w, 1, 2, Generator(1)), stats.norm(1, 2)),
    (lambda w: init.trunc_normal_(w, 0, 1, -1, 2, Generator(1)), stats.truncnorm(-1, 2)),
    (lambda w: init.xavier_uniform_(w, 2.0, Generator(1)), stats.uniform(-2 * math.sqrt(6 / 300), 4 * math.sqrt(6 / 300))),
    (lambda w: init.xavier_normal_(w, 1.0, Generator(1)), stats.norm(0, math.sqrt(2 / 300))),
    (lambda w: init.kaiming_normal_(w, nonlinearity="relu", generator=Generator(1)), stats.norm(0, math.sqrt(2 / 100))),
    (lambda w: init.kaiming_uniform_(w, math.sqrt(5), generator=Generator(1)), stats.uniform(-0.1, 0.2)),
    (lambda w: init.kaiming_normal_(w, mode="fan_out", nonlinearity="linear", generator=Generator(1)), stats.norm(0, math.sqrt(1 / 200))),
])
def test_values_are_drawn_from_the_distribution_that_is_promised(fill, distribution):
    w = weight(200, 100)
    assert fill(w) is w
    assert stats.kstest(w.numpy().ravel(), distribution.cdf).pvalue > 1e-3


def test_fans_count_the_taps_of_filters():
    assert init.fans(weight(8, 3, 5, 5)) == (75, 200)
    with pytest.raises(ShapeError, match="at least 2 axes"):
        init.fans(weight(3))


@pytest.mark.parametrize("shape", [(4, 7), (7, 4), (3, 2, 2)])
def test_orthogonal_weights_have_orthonormal_rows_or_columns(shape):
    w = init.orthogonal_(weight(*shape), gain=2.0).numpy().reshape(shape[0], -1)
    small = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(small, 4 * np.eye(len(small)), atol=1e-12)


def test_dirac_filters_pass_their_input_on():
    x = minigrad.tensor(np.random.default_rng(0).normal(size=(1, 3, 4, 4)))
    y = minigrad.conv2d(x, init.dirac_(weight(3, 3, 3, 3)), padding=1)
    np.testing.assert_array_equal(y.numpy(), x.numpy())


def test_plain_fills():
    np.testing.assert_array_equal(init.eye_(weight(2, 3)).numpy(), np.eye(2, 3))
    assert init.ones_(weight(2)).tolist() == [1, 1] and init.zeros_(weight(1)).tolist() == [0]
    w = init.sparse_(weight(10, 4), 0.5, std=1.0).numpy()
    assert ((w == 0).sum(0) == 5).all()


def test_gains_and_bad_arguments():
    assert init.calculate_gain("tanh") == 5 / 3 and init.calculate_gain("leaky_relu", 1.0) == 1
    with pytest.raises(ArgumentError, match="swoosh"):
        init.calculate_gain("swoosh")
    with pytest.raises(ArgumentError, match="fan_middle"):
        init.kaiming_normal_(weight(2, 2), mode="fan_middle")
    with pytest.raises(ArgumentError, match="trunc_normal_"):
        init.trunc_normal_(weight(2), a=50, b=60)


def test_filling_a_parameter_is_seen_by_backward():
    w = minigrad.ones(2, requires_grad=True)
    loss = (w * w).sum()
    init.zeros_(w)
    with pytest.raises(minigrad.errors.InPlaceError, match=r"init\.constant_"):
        loss.backward()
