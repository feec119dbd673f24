import math

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, ops
from minigrad.errors import ArgumentError, AxisError, DtypeError
from tests.ops.laws import *


def variance(x, dim=None, keepdim=False, correction=1):
    """Sum over all pairs: n Σ (x_i - μ)² = Σ_{i<j} (x_i - x_j)²; the mean does not enter."""
    axes = tuple(range(x.ndim)) if dim is None else tuple(np.atleast_1d(dim) % x.ndim)
    rest = [i for i in range(x.ndim) if i not in axes]
    lines = x.transpose([*rest, *axes]).reshape(*(x.shape[i] for i in rest), math.prod(x.shape[i] for i in axes))
    n = lines.shape[-1]
    pairs = (lines[..., :, None] - lines[..., None, :]) ** 2
    y = pairs.sum((-1, -2)) / (2 * n * max(n - correction, 0))
    return y.reshape([1 if i in axes else m for i, m in enumerate(x.shape)]) if keepdim else y


def deviation(*args, **kwargs):
    return np.sqrt(variance(*args, **kwargs))


def mean(x, dim=None, keepdim=False, correction=1):
    return x.mean(dim, keepdims=keepdim)


def pair(first):
    return lambda *args, **kwargs: (first(*args, **kwargs), mean(*args, **kwargs))


ARGUMENTS = [
    ((5,), {}), ((3, 4), {}), ((3, 4), {"dim": 0}), ((2, 3, 4), {"dim": (0, -1), "keepdim": True}), ((2, 5), {"dim": -1}),
    ((4, 3), {"dim": 0, "correction": 0}), ((6,), {"correction": 2}), ((7,), {"correction": 0.5}),
    ((2, 0, 3), {"dim": 2}), ((2, 3), {"keepdim": True}),
]  # fmt: skip
CASES = [
    Case(name, getattr(ops, name), reference, [A(*shape)], kwargs)
    for name, reference in [("var", variance), ("std", deviation), ("var_mean", pair(variance)),
                            ("std_mean", pair(deviation))]
    for shape, kwargs in ARGUMENTS
]  # fmt: skip


def test_a_large_mean_does_not_swallow_a_small_spread():
    x = np.array([1e8 + 1, 1e8 + 2, 1e8 + 3])
    assert Tensor(x).var().item() == 1.0
    assert minigrad.tensor([4096.0, 4097.0, 4098.0], dtype="float32").var().item() == 1.0


def test_unbiased_is_the_older_name_of_the_correction():
    x = Tensor(np.random.default_rng(0).normal(size=(3, 4)))
    for op in (ops.var, ops.std):
        assert op(x, False).item() == op(x, unbiased=False).item() == op(x, correction=0).item()
        assert op(x, True).item() == op(x).item() != op(x, False).item()
        assert op(x, 0, False, True).tolist() == op(x, 0, correction=0, keepdim=True).tolist()
    assert ops.var_mean(x, False)[0].item() == ops.var(x, correction=0).item()
    assert ops.std_mean(x, False)[1].item() == x.mean().item()


def test_both_names_at_once_are_refused():
    with pytest.raises(ArgumentError, match="var: unbiased is True and correction 0\nHint: give correction alone"):
        Tensor([1.0, 2.0]).var(unbiased=True, correction=0)


def test_equal_numbers_have_deviation_zero_and_no_gradient():
    x = Tensor([[2.0, 2.0, 2.0], [1.0, 2.0, 3.0]], requires_grad=True)
    (dx,) = minigrad.autograd.grad(x.std(1), x, Tensor([5.0, 1.0]), create_graph=True)
    assert dx[0].tolist() == [0, 0, 0]
    np.testing.assert_allclose(dx[1].numpy(), [-0.5, 0, 0.5])
    (ddx,) = minigrad.autograd.grad((dx[0] * Tensor([1.0, 2.0, 4.0])).sum(), x)
    assert ddx.tolist() == np.zeros((2, 3)).tolist()


def test_without_a_degree_of_freedom_there_is_no_variance():
    x = Tensor([[2.0]], requires_grad=True)
    for op in (ops.var, ops.std):
        y = op(x, 1)
        x.grad = None
        y.sum().backward()
        assert math.isnan(y.item()) and math.isnan(x.grad.item())


def test_too_large_a_correction_makes_a_variance_infinite():
    x = Tensor([2.0, 3.0], requires_grad=True)
    y = x.var(correction=3)
    y.backward()
    assert y.item() == math.inf and np.isinf(x.grad.numpy()).all()


def test_nothing_has_no_variance():
    x = minigrad.zeros(2, 0)
    for op in (ops.var, ops.std):
        assert all(map(math.isnan, op(x, 1).tolist())) and math.isnan(op(x).item())
        assert op(x, 0).shape == (0,)
        assert math.isnan(op(minigrad.tensor(3.0)).item())
        assert op(minigrad.tensor(3.0), correction=0).item() == 0


def test_nan_and_infinity_make_nan():
    x = Tensor([[1.0, math.nan, 2.0], [1.0, math.inf, 2.0], [1.0, 2.0, 3.0]])
    assert [math.isnan(y) for y in x.var(1).tolist()] == [True, True, False]


def test_integers_are_refused_with_the_way_out():
    for op in (ops.var, ops.std, ops.var_mean, ops.std_mean):
        with pytest.raises(DtypeError, match=r"(var|std): needs a floating tensor, got int64\nHint: convert with .float"):
            op(minigrad.tensor([1, 2]))


def test_wrong_axes_are_named():
    with pytest.raises(AxisError, match=r"std: dim 3 is outside \[-1, 0\], the tensor has 1 axes"):
        Tensor([1.0]).std(3)
