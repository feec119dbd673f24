import numpy as np
import pytest

import minigrad
from minigrad import errors, ops
from tests.ops.laws import *

COUNTS = {"dtype": "int64", "low": 0, "high": 4}


def tiled(x, *times):
    times = times[0] if times and isinstance(times[0], tuple) else times
    x = x.reshape((1,) * (len(times) - x.ndim) + x.shape)
    times = (1,) * (x.ndim - len(times)) + tuple(times)
    y = np.empty([r * n for r, n in zip(times, x.shape, strict=True)])
    for place in np.ndindex(*y.shape):
        y[place] = x[tuple(i % n for i, n in zip(place, x.shape, strict=True))]
    return y


def interleaved(x, repeats, dim=None, output_size=None):
    x, axis = (x.reshape(-1), 0) if dim is None or x.ndim == 0 else (x, dim)
    counts = np.broadcast_to(repeats, x.shape[axis])
    slices = [s for s, r in zip(np.moveaxis(x, axis, 0), counts, strict=True) for _ in range(r)]
    return np.moveaxis(np.reshape(slices, (len(slices), *np.moveaxis(x, axis, 0).shape[1:])), 0, axis)


CASES = [
    *[Case("repeat", ops.repeat, tiled, [A(*shape), *times]) for shape, times in [
        ((2, 3), (2, 1)), ((2, 3), (2, 1, 3)), ((3,), ((2, 2),)), ((), (3,)), ((2, 3), (2, 0)), ((0, 2), (2, 2)), ((), ((),))]],
    *[Case("tile", ops.tile, tiled, [A(*shape), *times]) for shape, times in [
        ((2, 3), (2,)), ((2, 3), ((2, 1, 2),)), ((2, 1, 2), (3, 2)), ((2,), ((),)), ((), (2, 2))]],
    *[Case("repeat_interleave", ops.repeat_interleave, interleaved, [A(*shape), *args]) for shape, args in [
        ((2, 3), (2,)), ((2, 3), (2, 1)), ((2, 3), (3, 0)), ((2, 3), (0, -1)), ((), (3,)), ((0, 2), (2, 0)),
        ((2, 3), (A(3, **COUNTS), 1)), ((2, 3), (A(6, **COUNTS),)), ((2, 3), (A(1, low=2, high=3, dtype="int64"), -1)),
        ((2, 3), (A(low=2, high=3, dtype="int64"), 0))]],
    Case("repeat_interleave", ops.repeat_interleave, interleaved, [A(2, 3), 2, 1], {"output_size": 6}),
]  # fmt: skip

X = minigrad.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: X.repeat(2), errors.ShapeError, r"repeat: 1 repeats for shape \(2, 3\), which has 2 axes\nHint"),
        (lambda: X.repeat(-1, 1), errors.ArgumentError, r"repeat: the numbers of repeats must not be negative, got \(-1, 1\)"),
        (lambda: X.tile(-1), errors.ArgumentError, "tile: the numbers of repeats must not be negative"),
        (lambda: X.repeat_interleave(-1), errors.ArgumentError, "must not be negative, got -1"),
        (lambda: X.repeat_interleave(minigrad.tensor([1, 2]), 1), errors.ShapeError, r"or 3 integers.* got int64 of shape \(2,\)"),
        (lambda: X.repeat_interleave(minigrad.tensor([[1]]), 1), errors.ShapeError, r"got int64 of shape \(1, 1\)"),
        (lambda: X.repeat_interleave(2.5), errors.ShapeError, r"got float64 of shape \(\)"),
        (lambda: X.repeat_interleave(2, 2), errors.AxisError, "repeat_interleave: dim 2 is outside"),
        (lambda: X.repeat_interleave(2, 1, output_size=7), errors.ArgumentError, "output_size is 7, the repeats add up to 6"),
    ],
)
def test_numbers_of_repeats_that_make_no_sense_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
