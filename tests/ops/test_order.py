import math
import statistics

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, ops
from minigrad.errors import ArgumentError, AxisError, DtypeError
from minigrad.testing import gradcheck
from tests.ops.laws import *


def ranked(x, dim=-1, descending=False):
    """Sort by Python's sorted, which keeps equal elements in order; values and places."""
    lines = np.moveaxis(np.atleast_1d(x), dim, -1)
    places = np.empty(lines.shape, int)
    for at in np.ndindex(lines.shape[:-1]):
        places[at] = sorted(range(lines.shape[-1]), key=lambda i: lines[at][i] * (-1 if descending else 1))
    values = np.take_along_axis(lines, places, -1)
    return tuple(np.moveaxis(y, -1, dim).reshape(x.shape) for y in (values, places))


def best(x, k, dim=-1, largest=True):
    both = (np.atleast_1d(y).take(range(k), dim) for y in ranked(x, dim, largest))
    return tuple(y.reshape(x.shape and y.shape) for y in both)


def kth(x, k, dim=-1, keepdim=False):
    both = (np.atleast_1d(y).take([k - 1], dim) for y in ranked(x, dim))
    return tuple(y if keepdim and x.ndim else y.squeeze(dim) for y in both)


def middle(x, dim=None, keepdim=False):
    if dim is None:
        return np.asarray(statistics.median_low(x.reshape(-1).tolist()))
    return kth(x, ((x.shape or (1,))[dim] + 1) // 2, dim, keepdim)


def between(x, q, dim=None, keepdim=False, interpolation="linear"):
    axis = None if x.ndim == 0 else dim
    return np.quantile(x, q, axis=axis, keepdims=keepdim, method=interpolation)


SHAPES = [((5,), {}), ((), {}), ((1,), {"dim": 0}), ((3, 4), {"dim": 1}), ((4, 3), {"dim": -2}), ((2, 5, 3), {"dim": 1})]
EMPTY = [((0,), {}), ((2, 0), {"dim": 1}), ((2, 0), {"dim": 0})]
KEPT = [((3, 4), {"dim": 0, "keepdim": True}), ((), {"dim": 0, "keepdim": True}), ((2, 0, 3), {"dim": 2})]

CASES = [
    *(Case("sort", ops.sort, ranked, [A(*shape, distinct=True)], {**kwargs, **way})
      for shape, kwargs in SHAPES + EMPTY for way in ({}, {"descending": True})),
    *(Case("argsort", ops.argsort, lambda *a, **k: ranked(*a, **k)[1], [A(*shape)], {**kwargs, **way},
           differentiable=False) for shape, kwargs in SHAPES + EMPTY for way in ({}, {"descending": True})),
    *(Case("topk", ops.topk, best, [A(*shape, distinct=True), k], {**kwargs, **way})
      for shape, k, kwargs in [((5,), 3, {}), ((), 1, {}), ((3, 4), 2, {"dim": 0}), ((2, 5, 3), 5, {"dim": 1}),
                               ((4,), 0, {}), ((0, 3), 2, {})] for way in ({}, {"largest": False})),
    *(Case("kthvalue", ops.kthvalue, kth, [A(*shape, distinct=True), 1], kwargs) for shape, kwargs in SHAPES + KEPT),
    *(Case("kthvalue", ops.kthvalue, kth, [A(3, 4, 2, distinct=True), k, 1]) for k in (2, 3, 4)),
    *(Case("median", ops.median, middle, [A(*shape, distinct=True)], kwargs)
      for shape, kwargs in [*SHAPES, *KEPT, ((6,), {}), ((6,), {"dim": 0}), ((3, 4), {})]),
    *(Case("quantile", ops.quantile, between, [A(*shape, distinct=True), 0.3], kwargs) for shape, kwargs in SHAPES + KEPT),
    *(Case("quantile", ops.quantile, between, [A(*shape, distinct=True)], {"q": q, **kwargs})
      for q in (0.0, 1.0, 0.55) for shape, kwargs in [((4, 3), {"keepdim": True}), ((2, 5, 3), {"dim": 1})]),
    *(Case("quantile", ops.quantile, between, [A(3, 6, distinct=True), 0.37, 1], {"interpolation": way})
      for way in ("linear", "lower", "higher", "nearest", "midpoint")),
]  # fmt: skip


def test_equal_elements_stay_in_order_in_both_directions():
    x = Tensor([2.0, 1.0, 2.0, 1.0, 2.0])
    assert x.sort().indices.tolist() == x.argsort().tolist() == [1, 3, 0, 2, 4]
    assert x.sort(descending=True).indices.tolist() == x.argsort(descending=True).tolist() == [0, 2, 4, 1, 3]
    assert x.topk(4).indices.tolist() == [0, 2, 4, 1] and x.topk(3, largest=False).indices.tolist() == [1, 3, 0]


@pytest.mark.parametrize("largest", [True, False])
@pytest.mark.parametrize("k", [0, 1, 3, 12, 13, 50])
def test_few_of_many_are_found_as_if_all_had_been_sorted(k, largest):
    x = np.random.default_rng(k).integers(-4, 5, (3, 50, 2)).astype(float)
    values, indices = Tensor(x).topk(k, 1, largest)
    expected = best(x, k, 1, largest)
    np.testing.assert_array_equal(values.numpy(), expected[0])
    np.testing.assert_array_equal(indices.numpy(), expected[1])


def test_nan_is_found_among_many_first_or_last():
    x = np.arange(40.0)
    x[[5, 7, 30]] = math.nan
    assert Tensor(x).topk(2).indices.tolist() == [5, 7] and Tensor(x).topk(4).indices.tolist() == [5, 7, 30, 39]
    assert Tensor(x).topk(2, largest=False).indices.tolist() == [0, 1]
    x[:38] = math.nan
    assert Tensor(x).topk(4, largest=False).indices.tolist() == [38, 39, 0, 1]


def test_infinity_is_a_number_to_sort():
    x = Tensor([math.inf, 1.0, -math.inf])
    assert x.sort().values.tolist() == [-math.inf, 1, math.inf] and x.median().item() == 1
    assert x.quantile(Tensor([0.0, 0.25, 0.5, 1.0])).tolist() == [-math.inf, -math.inf, 1, math.inf]
    for way, expected in [("lower", 1), ("nearest", 1), ("higher", math.inf)]:
        assert x.quantile(0.6, interpolation=way).item() == expected


def test_the_gradient_goes_to_the_places_returned():
    x = Tensor([2.0, 1.0, 2.0, 1.0, 2.0], requires_grad=True)
    weight = Tensor([1.0, 10.0, 100.0, 1000.0, 10000.0])
    for find, expected in [
        (lambda: x.sort().values @ weight, [100, 1, 1000, 10, 10000]),
        (lambda: x.topk(2).values @ weight[:2], [1, 0, 10, 0, 0]),
        (lambda: x.kthvalue(2, 0).values, [0, 1, 0, 0, 0]),
        (lambda: x.kthvalue(5, 0).values, [1, 0, 0, 0, 0]),
        (lambda: x.median(0).values, [1, 0, 0, 0, 0]),
    ]:
        x.grad = None
        find().backward()
        assert x.grad.tolist() == expected


def test_along_an_axis_the_first_of_equal_elements_stands_for_its_rank():
    x = Tensor([[5.0, 3.0, 3.0, 3.0]])
    assert x.median(1).indices.tolist() == [1] and x.kthvalue(3, 1).indices.tolist() == [1]
    assert x.kthvalue(4, 1).indices.tolist() == [0]


def test_over_all_elements_a_tie_for_the_median_shares():
    x = Tensor([[1.0, 1.0], [2.0, 1.0]], requires_grad=True)
    x.median().backward(Tensor(6.0))
    assert x.grad.tolist() == [[2, 2], [0, 2]]


def test_the_median_of_an_even_number_is_the_lower_one():
    assert Tensor([4.0, 1.0, 3.0, 2.0]).median().item() == 2
    assert Tensor([[4.0, 1.0, 3.0, 2.0]]).median(1).values.tolist() == [2]
    assert Tensor([4.0, 1.0, 3.0, 2.0]).quantile(0.5).item() == 2.5


def test_nan_counts_as_the_largest():
    x = Tensor([1.0, math.nan, 3.0, math.nan])
    assert x.argsort().tolist() == [0, 2, 1, 3] and x.argsort(descending=True).tolist() == [1, 3, 2, 0]
    assert x.topk(3).indices.tolist() == [1, 3, 2] and x.topk(2, largest=False).values.tolist() == [1, 3]
    assert x.kthvalue(2, 0).values.item() == 3
    assert math.isnan(x.kthvalue(3, 0).values.item()) and x.kthvalue(3, 0).indices.item() == 1


def test_a_median_or_quantile_among_nan_is_nan():
    x = Tensor([[1.0, math.nan, 2.0, math.nan], [1.0, 2.0, 3.0, 4.0]])
    assert np.isnan(x.median(1).values.numpy()).tolist() == [True, False]
    assert x.median(1).indices.tolist() == [1, 1]
    assert math.isnan(x.median().item()) and math.isnan(x.quantile(0.0).item())
    assert np.isnan(x.quantile(0.2, 1).numpy()).tolist() == [True, False]
    assert np.isnan(x.quantile(Tensor([0.0, 0.2, 1.0]), 1).numpy()).tolist() == [[True, False]] * 3


def test_a_quantile_between_two_elements_divides_the_gradient():
    x = Tensor([10.0, 30.0, 20.0], dtype="float64", requires_grad=True)
    y = x.quantile(0.75)
    y.backward()
    assert y.item() == 25 and x.grad.tolist() == [0, 0.5, 0.5]


def test_several_fractions_make_a_first_axis():
    x = np.random.default_rng(0).normal(size=(2, 5, 3))
    q = np.array([0.0, 0.1, 0.5, 1.0])
    for kwargs in ({}, {"dim": 1}, {"dim": -1, "keepdim": True}, {"keepdim": True}):
        np.testing.assert_allclose(Tensor(x).quantile(Tensor(q), **kwargs).numpy(), between(x, q, **kwargs))
    assert Tensor(x).quantile(Tensor(np.zeros(0)), 1).shape == (0, 2, 3)
    gradcheck(lambda x: x.quantile(Tensor(q), 1), x)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "int64", "float16", "float32"])
def test_every_type_is_sorted_and_kept(dtype):
    x = minigrad.tensor([1, 0, 1, 0, 1], dtype=dtype)
    assert x.sort().values.dtype == x.topk(1).values.dtype == x.median().dtype == x.kthvalue(1, 0).values.dtype == x.dtype
    assert x.sort().values.tolist() == [0, 0, 1, 1, 1] and x.sort(descending=True).indices.tolist() == [0, 2, 4, 1, 3]
    assert x.median().item() == 1 and x.kthvalue(2, 0).values.item() == 0
    assert x.sort().indices.dtype == minigrad.int64


def test_sorting_a_large_array_agrees_with_numpy():
    x = np.random.default_rng(0).normal(size=(50, 1001)).astype(np.float32)
    np.testing.assert_array_equal(Tensor(x).sort(1).values.numpy(), np.sort(x, 1))
    np.testing.assert_array_equal(Tensor(x).median(1).values.numpy(), np.median(x, 1))


def test_overwriting_the_indices_does_not_redirect_the_gradient():
    x = Tensor([3.0, 1.0, 2.0], requires_grad=True)
    values, indices = x.sort()
    indices.fill_(0)
    (values * Tensor([1.0, 2.0, 3.0])).sum().backward()
    assert x.grad.tolist() == [3, 1, 2]


def test_nothing_has_a_median_of_nan_and_no_place():
    x = minigrad.zeros(2, 0).requires_grad_()
    y = x.median()
    y.backward()
    assert math.isnan(y.item()) and x.grad.shape == (2, 0)
    with pytest.raises(ArgumentError, match=r"median: shape \(2, 0\) has nothing along dim \(1,\) to choose from"):
        x.median(1)
    with pytest.raises(ArgumentError, match=r"quantile: shape \(0,\) has nothing along dim \(0,\)"):
        x.quantile(0.5)
    with pytest.raises(DtypeError, match="median of no elements: needs a floating tensor, got int64"):
        minigrad.tensor([], dtype="int64").median()


def test_a_rank_that_does_not_exist_is_refused():
    x = minigrad.zeros(2, 3)
    for k in (-1, 4):
        with pytest.raises(ArgumentError, match=rf"topk: k is {k}, but dim 1 of shape \(2, 3\) has 3 elements\nHint: .* 0 to 3"):
            x.topk(k)
    for k in (0, 4):
        with pytest.raises(ArgumentError, match=rf"kthvalue: k is {k}, but dim 1 .*\nHint: choose k from 1 to 3"):
            x.kthvalue(k, 1)
    with pytest.raises(ArgumentError, match=r"topk: k must be an integer, got 2\.5"):
        x.topk(2.5)
    with pytest.raises(ArgumentError, match=r"topk: k is 0, but dim 0 of shape \(\) has 1 elements"):
        minigrad.tensor(1.0).topk(0)


def test_wrong_arguments_are_refused_with_the_way_out():
    x = minigrad.zeros(2, 3)
    with pytest.raises(AxisError, match=r"sort: dim 2 is outside \[-2, 1\]"):
        x.sort(2)
    with pytest.raises(ArgumentError, match="median: keepdim needs a dim"):
        x.median(keepdim=True)
    with pytest.raises(DtypeError, match="quantile: needs a floating tensor, got int64"):
        minigrad.tensor([1, 2]).quantile(0.5)
    for q in (-0.1, 1.1, math.nan, "half", Tensor([0.5, 2.0]), Tensor([[0.5]])):
        with pytest.raises(ArgumentError, match=r"quantile: q must be a number in \[0, 1\], or a 1-d tensor of such"):
            x.quantile(q)
    with pytest.raises(ArgumentError, match="quantile: interpolation is 'cubic'\nHint: use one of linear, lower"):
        x.quantile(0.5, interpolation="cubic")
