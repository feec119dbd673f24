import numpy as np
import pytest

import minigrad
from minigrad import ops
from tests.ops.laws import *

SHAPES = [(2, 3), (), (5,), (0, 3)]
INSIDE = {"low": -0.9, "high": 0.9}
DOMAINS = {
    "sin": {}, "cos": {}, "tan": {"low": -1.2, "high": 1.2}, "sinh": {}, "cosh": {}, "tanh": {},
    "asin": INSIDE, "acos": INSIDE, "atan": {}, "asinh": {}, "acosh": {"low": 1.2, "high": 4.0}, "atanh": INSIDE,
}  # fmt: skip


def reference(name):
    return getattr(np, name.replace("a", "arc", 1) if name[0] == "a" else name)


RING = {"away_from": (0.0,), "gap": 0.3}
CASES = [
    *[Case(n, getattr(ops, n), reference(n), [A(*s, **d)]) for n, d in DOMAINS.items() for s in SHAPES],
    *[Case("atan2", ops.atan2, np.arctan2, list(p))
      for p in [(A(2, 3, **RING), A(2, 3, **RING)), (A(2, 1, **RING), A(3, **RING)), (A(**RING), A(2, **RING)), (1.5, A(3)),
                (A(3), -0.5), (A(0, 3), A(3))]],
    *[Case("hypot", ops.hypot, np.hypot, list(p))
      for p in [(A(2, 3, **RING), A(2, 3, **RING)), (A(2, 1, **RING), A(3, **RING)), (A(**RING), A(2, **RING)), (3, A(3)),
                (A(0, 3), A(3))]],
]  # fmt: skip


@pytest.mark.parametrize("name", sorted(DOMAINS))
def test_whole_numbers_become_the_default_floating_type(name):
    y = getattr(ops, name)(minigrad.tensor([1, 0]))
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(y.numpy(), reference(name)(np.array([1.0, 0.0])), rtol=1e-6)
    assert y.dtype == minigrad.float32


@pytest.mark.parametrize("name", sorted(DOMAINS))
def test_nothing_outside_the_domain_warns(name):
    x = np.array([0.0, 1.0, -1.0, 2.0, -2.0, np.inf, -np.inf, np.nan, 1e4])
    with np.errstate(all="ignore"):
        expected = reference(name)(x)
    np.testing.assert_array_equal(getattr(ops, name)(minigrad.tensor(x)).numpy(), expected)


@pytest.mark.parametrize("name", [*sorted(DOMAINS), "atan2", "hypot"])
def test_the_method_is_the_function(name):
    assert getattr(minigrad.Tensor, name) is getattr(ops, name)


@pytest.mark.parametrize(("name", "slope"), [("asin", np.inf), ("acos", -np.inf), ("acosh", np.inf)])
def test_the_slope_is_infinite_at_the_end_of_the_domain(name, slope):
    x = minigrad.tensor(1.0, requires_grad=True)
    getattr(ops, name)(x).backward()
    assert x.grad.item() == slope


def test_the_slope_close_to_the_end_of_the_domain_keeps_its_digits():
    d = 2.0**-40  # 1 - x² = d (2 - d)
    x = minigrad.tensor(1 - d, dtype="float64", requires_grad=True)
    x.asin().backward()
    np.testing.assert_allclose(x.grad.item(), 1 / np.sqrt(d * (2 - d)), rtol=1e-14)


def test_acosh_below_its_domain_has_no_slope():
    x = minigrad.tensor([-3.0, 0.5], requires_grad=True)
    x.acosh().backward(minigrad.tensor([1.0, 2.0]))
    assert np.isnan(x.grad.numpy()).all()


def test_the_angle_lies_in_the_quadrant_of_the_vector():
    y, x = np.array([1.0, 1, -1, -1, 0, 0.0, -0.0]), np.array([1.0, -1, -1, 1, 1, -1, -1])
    np.testing.assert_allclose(
        ops.atan2(minigrad.tensor(y), minigrad.tensor(x)).numpy(),
        np.pi * np.array([0.25, 0.75, -0.75, -0.25, 0, 1, -1]), rtol=1e-15,
    )  # fmt: skip


@pytest.mark.parametrize("op", [ops.atan2, ops.hypot])
def test_the_origin_has_gradient_zero_to_every_order(op):
    x, y = (minigrad.tensor([0.0, 3.0], dtype="float64", requires_grad=True) for _ in range(2))
    gs = minigrad.grad((op(x, y) * minigrad.tensor([2.0, -1.0])).sum(), [x, y], create_graph=True)
    seconds = minigrad.grad((gs[0] * 3 + gs[1]).sum(), [x, y])
    for g in (*gs, *seconds):
        assert g[0].item() == 0 and np.isfinite(g[1].item())


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_lengths_whose_squares_overflow_or_vanish_are_right(scale):
    x, y = (minigrad.tensor(v * scale, dtype="float64", requires_grad=True) for v in (3.0, 4.0))
    r = ops.hypot(x, y)
    np.testing.assert_allclose(r.item(), 5 * scale)
    np.testing.assert_allclose([g.item() for g in minigrad.grad(r, [x, y])], [0.6, 0.8])
    angle = minigrad.grad(ops.atan2(y, x), [y, x])
    np.testing.assert_allclose([g.item() * scale for g in angle], [3 / 25, -4 / 25])


def test_in_place_gives_the_same_values_and_gradients():
    x, w = minigrad.tensor([0.5, 2.0], requires_grad=True), minigrad.tensor([3.0, -1.0])
    (expected,) = minigrad.grad(((x * 1.5).tanh() * w).sum(), [x])
    y = x * 1.5
    assert y.tanh_() is y
    (got,) = minigrad.grad((y * w).sum(), [x])
    np.testing.assert_array_equal(got.numpy(), expected.numpy())
