import numpy as np
import pytest

import minigrad
from minigrad import errors, ops
from tests.ops.laws import *


def backwards(*axes):
    def reference(x, *_):
        y = np.empty_like(x)
        for place in np.ndindex(*x.shape):
            y[tuple(n - 1 - i if d in axes else i for d, (i, n) in enumerate(zip(place, x.shape, strict=True)))] = x[place]
        return y

    return reference


def rolled(x, shifts, dims=None):
    if dims is None:
        return np.array([x.flat[(i - shifts) % x.size] for i in range(x.size)]).reshape(x.shape)
    shifts, dims = np.atleast_1d(shifts), np.atleast_1d(dims)
    y = np.empty_like(x)
    for place in np.ndindex(*x.shape):
        target = list(place)
        for s, d in zip(shifts, dims, strict=True):
            target[d] = (target[d] + s) % x.shape[d]
        y[tuple(target)] = x[place]
    return y


CASES = [
    *[Case("flip", ops.flip, backwards(*axes), [A(*shape), *args]) for shape, args, axes in [
        ((2, 3), (0,), (0,)), ((2, 3), ((0, 1),), (0, 1)), ((2, 3, 4), (-1, 0), (2, 0)), ((2, 3), ((),), ()), ((0, 3), (1,), (1,)),
        ((), ((),), ())]],
    *[Case("fliplr", ops.fliplr, backwards(1), [A(*shape)]) for shape in [(2, 3), (2, 3, 2)]],
    *[Case("flipud", ops.flipud, backwards(0), [A(*shape)]) for shape in [(2, 3), (3,)]],
    *[Case("roll", ops.roll, rolled, [A(*shape), *args]) for shape, args in [
        ((2, 3), (1,)), ((2, 3), (-4,)), ((4, 3), (1, 0)), ((4, 3), ((1, -2), (0, 1))), ((4, 3), ((1, 1), (0, 0))), ((4, 3), (9, -1)),
        ((), (1,)), ((0, 3), (1,)), ((0, 3), (1, 0)), ((3,), (0, 0))]],
]  # fmt: skip

X = minigrad.arange(6.0).reshape(2, 3)


def test_flip_copies():
    x = minigrad.zeros(3)
    x.flip(0)[0] = 1
    assert x.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: X.flip(0, 0), errors.ArgumentError, r"flip: dim \(0, 0\) names an axis twice"),
        (lambda: X.flip(2), errors.AxisError, "flip: dim 2 is outside"),
        (lambda: X[0].fliplr(), errors.ShapeError, r"fliplr: needs at least 2 axes, got shape \(3,\)"),
        (lambda: minigrad.tensor(1.0).flipud(), errors.ShapeError, "flipud: needs at least 1 axis"),
        (lambda: X.roll((1, 2)), errors.ArgumentError, r"roll: shifts \(1, 2\) and dims \(\)"),
        (lambda: X.roll(1, (0, 1)), errors.ArgumentError, r"roll: shifts \(1,\) and dims \(0, 1\)"),
        (lambda: X.roll((), ()), errors.ArgumentError, "one at least"),
        (lambda: X.roll(1, 2), errors.AxisError, "roll: dim 2 is outside"),
        (lambda: minigrad.tensor(1.0).roll(1, 0), errors.AxisError, r"roll: dims \(0,\) of a 0-d tensor"),
    ],
)
def test_axes_and_shifts_that_do_not_fit_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
