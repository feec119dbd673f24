import math

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, ops
from minigrad.errors import ArgumentError, AxisError, DtypeError
from minigrad.testing import gradcheck, gradgradcheck
from tests.ops.laws import *


def length(x, p="fro", dim=None, keepdim=False):
    """Apply NumPy's norm of a vector to every line."""
    axes = tuple(range(x.ndim)) if dim is None else tuple(np.atleast_1d(dim) % max(x.ndim, 1))[: x.ndim]
    rest = [i for i in range(x.ndim) if i not in axes]
    lines = x.transpose([*rest, *axes]).reshape(*(x.shape[i] for i in rest), math.prod(x.shape[i] for i in axes))
    y = np.linalg.norm(lines, 2 if p in ("fro", None) else p, axis=-1)
    return np.reshape(y, [1 if i in axes else n for i, n in enumerate(x.shape)]) if keepdim else np.asarray(y)


EVERY_P = [0, 0.5, 1, 1.5, 2, 3, -1, -2.5, math.inf, -math.inf]
ARGUMENTS = [
    ((5,), {}), ((), {}), ((3, 4), {"dim": 1}), ((2, 3, 2), {"dim": (0, -1), "keepdim": True}), ((2, 3), {"keepdim": True}),
    ((2, 0, 3), {"dim": 2}), ((), {"dim": 0}),
]  # fmt: skip
CASES = [
    *(Case("norm", ops.norm, length, [A(*shape, away_from=(0.0,), gap=0.2), p], kwargs)
      for p in ("fro", None, *EVERY_P) if p not in (math.inf, -math.inf) for shape, kwargs in ARGUMENTS),
    *(Case("norm", ops.norm, length, [A(*shape, low=low, high=low + 1.5), p], kwargs)
      for p in (math.inf, -math.inf) for low in (0.5, -2.0) for shape, kwargs in ARGUMENTS),
    *(Case("norm", ops.norm, length, [A(0, 3), p], {"dim": 0}) for p in (0, 1, 2, 2.5)),
]  # fmt: skip


@pytest.mark.parametrize("p", EVERY_P)
def test_the_zero_vector_has_no_gradient_to_second_order(p):
    x = Tensor([[0.0, 0.0], [0.3, -0.4]], dtype="float64", requires_grad=True)
    y = x.norm(p, 1)
    (dx,) = minigrad.autograd.grad(y, x, Tensor([3.0, 1.0], dtype="float64"), create_graph=True)
    assert y[0].item() == 0 and dx[0].tolist() == [0, 0]
    if dx.requires_grad:
        (ddx,) = minigrad.autograd.grad((dx * Tensor([1.0, 2.0])).sum(), x, allow_unused=True)
        assert ddx is None or (np.isfinite(ddx.numpy()).all() and ddx[0].tolist() == [0, 0])


@pytest.mark.parametrize("p", [0, 0.5, 1, 1.5])
def test_a_zero_among_others_gets_no_gradient_at_its_kink(p):
    x = Tensor([0.0, 2.0, -1.0], dtype="float64", requires_grad=True)
    (dx,) = minigrad.autograd.grad(x.norm(p), x, create_graph=True)
    assert dx[0].item() == 0 and np.isfinite(dx.numpy()).all()
    if dx.requires_grad:
        (ddx,) = minigrad.autograd.grad(dx.square().sum(), x, allow_unused=True)
        assert ddx is None or np.isfinite(ddx.numpy()).all()


@pytest.mark.parametrize("p", [2, 4, 4.5])
def test_a_zero_among_others_is_no_kink_of_a_smooth_norm(p):
    x = np.array([0.0, 2.0, -1.0])
    gradcheck(lambda x: x.norm(p), x)
    gradgradcheck(lambda x: x.norm(p), x, atol=1e-5)


def test_a_tie_for_the_largest_shares():
    x = Tensor([3.0, -3.0, 1.0, 1.0], requires_grad=True)
    (x.norm(math.inf) + 10 * x.norm(-math.inf)).backward()
    assert x.grad.tolist() == [0.5, -0.5, 5, 5]


def test_a_negative_p_of_a_vector_with_a_zero_is_zero_without_gradient():
    x = Tensor([0.0, 2.0, -2.0], requires_grad=True)
    y = x.norm(-1)
    y.backward()
    assert y.item() == 0 and x.grad.tolist() == [0, 0, 0]


def test_counting_has_a_gradient_of_zero():
    x = Tensor([0.0, 2.0, math.inf], requires_grad=True)
    x.norm(0).backward()
    assert x.norm(0).item() == 2 and x.norm(0).dtype == minigrad.float32 and x.grad.tolist() == [0, 0, 0]


@pytest.mark.parametrize("p", [1, 1.5, 2, 3, math.inf])
def test_a_length_scales_with_its_vector_and_obeys_the_triangle_inequality(p):
    x, y = (Tensor(np.random.default_rng(i).normal(size=9)) for i in range(2))
    np.testing.assert_allclose((-2.5 * x).norm(p).item(), 2.5 * x.norm(p).item())
    assert (x + y).norm(p).item() <= x.norm(p).item() + y.norm(p).item()


def test_nan_spreads():
    x = Tensor([math.nan, 1.0])
    assert all(math.isnan(x.norm(p).item()) for p in (0.5, 1, 2, 3, math.inf, -math.inf))


@pytest.mark.parametrize("p", [math.inf, -math.inf, -1])
def test_nothing_has_no_extreme(p):
    with pytest.raises(ArgumentError, match=r"norm: shape \(0, 2\) has nothing along dim \(0,\) to choose from"):
        minigrad.zeros(0, 2).norm(p, 0)


def test_a_dtype_is_taken_before_measuring():
    assert minigrad.tensor([3, 4]).norm(dtype="float64").item() == 5
    assert minigrad.tensor([3.0, 4.0]).norm(2, 0, False, "float64").dtype == minigrad.float64


@pytest.mark.parametrize("p", ["nuc", "other", math.nan, [2]])
def test_other_norms_are_refused(p):
    with pytest.raises(ArgumentError, match=r"norm: p is .*; use a number, math.inf, -math.inf or 'fro'\nHint: norms of"):
        Tensor([1.0]).norm(p)


def test_integers_and_wrong_axes_are_refused():
    with pytest.raises(DtypeError, match="norm: needs a floating tensor, got int64"):
        minigrad.tensor([3, 4]).norm()
    with pytest.raises(AxisError, match=r"norm: dim 1 is outside \[-1, 0\]"):
        Tensor([1.0]).norm(2, 1)
