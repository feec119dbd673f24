import numpy as np
import pytest

import minigrad
from minigrad import errors, ops
from tests.ops.laws import *


def ordered(*order):
    """Return a reference that reads x element by element; axis i of the result is axis order[i] of x."""

    def reference(x, *_):
        y = np.empty([x.shape[d] for d in order])
        for place in np.ndindex(*y.shape):
            y[place] = x[tuple(place[order.index(d)] for d in range(x.ndim))]
        return y

    return reference


CASES = [
    *[Case("permute", ops.permute, ordered(*order), [A(*shape), *args]) for shape, args, order in [
        ((2, 3, 4), (2, 0, 1), (2, 0, 1)), ((2, 3, 4), ((1, 2, 0),), (1, 2, 0)), ((2, 3), (-1, -2), (1, 0)),
        ((2, 0, 3), (1, 2, 0), (1, 2, 0)), ((3,), (0,), (0,)), ((), ((),), ())]],
    *[Case("transpose", ops.transpose, ordered(*order), [A(*shape), a, b]) for shape, a, b, order in [
        ((2, 3), 0, 1, (1, 0)), ((3, 3), 0, 1, (1, 0)), ((2, 3, 4), -1, 0, (2, 1, 0)), ((2, 3), 1, 1, (0, 1)), ((), 0, -1, ()),
        ((0, 2), 0, 1, (1, 0))]],
    Case("swapaxes", ops.swapaxes, ordered(2, 1, 0), [A(2, 3, 4), 0, 2]),
    Case("swapdims", ops.swapdims, ordered(0, 2, 1), [A(2, 3, 4), 1, -1]),
    *[Case("t", ops.t, ordered(*order), [A(*shape)]) for shape, order in [((2, 3), (1, 0)), ((3,), (0,)), ((), ())]],
    *[Case("movedim", ops.movedim, ordered(*order), [A(*shape), a, b]) for shape, a, b, order in [
        ((2, 3, 4), 0, 2, (1, 2, 0)), ((2, 3, 4), -1, 0, (2, 0, 1)), ((2, 3, 4), 1, 1, (0, 1, 2)),
        ((2, 3, 4, 2), (0, 3), (2, 0), (3, 1, 0, 2)), ((2, 3, 4, 2), (3, 0, 1), (0, 3, 1), (3, 1, 2, 0)), ((2, 3), (), (), (0, 1))]],
    Case("moveaxis", ops.moveaxis, ordered(1, 0, 2), [A(2, 3, 4), 1, 0]),
]  # fmt: skip

X = minigrad.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize("seed", range(5))
def test_movedim_agrees_with_numpy(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(2, 3, 4, 5))
    k = rng.integers(1, 5)
    source, destination = (tuple(map(int, rng.permutation(4)[:k])) for _ in range(2))
    got = ops.movedim(minigrad.tensor(x), source, destination)
    np.testing.assert_array_equal(got.numpy(), np.moveaxis(x, source, destination))


def test_the_properties_T_and_mT_reverse_all_axes_and_the_last_two():
    x = minigrad.zeros(2, 3, 4)
    assert x.T.shape == (4, 3, 2) and x.mT.shape == (2, 4, 3)


def test_a_permutation_is_a_view():
    x = minigrad.zeros(2, 3)
    x.t()[2, 1] = 5
    assert x[1, 2].item() == 5


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: X.permute(0), errors.ShapeError, r"permute: dims \(0,\) must name each of the 2 axes once"),
        (lambda: X.permute(0, 0), errors.ArgumentError, r"permute: dim \(0, 0\) names an axis twice"),
        (lambda: X.permute(0, 2), errors.AxisError, r"permute: dim 2 is outside \[-2, 1\]"),
        (lambda: X.transpose(0, 2), errors.AxisError, "transpose: dim 2 is outside"),
        (lambda: minigrad.zeros(2, 2, 2).t(), errors.ShapeError, r"t: needs at most 2 axes, got shape \(2, 2, 2\)\nHint"),
        (lambda: minigrad.zeros(2).mT, errors.AxisError, "transpose: dim -2 is outside"),
        (lambda: X.movedim((0, 1), (1,)), errors.ArgumentError, "movedim: source .* name different numbers of axes"),
        (lambda: X.movedim((0, 0), (1, 0)), errors.ArgumentError, "movedim: .* names an axis twice"),
    ],
)
def test_axes_that_are_not_there_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
