import numpy as np
import pytest

import minigrad
from minigrad import Tensor, errors, ops
from tests.ops.laws import *


def parts(axis, *bounds):
    """Return a reference: x between each pair of bounds along an axis."""
    return lambda x, *_: [np.moveaxis(np.moveaxis(x, axis, 0)[a:b], 0, axis) for a, b in bounds]


def pages(axis):
    return lambda x, *_: list(np.moveaxis(x, axis, 0))


CASES = [
    *[Case("narrow", ops.narrow, parts(dim, (a, b)), [A(*shape), dim, start, b - a]) for shape, dim, start, a, b in [
        ((4, 3), 0, 1, 1, 3), ((4, 3), -1, 0, 0, 2), ((4, 3), 0, -2, 2, 4), ((4, 3), 0, 4, 4, 4), ((0, 3), 0, 0, 0, 0)]],
    *[Case("select", ops.select, lambda x, dim, i: np.take(x, i, dim), [A(*shape), dim, i]) for shape, dim, i in [
        ((4, 3), 0, 1), ((4, 3), 1, -1), ((2, 3, 4), -2, 0), ((3,), 0, 2)]],
    *[Case("split", ops.split, parts(dim, *bounds), [A(*shape), size, dim], general=False) for shape, size, dim, bounds in [
        ((5, 2), 2, 0, [(0, 2), (2, 4), (4, 5)]), ((2, 4), 2, -1, [(0, 2), (2, 4)]), ((3,), 5, 0, [(0, 3)]),
        ((5, 2), (1, 4), 0, [(0, 1), (1, 5)]), ((3,), [0, 3, 0], 0, [(0, 0), (0, 3), (3, 3)]), ((0, 2), 2, 0, [(0, 0)]),
        ((0, 2), 0, 0, [(0, 0)])]],
    *[Case("chunk", ops.chunk, parts(dim, *bounds), [A(*shape), k, dim], general=False) for shape, k, dim, bounds in [
        ((7,), 3, 0, [(0, 3), (3, 6), (6, 7)]), ((5,), 4, 0, [(0, 2), (2, 4), (4, 5)]), ((2, 4), 2, 1, [(0, 2), (2, 4)]),
        ((2,), 5, 0, [(0, 1), (1, 2)]), ((0, 2), 3, 0, [(0, 0)] * 3)]],
    *[Case("tensor_split", ops.tensor_split, parts(dim, *bounds), [A(*shape), cuts, dim]) for shape, cuts, dim, bounds in [
        ((7,), 3, 0, [(0, 3), (3, 5), (5, 7)]), ((7,), (1, 9), 0, [(0, 1), (1, 7), (7, 7)]), ((7,), (4, 2), 0, [(0, 4), (4, 2), (2, 7)]),
        ((7,), (-2,), 0, [(0, 5), (5, 7)]), ((2, 3), 2, -1, [(0, 2), (2, 3)]), ((1,), 2, 0, [(0, 1), (1, 1)]), ((3,), (), 0, [(0, 3)])]],
    *[Case("unbind", ops.unbind, pages(dim), [A(*shape), dim]) for shape, dim in [((2, 3), 0), ((2, 3), -1), ((2,), 0), ((2, 0), 0)]],
]  # fmt: skip

X, ZERO = minigrad.arange(12.0).reshape(4, 3), minigrad.tensor(1.0)


def test_what_is_cut_apart_and_joined_again_is_the_same_and_so_is_its_gradient():
    x = Tensor(np.random.default_rng(0).normal(size=(5, 3)), requires_grad=True)
    dy = Tensor(np.random.default_rng(1).normal(size=(5, 3)))
    y = ops.cat(x.split((2, 0, 3)))
    y.backward(dy)
    np.testing.assert_array_equal(y.numpy(), x.numpy())
    np.testing.assert_array_equal(x.grad.numpy(), dy.numpy())


def test_parts_are_views():
    x = minigrad.zeros(4)
    x.chunk(2)[1].fill_(1)
    x.unbind()[0].fill_(2)
    assert x.tolist() == [2, 0, 1, 1]


def test_nothing_to_take_apart_gives_no_parts():
    assert minigrad.zeros(0, 3).unbind() == ()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: X.narrow(0, 5, 1), errors.RangeError, r"narrow: start 5 is outside \[-4, 4\], the size of dim 0 is 4"),
        (lambda: X.narrow(0, 3, 2), errors.RangeError, "narrow: start 3 and length 2 do not fit into dim 0 of size 4"),
        (lambda: X.narrow(0, 0, -1), errors.RangeError, "narrow: start 0 and length -1"),
        (lambda: ZERO.narrow(0, 0, 1), errors.AxisError, "narrow: a 0-d tensor has no axis to take apart"),
        (lambda: X.narrow(2, 0, 1), errors.AxisError, "narrow: dim 2 is outside"),
        (lambda: X.select(1, 3), errors.RangeError, r"select: index 3 is outside \[-3, 2\], the size of dim 1 is 3"),
        (lambda: X.split(0), errors.ArgumentError, "split: cannot cut dim 0 of size 4 into parts of size 0"),
        (lambda: X.split(-1), errors.ArgumentError, "into parts of size -1"),
        (lambda: X.split((1, 1)), errors.ShapeError, r"split: sections \(1, 1\) must add up to 4, the size of dim 0"),
        (lambda: X.split((1, -1, 4)), errors.ShapeError, "and none be negative"),
        (lambda: X.chunk(0), errors.ArgumentError, "chunk: chunks must be at least 1, got 0"),
        (lambda: X.tensor_split(0), errors.ArgumentError, "tensor_split: needs at least 1 part, got 0"),
        (lambda: ZERO.unbind(), errors.AxisError, "unbind: a 0-d tensor"),
    ],
)
def test_cuts_that_do_not_fit_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
