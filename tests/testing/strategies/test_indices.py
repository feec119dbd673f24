"""Index expressions of every kind, valid for their shape."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import Tensor
from minigrad.autograd import record
from minigrad.testing.strategies import axes, indices, shapes
from tests.testing.strategies.seen import comes_up, smallest

SHAPE = (3, 2)


def parts(key):
    return key if isinstance(key, tuple) else (key,)


def repeats(key):
    """Say whether an integer array names a place twice."""
    ints = [p for p in parts(key) if isinstance(p, np.ndarray) and p.dtype.kind == "i"]
    return any(len(set(p.flat)) < p.size for p in ints)


KEYS = {
    "an integer": lambda key: isinstance(key, int),
    "a negative integer": lambda key: any(isinstance(p, int) and p < 0 for p in parts(key)),
    "a slice that runs backwards": lambda key: any(isinstance(p, slice) and (p.step or 1) < 0 for p in parts(key)),
    "a new axis": lambda key: any(p is None for p in parts(key)),
    "an ellipsis and an axis behind it": lambda key: any(p is ... for p in parts(key)[:-1]),
    "an array that repeats a place": repeats,
    "two arrays": lambda key: sum(isinstance(p, np.ndarray) for p in parts(key)) == 2,
    "a mask of all axes": lambda key: isinstance(key, np.ndarray) and key.dtype == bool and key.ndim == 2,
    "a mask behind a slice": lambda key: len(parts(key)) == 2 and isinstance(parts(key)[0], slice) and getattr(parts(key)[1], "dtype", "") == "bool",
    "no element": lambda key: np.zeros(SHAPE)[key].size == 0,
}  # fmt: skip


@given(st.data())
def test_an_index_fits_its_shape_and_means_the_same_to_minigrad(data):
    shape = data.draw(shapes(min_side=0))
    key = data.draw(indices(shape))
    x = np.arange(np.prod(shape)).reshape(shape)
    np.testing.assert_array_equal(Tensor(x)[key].numpy(), x[key])


@pytest.mark.parametrize("kind", KEYS)
def test_every_kind_of_index_comes_up(kind):
    assert comes_up(indices(SHAPE), KEYS[kind], 500)


@given(st.data())
def test_only_the_kinds_asked_for_come_up(data):
    key = data.draw(indices(SHAPE, kinds=("basic",)))
    assert not any(isinstance(p, np.ndarray) for p in parts(key))


@given(st.data())
def test_axes_fit_their_shape(data):
    shape = data.draw(shapes())
    np.ones(shape).sum(data.draw(axes(shape)))


@pytest.mark.parametrize("pattern", [lambda a: a is None, lambda a: a == -1, lambda a: a == (1, 0), lambda a: a == (-2,)])
def test_axes_come_alone_together_and_from_either_end(pattern):
    assert comes_up(axes((2, 3)), pattern, 500)


def assigned(x, key):
    """Read x[key], with a gradient that assigns where it should add."""
    def d_x(dy, _):
        dx = np.zeros(x.shape)
        dx[key] = dy.array
        return Tensor(dx)

    return record("getitem", np.asarray(x.array[key]), (x, d_x))


def test_a_gradient_that_assigns_is_found_by_an_index_that_repeats():
    def is_wrong(key):
        x = Tensor(np.zeros(SHAPE), requires_grad=True)
        assigned(x, key).backward(Tensor(np.ones(x.numpy()[key].shape)))
        return x.grad.numpy().sum() != x.numpy()[key].size

    key = smallest(indices(SHAPE), is_wrong, 500)
    assert repeats(key)


def test_an_index_that_repeats_shrinks_to_two_places():
    key = smallest(indices((2,)), repeats, 500)
    np.testing.assert_array_equal(parts(key)[0].reshape(-1), [0, 0])
