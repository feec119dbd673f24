import numpy as np
import pytest

import minigrad
from minigrad.autograd import grad
from minigrad.errors import ArgumentError, DtypeError, ShapeError
from minigrad.ops.normalise import (
    normalise,
    normalise_backward,
    normalise_forward,
    normalise_weight,
    operand,
    parameter,
    standardized,
)  # fmt: skip

PROBLEMS = [  # the shape of x, the axes of the means, the shape of w and b
    ((4, 3), (0,), (1, 3)),
    ((3, 2, 4, 2), (0, 2, 3), (1, 2, 1, 1)),
    ((2, 3, 5), (2,), (1, 1, 5)),
    ((2, 3, 4), (1, 2), (1, 3, 4)),
    ((2, 2, 3, 4), (2, 3), (1, 2, 3, 1)),
    ((7,), (0,), (7,)),
]
EPS = 1e-2


def draw(shape, parameters, seed=0):
    rng = np.random.default_rng(seed)
    x, dy, u = (rng.normal(size=shape) for _ in range(3))
    return 2 * x + 1, rng.normal(size=parameters), rng.normal(size=parameters), dy, u


def defined(x, w, b, axes):
    """Return y by its definition in primitive ops."""
    return standardized(x, axes, EPS)[0] * w + b


@pytest.mark.parametrize(("shape", "axes", "parameters"), PROBLEMS)
def test_fused_equals_definition_for_value_gradient_and_second_gradient(shape, axes, parameters):
    arrays = draw(shape, parameters)
    dy, u = minigrad.tensor(arrays[3]), minigrad.tensor(arrays[4])
    results = []
    for f in lambda *t: normalise("op", *t, axes, EPS)[0], lambda *t: defined(*t, axes):
        leaves = [minigrad.tensor(a, requires_grad=True) for a in arrays[:3]]
        y = f(*leaves)
        by_loops = grad(y, leaves, dy, retain_graph=True)
        by_formula = grad(y, leaves, dy, create_graph=True)
        second = grad((by_formula[0] * u).sum() + by_formula[1].square().sum(), leaves, allow_unused=True)
        results.append([y, *by_loops, *by_formula, *second[:2]])
    for ours, expected in zip(*results, strict=True):
        np.testing.assert_allclose(ours.numpy(), expected.numpy(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("shape", "axes", "parameters"), PROBLEMS)
def test_what_runs_the_loops_agrees_with_their_reference(shape, axes, parameters):
    x, w, b, dy, _ = draw(shape, parameters)
    for dtype, tolerance in [("float64", 1e-10), ("float32", 1e-4)]:
        x_, w_, b_, dy_ = (a.astype(dtype) for a in (x, w, b, dy))
        mu, inverse = x_.mean(axes, keepdims=True), 1 / x_.std(axes, keepdims=True)
        for loop, args in [
            (normalise_forward, (x_, w_, b_, axes, EPS)),
            (normalise_forward, (x_, None, None, axes, EPS)),
            (normalise_backward, (dy_, x_, w_, mu, inverse, axes)),
            (normalise_backward, (dy_, x_, None, mu, inverse, axes)),
            (normalise_weight, (dy_, x_, mu, inverse, parameters)),
        ]:
            got, expected = loop(*args), loop.reference(*args)
            got, expected = (r if isinstance(r, tuple) else (r,) for r in (got, expected))
            for g, e in zip(got, expected, strict=True):
                assert g.dtype == dtype and g.shape == e.shape
                np.testing.assert_allclose(g, e, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("shape", "axes", "parameters"), PROBLEMS)
def test_the_gradient_has_no_part_along_a_shift_or_without_epsilon_along_a_scaling(shape, axes, parameters):
    x, w, b, dy, _ = draw(shape, parameters)
    leaf = minigrad.tensor(x, requires_grad=True)
    normalise("op", leaf, minigrad.tensor(w), minigrad.tensor(b), axes, 0.0)[0].backward(minigrad.tensor(dy))
    dx = leaf.grad.numpy()
    assert np.abs(dx).max() > 1e-3
    np.testing.assert_allclose(dx.sum(axes), 0, atol=1e-12)
    np.testing.assert_allclose((dx * (x - x.mean(axes, keepdims=True))).sum(axes), 0, atol=1e-12)


def test_a_large_mean_costs_no_precision():
    x = np.random.default_rng(0).normal(size=(4, 500)) + 1e4
    y, _, _ = normalise_forward(x.astype("float32"), None, None, (1,), 0.0)
    exact = x.astype("float32").astype("float64")
    exact = (exact - exact.mean(1, keepdims=True)) / exact.std(1, keepdims=True)
    np.testing.assert_allclose(y, exact, atol=2e-3)


def test_infinities_and_a_constant_input_without_epsilon_give_nan_without_a_warning():
    for values in [[1.0, np.inf, 2.0], [3.0, 3.0, 3.0]]:
        x = minigrad.tensor([values], requires_grad=True)
        w = minigrad.ones(1, 3, requires_grad=True)
        y, _, _ = normalise("op", x, w, None, (1,), 0.0)
        y.sum().backward()
        assert np.isnan(y.numpy()).any() and np.isnan(x.grad.numpy()).any() and np.isnan(w.grad.numpy()).any()


def test_float16_is_computed_in_float32_and_wider_parameters_are_allowed_only_there():
    narrow, wide = minigrad.ones(2, 3, dtype="float16"), minigrad.ones(3)
    x = operand("op", narrow, 1e-5)
    assert x.dtype == minigrad.float32
    assert parameter("op", "weight", wide, (3,), x, (1, 3), "").dtype == minigrad.float32
    assert parameter("op", "weight", wide.to("float16"), (3,), x, (1, 3), "").dtype == minigrad.float32
    with pytest.raises(DtypeError, match="op: input is float32 but weight is float64"):
        parameter("op", "weight", wide.to("float64"), (3,), x, (1, 3), "")


def test_bad_parameters_are_refused_with_their_values():
    x = minigrad.ones(2, 3)
    with pytest.raises(ShapeError) as error:
        parameter("op", "bias", minigrad.ones(4), (3,), x, (1, 3), "build it so")
    assert str(error.value).startswith("op: bias has shape (4,), (3,) is needed for an input of shape (2, 3)")
    assert str(error.value).endswith("Hint: build it so")
    for eps in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ArgumentError, match="op: eps must be a small number >= 0"):
            operand("op", x, eps)
    with pytest.raises(DtypeError, match="op: needs a floating tensor, got int64"):
        operand("op", x.to("int64"), 0.1)
