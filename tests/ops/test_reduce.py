import math

import numpy as np
import pytest
from scipy import special

import minigrad
from minigrad import Tensor, ops
from minigrad.errors import ArgumentError, AxisError, DtypeError
from minigrad.testing import gradcheck, gradgradcheck
from tests.ops.laws import *


def over(function, **fixed):
    """Return a NumPy reduction under PyTorch's argument names."""
    return lambda x, dim=None, keepdim=False: np.asarray(function(x, axis=dim, keepdims=keepdim, **fixed))


SHAPES = [
    ((), {}), ((), {"dim": 0, "keepdim": True}), ((5,), {}), ((1,), {"dim": 0}), ((3, 4), {}), ((3, 4), {"dim": 1}),
    ((3, 3), {"dim": 1}),
    ((3, 4), {"dim": -2, "keepdim": True}), ((2, 3, 3), {"keepdim": True}), ((2, 0, 3), {"dim": -1}),
]  # fmt: skip
SEVERAL = [((2, 3, 4), {"dim": (0, -1)}), ((2, 3, 2), {"dim": [1, 2], "keepdim": True}), ((2, 3), {"dim": (1,)})]
EMPTY = [((0,), {}), ((2, 0, 3), {"dim": 1}), ((0, 3), {"dim": 0, "keepdim": True})]


def flat(function):
    """Let a NumPy reduction see a 0-d array as PyTorch does: with an axis 0 that leaves nothing behind."""

    def reference(x, dim=None, keepdim=False):
        axis = None if x.ndim == 0 else tuple(dim) if isinstance(dim, list) else dim
        return function(x, axis, keepdim)

    return reference


CASES = [
    *(Case(name, getattr(ops, name), flat(over(getattr(np, name))), [A(*shape)], kwargs)
      for name in ("sum", "nansum") for shape, kwargs in SHAPES + SEVERAL + EMPTY),
    *(Case(name, getattr(ops, name), flat(over(getattr(np, name))), [A(*shape)], kwargs)
      for name in ("mean", "nanmean") for shape, kwargs in SHAPES + SEVERAL),
    *(Case("prod", ops.prod, flat(over(np.prod)), [A(*shape)], kwargs) for shape, kwargs in SHAPES + EMPTY),
    *(Case(name, getattr(ops, name), flat(over(getattr(np, name))), [A(*shape, distinct=True)], kwargs)
      for name in ("amax", "amin") for shape, kwargs in SHAPES + SEVERAL),
    *(Case("logsumexp", ops.logsumexp, flat(lambda x, *axes: np.log(over(np.sum)(np.exp(x), *axes))), [A(*shape)], {"dim": None, **kwargs})
      for shape, kwargs in SHAPES + SEVERAL),
    *(Case(name, getattr(ops, name), flat(over(getattr(np, name))), [A(*shape, dtype=dtype, low=0)], kwargs,
           differentiable=False)
      for name in ("all", "any") for dtype in ("bool", "int64", "float64")
      for shape, kwargs in SHAPES + SEVERAL + EMPTY),
    *(Case("count_nonzero", ops.count_nonzero, flat(lambda x, axis, _: np.asarray((x != 0).sum(axis))),
           [A(*shape, dtype=dtype)], {k: v for k, v in kwargs.items() if k == "dim"}, differentiable=False)
      for dtype in ("bool", "int64", "float64") for shape, kwargs in SHAPES + SEVERAL + EMPTY),
]  # fmt: skip


@pytest.mark.parametrize("zeros", [[2], [0], [4], [1, 3], [0, 1, 2, 3, 4]])
def test_a_product_differentiates_through_zeros(zeros):
    x = np.array([[1.5, -0.7, 2.0, -1.2, 0.8], [0.5, 1.7, -2.0, 1.2, 0.9]])
    x[0, zeros] = 0
    gradcheck(lambda x: x.prod(1), x)
    gradgradcheck(lambda x: x.prod(1), x)
    gradgradcheck(lambda x: x.prod(), x, zero="allowed")  # with five zeros nothing is left


def test_two_zeros_leave_a_product_with_a_mixed_second_derivative_only():
    x = Tensor([0.0, 3.0, 0.0], requires_grad=True)
    (dx,) = minigrad.autograd.grad(x.prod(), x, create_graph=True)
    assert dx.tolist() == [0, 0, 0]
    (row,) = minigrad.autograd.grad(dx[0], x)
    assert row.tolist() == [0, 0, 3]  # ∂²(x₀ x₁ x₂) / ∂x₀ ∂x₂ = x₁


@pytest.mark.parametrize("name", ["amax", "amin"])
def test_a_tie_shares_the_gradient_so_that_it_sums_to_one(name):
    x = Tensor([[2.0, 5.0, 5.0], [5.0, 5.0, 5.0], [5.0, 2.0, 9.0]], requires_grad=True)
    getattr(x if name == "amax" else -x, name)(1).backward(Tensor([6.0, 6.0, 6.0]))
    expected = [[0, 3, 3], [2, 2, 2], [0, 0, 6]]
    assert x.grad.tolist() == (expected if name == "amax" else (-np.array(expected)).tolist())


def test_a_tie_over_several_axes_is_shared_over_all_of_them():
    x = Tensor(np.array([[[1.0, 4.0], [4.0, 0.0]], [[4.0, 4.0], [7.0, 7.0]]]), requires_grad=True)
    x.amax((0, 2)).backward(Tensor([9.0, 4.0], dtype="float64"))
    assert x.grad.tolist() == [[[0, 3], [0, 0]], [[3, 3], [2, 2]]]


def test_no_axis_named_means_all_axes():
    x = Tensor(np.arange(6.0).reshape(2, 3))
    for op in (ops.sum, ops.mean, ops.amax, ops.amin, ops.logsumexp, ops.nansum, ops.nanmean):
        assert op(x, ()).shape == () and op(x, (), keepdim=True).shape == (1, 1)
        assert op(x, ()).item() == op(x, None).item()


def test_all_and_any_along_no_axis_look_at_each_element():
    x = Tensor([[0.0, 2.0]])
    assert x.all(()).tolist() == x.any(()).tolist() == [[False, True]]


def test_nothing_sums_to_zero_multiplies_to_one_and_has_no_mean():
    x = minigrad.zeros(2, 0)
    assert x.sum().item() == 0 and x.sum(1).tolist() == [0, 0]
    assert x.prod().item() == 1 and x.prod(1).tolist() == [1, 1]
    assert math.isnan(x.mean().item()) and all(map(math.isnan, x.mean(1).tolist()))
    assert all(map(math.isnan, x.nanmean(1).tolist()))
    assert x.logsumexp(1).tolist() == [-math.inf, -math.inf]
    assert x.all().item() is True and x.any().item() is False and x.count_nonzero().item() == 0


@pytest.mark.parametrize("name", ["amax", "amin"])
def test_nothing_has_no_extreme(name):
    x = minigrad.zeros(2, 0)
    with pytest.raises(ArgumentError, match=rf"{name}: shape \(2, 0\) has nothing along dim \(1,\) to choose from\nHint"):
        getattr(x, name)(1)
    with pytest.raises(ArgumentError, match=rf"{name}: shape \(2, 0\) has nothing along dim \(0, 1\)"):
        getattr(x, name)()
    assert getattr(x, name)(0).shape == (0,)


def test_nan_spreads_through_reductions_and_is_left_out_by_those_named_for_it():
    x = Tensor([[1.0, math.nan, 3.0], [math.nan, math.nan, math.nan], [4.0, 5.0, 6.0]])
    for op in (ops.sum, ops.mean, ops.prod, ops.amax, ops.amin, lambda x, d: ops.logsumexp(x, d)):
        assert [math.isnan(y) for y in op(x, 1).tolist()] == [True, True, False]
    assert x.nansum(1).tolist() == [4, 0, 15]
    assert x.nanmean(1)[0].item() == 2 and math.isnan(x.nanmean(1)[1].item()) and x.nanmean(1)[2].item() == 5


def test_what_is_left_out_gets_no_gradient():
    x = Tensor([1.0, math.nan, 3.0], requires_grad=True)
    (x.nansum() + x.nanmean()).backward()
    assert x.grad.tolist() == [1.5, 0, 1.5]


def test_logsumexp_of_large_numbers_does_not_overflow_nor_of_small_ones_vanish():
    x = np.array([[1000.0, 1001.0], [-1000.0, -1001.0]])
    y = Tensor(x, requires_grad=True)
    z = y.logsumexp(1)
    z.backward(Tensor([1.0, 2.0], dtype="float64"))
    np.testing.assert_allclose(z.numpy(), special.logsumexp(x, axis=1))
    np.testing.assert_allclose(y.grad.numpy(), [[1], [2]] * special.softmax(x, axis=1))


def test_logsumexp_of_masked_positions_is_right_to_second_order():
    x = Tensor([[-math.inf, -math.inf], [-math.inf, 2.0]], dtype="float64", requires_grad=True)
    y = x.logsumexp(1)
    (dx,) = minigrad.autograd.grad(y, x, Tensor([3.0, 5.0], dtype="float64"), create_graph=True)
    assert y.tolist() == [-math.inf, 2.0] and dx.tolist() == [[0, 0], [0, 5]]
    dx.sum().backward()
    assert x.grad.tolist() == [[0, 0], [0, 0]]


def test_logsumexp_of_infinity_is_infinity():
    assert Tensor([math.inf, 1.0]).logsumexp(0).item() == math.inf
    assert Tensor([math.inf, -math.inf]).logsumexp(0).item() == math.inf


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int16", "int64"])
def test_integers_add_up_and_multiply_as_int64(dtype):
    x = minigrad.tensor([[1, 1], [1, 0]], dtype=dtype)
    for y in (x.sum(), x.prod(), x.sum(0), x.prod(0), x.nansum(), x.count_nonzero()):
        assert y.dtype == minigrad.int64
    assert x.sum().item() == 3 and x.prod(1).tolist() == [1, 0]
    assert x.amax().dtype == x.dtype and x.amax(1).tolist() == [1, 1]
    assert x.logsumexp(0).dtype == minigrad.float32


def test_small_integers_do_not_wrap_around():
    x = minigrad.tensor([200, 200], dtype="uint8")
    assert x.sum().item() == 400 and x.prod().item() == 40000


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_dtype_casts_before_reducing(dtype):
    x = minigrad.tensor([1, 2, 4])
    assert x.sum(dtype=dtype).dtype == x.prod(dtype=dtype).dtype == x.mean(dtype=dtype).dtype == np.dtype(dtype)
    assert minigrad.tensor([0.6, 0.6]).sum(dtype="int64").item() == 0


def test_a_mean_of_integers_is_refused_with_the_way_out():
    for op in (ops.mean, ops.nanmean):
        with pytest.raises(DtypeError, match=rf"{op.__name__}: needs a floating tensor, got int64\nHint: convert with"):
            op(minigrad.tensor([1, 2]))


def test_wrong_axes_are_named():
    x = minigrad.zeros(2, 3)
    with pytest.raises(AxisError, match=r"sum: dim 2 is outside \[-2, 1\], the tensor has 2 axes"):
        x.sum(2)
    for op in (ops.count_nonzero, ops.nansum, ops.nanmean, ops.all, ops.any, ops.amax, ops.logsumexp):
        with pytest.raises(AxisError, match=rf"^{op.__name__}: dim 5 is outside"):
            op(x, 5)
    with pytest.raises(ArgumentError, match=r"mean: dim \(0, -2\) names an axis twice"):
        x.mean((0, -2))
    with pytest.raises(ArgumentError, match="prod: dim must be an integer"):
        x.prod((0, 1))
    with pytest.raises(DtypeError, match="sum: input must be a tensor, got list"):
        ops.sum([1.0])
