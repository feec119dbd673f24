import numpy as np
import pytest

import minigrad
from minigrad import Tensor, ops
from minigrad.errors import ArgumentError, AxisError, DtypeError, RangeError
from minigrad.testing import gradcheck, gradgradcheck
from tests.ops.laws import *


def found(better):
    """Return a reference that looks at one element after the other and keeps the better one."""

    def reference(x, dim, keepdim=False):
        lines = np.atleast_1d(x)
        values = np.empty(np.delete(lines.shape, dim), x.dtype)
        indices = np.empty(values.shape, int)
        for at in np.ndindex(values.shape):
            line = np.moveaxis(lines, dim, -1)[at]
            indices[at] = 0
            for i in range(1, len(line)):
                if better(line[i], line[indices[at]]):
                    indices[at] = i
            values[at] = line[indices[at]]
        if not keepdim or x.ndim == 0:
            return values, indices
        return np.expand_dims(values, dim), np.expand_dims(indices, dim)

    return reference


def so_far(function):
    def reference(x, dim):
        lines = np.atleast_1d(x)
        y = function.accumulate(lines, axis=dim)
        hits = (lines == y) * np.arange(lines.shape[dim]).reshape([-1 if i == dim % lines.ndim else 1 for i in range(lines.ndim)])
        return y.reshape(x.shape), np.maximum.accumulate(hits, axis=dim).reshape(x.shape)

    return reference


def place_of(reference):
    def place(x, dim=None, keepdim=False):
        if dim is not None:
            return reference(x, dim, keepdim)[1]
        return np.reshape(reference(x.reshape(-1), 0)[1], (1,) * x.ndim if keepdim else ())

    return place


largest, smallest = found(np.greater), found(np.less)
ALONG = [((5,), 0), ((1,), -1), ((3, 4), 1), ((3, 4), -2), ((2, 3, 3), 1), ((), 0), ((), -1), ((0, 3), 1), ((2, 0, 3), -1)]

CASES = [
    *(Case(name, getattr(ops, name), reference, [A(*shape, distinct=True), dim], kwargs)
      for name, reference in [("max", largest), ("min", smallest)]
      for shape, dim in ALONG for kwargs in ({}, {"keepdim": True})),
    *(Case(name, getattr(ops, name), getattr(np, name), [A(*shape, distinct=True)])
      for name in ("max", "min") for shape in [(), (7,), (3, 4)]),
    *(Case(name, getattr(ops, name), reference, [A(3, 4), A(4)])
      for name, reference in [("max", np.maximum), ("min", np.minimum)]),
    *(Case(name, getattr(ops, name), so_far(function), [A(*shape, distinct=True), dim])
      for name, function in [("cummax", np.maximum), ("cummin", np.minimum)]
      for shape, dim in [*ALONG, ((0,), 0), ((2, 9), 1)]),
    *(Case(name, getattr(ops, name), place_of(reference), [A(*shape)], {"dim": dim, **kwargs}, differentiable=False)
      for name, reference in [("argmax", largest), ("argmin", smallest)]
      for shape, dim in [*ALONG, ((3, 4), None), ((), None)] for kwargs in ({}, {"keepdim": True})),
]  # fmt: skip


def test_values_and_indices_have_names_and_unpack():
    x = Tensor([[1.0, 3.0, 2.0]])
    found = x.max(dim=1)
    values, indices = found
    assert found.values is values and found.indices is indices
    assert values.tolist() == [3] and indices.tolist() == [1] and indices.dtype == minigrad.int64


@pytest.mark.parametrize("name", ["max", "min"])
def test_along_an_axis_the_first_of_a_tie_gets_all_of_the_gradient(name):
    x = Tensor([[2.0, 5.0, 5.0], [5.0, 5.0, 5.0], [1.0, 0.0, 1.0]], requires_grad=True)
    values, indices = getattr(x if name == "max" else -x, name)(1)
    values.backward(Tensor([6.0, 7.0, 8.0]))
    assert indices.tolist() == [1, 0, 0]
    expected = np.array([[0.0, 6, 0], [7, 0, 0], [8, 0, 0]])
    assert x.grad.tolist() == (expected if name == "max" else -expected).tolist()


@pytest.mark.parametrize("name", ["max", "min"])
def test_over_all_elements_a_tie_shares_the_gradient(name):
    x = Tensor([[2.0, 5.0], [5.0, 5.0]], requires_grad=True)
    getattr(x if name == "max" else -x, name)().backward(Tensor(6.0))
    expected = np.array([[0.0, 2], [2, 2]])
    assert x.grad.tolist() == (expected if name == "max" else -expected).tolist()


def test_two_tensors_are_compared_elementwise():
    x, y = Tensor([1.0, 5.0, 3.0], requires_grad=True), Tensor([[2.0], [3.0]])
    assert x.max(y).tolist() == [[2, 5, 3], [3, 5, 3]] == x.max(other=y).tolist()
    assert ops.min(x, y).tolist() == [[1, 2, 2], [1, 3, 3]] == x.min(other=y).tolist()
    assert x.max(np.float32([4, 4, 4])).tolist() == [4, 5, 4]


def test_an_axis_may_be_a_numpy_integer():
    assert Tensor([[1.0, 3.0]]).max(np.int64(1)).indices.tolist() == [1]


def test_an_element_that_stays_the_largest_gathers_the_gradients():
    x = Tensor([1.0, 4.0, 2.0, 3.0, 5.0], requires_grad=True)
    values, indices = x.cummax(0)
    values.backward(Tensor([1.0, 10.0, 100.0, 1000.0, 10000.0]))
    assert values.tolist() == [1, 4, 4, 4, 5] and indices.tolist() == [0, 1, 1, 1, 4]
    assert x.grad.tolist() == [1, 1110, 0, 0, 10000]


def test_of_equal_extremes_so_far_the_latest_counts():
    x = Tensor([1.0, 1.0, 0.0, 1.0])
    assert x.cummax(0).indices.tolist() == [0, 1, 1, 3]
    assert (-x).cummin(0).indices.tolist() == [0, 1, 1, 3]


def test_a_repeated_place_differentiates_twice():
    x = np.array([[1.0, 4.0, 2.0], [3.0, 0.5, 0.7]])
    gradcheck(lambda x: x.cummax(1).values.square(), x)
    gradgradcheck(lambda x: x.cummax(1).values ** 3, x)
    gradgradcheck(lambda x: x.max(1).values ** 3, x)


def test_the_first_nan_is_found():
    x = Tensor([[1.0, np.nan, 3.0, np.nan]], requires_grad=True)
    for op in (ops.max, ops.min):
        values, indices = op(x, 1)
        assert np.isnan(values.item()) and indices.item() == 1
        assert np.isnan(op(x).item())
    assert x.argmax(1).item() == x.argmin(1).item() == x.argmax().item() == 1
    x.max(1).values.sum().backward()
    assert x.grad.tolist() == [[0, 1, 0, 0]]


def test_once_there_is_nan_it_stays_the_extreme():
    x = Tensor([1.0, 1.0, np.nan, 3.0, np.nan])
    for values, indices in (x.cummax(0), x.cummin(0)):
        assert np.isnan(values.numpy()).tolist() == [False, False, True, True, True]
        assert indices.tolist() == [0, 1, 2, 2, 4]


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "int64", "float16"])
def test_every_type_has_an_order_and_keeps_it(dtype):
    x = minigrad.tensor([0, 1, 0], dtype=dtype)
    assert x.max().dtype == x.max(0).values.dtype == x.cummax(0).values.dtype == x.dtype
    assert x.max(0).indices.item() == x.argmax().item() == 1 and x.min(0).indices.item() == x.argmin().item() == 0
    assert x.cummax(0).values.tolist() == [0, 1, 1] and x.cummin(0).values.tolist() == [0, 0, 0]


def test_overwriting_the_indices_does_not_redirect_the_gradient():
    x = Tensor([[1.0, 3.0, 2.0]], requires_grad=True)
    values, indices = x.max(1)
    indices.fill_(0)
    values.sum().backward()
    assert x.grad.tolist() == [[0, 1, 0]]


@pytest.mark.parametrize("name", ["max", "min", "argmax", "argmin"])
def test_nothing_has_no_extreme(name):
    op = getattr(ops, name)
    with pytest.raises(ArgumentError, match=rf"{name}: shape \(2, 0\) has nothing along dim \(1,\) to choose from\nHint"):
        op(minigrad.zeros(2, 0), 1)
    with pytest.raises(ArgumentError, match=rf"{name}: shape \(2, 0\) has nothing along dim \(0, 1\)"):
        op(minigrad.zeros(2, 0))


def test_wrong_arguments_are_refused_with_the_way_out():
    x = minigrad.zeros(2, 3)
    with pytest.raises(ArgumentError, match="max: keepdim needs a dim\nHint: amax"):
        x.max(keepdim=True)
    with pytest.raises(ArgumentError, match=r"min: dim must be an integer, got \(0, 1\)"):
        x.min((0, 1))
    with pytest.raises(AxisError, match=r"argmax: dim -3 is outside \[-2, 1\]"):
        x.argmax(-3)
    with pytest.raises(AxisError, match=r"cummax: dim 2 is outside"):
        x.cummax(2)
    with pytest.raises(DtypeError, match="max: input must be a tensor, got list"):
        ops.max([1.0])
    with pytest.raises((AxisError, RangeError)):
        minigrad.tensor(1.0).max(1)
