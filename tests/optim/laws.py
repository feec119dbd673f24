"""What every optimizer is held to. A test module lists CASES and imports these tests; conftest.py runs them on each.

    CASES = [Case(SGD, sgd, {"lr": 0.1}, quadratic={"lr": 0.1}), ...]
    from tests.optim.laws import *

A case is an optimizer with options. Its reference is a loop over single numbers, written from the paper in the test
module: reference(x, gradients, **options) returns the value of one element after a step for each gradient.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

import minigrad
from minigrad import Tensor
from minigrad.errors import InPlaceError
from minigrad.optim import Optimizer

__all__ = [
    "Case",
    "test_a_parameter_without_a_gradient_is_left_alone",
    "test_a_quadratic_converges",
    "test_a_saved_state_continues_bit_for_bit",
    "test_a_step_between_forward_and_backward_is_caught",
    "test_empty_parameters_and_layouts_other_than_row_major_work",
    "test_float16_neither_drowns_nor_divides_by_zero",
    "test_gradients_are_left_as_they_were",
    "test_groups_follow_their_own_options",
    "test_maximizing_is_minimizing_the_negative",
    "test_parameters_and_state_keep_their_dtype",
    "test_steps_agree_with_a_loop_over_numbers",
]

SHAPES = [(3, 2), (4,), (), (1, 2, 2)]
STEPS = 12


@dataclass(frozen=True)
class Case:
    """An optimizer with options."""

    kind: type[Optimizer]
    reference: Callable[..., float]
    options: dict[str, Any]
    quadratic: dict[str, Any] = field(default_factory=dict)  # what makes 300 steps enough for a quadratic

    @property
    def id(self) -> str:
        return "-".join([self.kind.__name__, *(f"{key}={value}" for key, value in self.options.items())])


def parameters(dtype: str = "float64", seed: int = 0) -> list[Tensor]:
    rng = np.random.default_rng(seed)
    return [minigrad.tensor(rng.normal(size=shape).astype(dtype), requires_grad=True) for shape in SHAPES]


def gradients(dtype: str = "float64", seed: int = 1) -> list[list[np.ndarray[Any, Any]]]:
    """Return the gradients of every step, of very different sizes."""
    rng = np.random.default_rng(seed)
    return [[np.asarray(rng.normal(size=shape) * 10.0 ** rng.integers(-2, 2), dtype) for shape in SHAPES]
            for _ in range(STEPS)]  # fmt: skip


def take(optimizer: Optimizer, params: list[Tensor], grads: list[np.ndarray[Any, Any]]) -> None:
    for p, g in zip(params, grads, strict=True):
        p.grad = minigrad.tensor(g)
    optimizer.step()


def values(params: list[Tensor]) -> list[list[float]]:
    return [p.detach().numpy().copy() for p in params]


def test_steps_agree_with_a_loop_over_numbers(case):
    params, grads = parameters(), gradients()
    start = values(params)
    optimizer = case.kind(params, **case.options)
    for step in range(1, STEPS + 1):
        take(optimizer, params, grads[step - 1])
        if step in (1, 2, STEPS):
            for i, p in enumerate(params):
                for at in np.ndindex(p.shape):
                    slopes = [float(g[i][at]) for g in grads[:step]]
                    wanted = case.reference(float(start[i][at]), slopes, **case.options)
                    np.testing.assert_allclose(p.detach().numpy()[at], wanted, rtol=1e-11, atol=1e-13)


def test_a_quadratic_converges(case):
    x = minigrad.tensor([3.0, -2.0, 0.5], dtype="float64", requires_grad=True)
    target, steepness = minigrad.tensor([1.0, 1.0, -1.0], dtype="float64"), minigrad.tensor([1.0, 4.0, 0.5])
    sign = -1.0 if case.options.get("maximize") else 1.0
    optimizer = case.kind([x], **{**case.options, "weight_decay": 0, **case.quadratic})

    def loss() -> Tensor:
        return (steepness * (x - target) ** 2).sum() * sign

    start = abs(loss().item())
    for _ in range(300):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
    assert abs(loss().item()) < 1e-2 * start


def test_maximizing_is_minimizing_the_negative(case):
    up, down, grads = parameters(), parameters(), gradients()
    flipped = not case.options.get("maximize", False)
    one, other = case.kind(up, **case.options), case.kind(down, **{**case.options, "maximize": flipped})
    for g in grads:
        take(one, up, g)
        take(other, down, [-x for x in g])
    for a, b in zip(values(up), values(down), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_saved_state_continues_bit_for_bit(case, tmp_path):
    from minigrad.io import load, save

    params, grads = parameters("float32"), gradients("float32")
    optimizer = case.kind(params, **case.options)
    for g in grads[:5]:
        take(optimizer, params, g)
    save({"params": [p.detach() for p in params], "optimizer": optimizer.state_dict()}, tmp_path / "run.safetensors")
    for g in grads[5:]:
        take(optimizer, params, g)

    saved = load(tmp_path / "run.safetensors")
    resumed = [minigrad.tensor(p, requires_grad=True) for p in saved["params"]]
    other = case.kind(resumed, lr=77.0)
    other.load_state_dict(saved["optimizer"])
    for g in grads[5:]:
        take(other, resumed, g)
    for a, b in zip(values(params), values(resumed), strict=True):
        np.testing.assert_array_equal(a, b)
    assert other.param_groups[0]["lr"] == optimizer.param_groups[0]["lr"]


def test_parameters_and_state_keep_their_dtype(case):
    for dtype, remembered in (("float16", "float32"), ("float32", "float32"), ("float64", "float64")):
        params = parameters(dtype)
        optimizer = case.kind(params, **case.options)
        take(optimizer, params, gradients(dtype)[0])
        assert {p.dtype for p in params} == {np.dtype(dtype)}
        arrays = [x for state in optimizer.state.values() for x in state.values() if isinstance(x, Tensor)]
        assert {x.dtype for x in arrays} <= {np.dtype(remembered)}


def test_float16_neither_drowns_nor_divides_by_zero(case):
    x = minigrad.tensor(np.array([1.0, 1.0, 1.0], "float16"), requires_grad=True)
    optimizer = case.kind([x], **{**case.options, "lr": 0.1})
    for _ in range(3):
        x.grad = minigrad.tensor(np.array([0.0, 2e-4, 1.0], "float16"))
        optimizer.step()
    assert np.isfinite(x.detach().numpy()).all()


def test_groups_follow_their_own_options(case):
    apart, together, grads = parameters(), parameters(), gradients()
    optimizer = case.kind([{"params": together[:1], "lr": 0.3}, {"params": together[1:]}], **case.options)
    first, rest = case.kind(apart[:1], **{**case.options, "lr": 0.3}), case.kind(apart[1:], **case.options)
    for g in grads:
        take(optimizer, together, g)
        take(first, apart[:1], g[:1])
        take(rest, apart[1:], g[1:])
    for a, b in zip(values(apart), values(together), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_parameter_without_a_gradient_is_left_alone(case):
    params = parameters()
    before = values(params)
    optimizer = case.kind(params, **case.options)
    params[0].grad = minigrad.tensor(gradients()[0][0])
    optimizer.step()
    assert (params[0].detach().numpy() != before[0]).any()
    for a, b in zip(values(params[1:]), before[1:], strict=True):
        np.testing.assert_array_equal(a, b)
    assert params[1] not in optimizer.state


def test_gradients_are_left_as_they_were(case):
    params, grads = parameters(), gradients()
    optimizer = case.kind(params, **case.options)
    for g in grads[:3]:
        kept = copy.deepcopy(g)
        take(optimizer, params, g)
        for p, a in zip(params, kept, strict=True):
            np.testing.assert_array_equal(p.grad.numpy(), a)


def test_a_step_between_forward_and_backward_is_caught(case):
    w = minigrad.tensor([1.0, 2.0], requires_grad=True)
    optimizer = case.kind([w], **case.options)
    w.grad = minigrad.tensor([0.5, 0.5])
    loss = (w * w).sum()
    optimizer.step()
    with pytest.raises(InPlaceError, match=rf"overwritten since by {case.kind.__name__}\.step"):
        loss.backward()


def test_empty_parameters_and_layouts_other_than_row_major_work(case):
    rng = np.random.default_rng(2)
    x, g = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    plain = minigrad.tensor(x, requires_grad=True)
    turned = minigrad.tensor(x.T, requires_grad=True)
    turned.array = np.asfortranarray(turned.array)
    empty = minigrad.tensor(np.zeros((0, 3)), requires_grad=True)
    one, other = case.kind([plain], **case.options), case.kind([turned, empty], **case.options)
    for _ in range(3):
        take(one, [plain], [g])
        take(other, [turned, empty], [g.T, np.zeros((0, 3))])
    np.testing.assert_array_equal(plain.detach().numpy(), turned.detach().numpy().T)


def refused(kind: type[Optimizer], message: str, **options: Any) -> None:
    """Check that options are refused, by op, value and interval."""
    with pytest.raises(minigrad.errors.ArgumentError) as caught:
        kind([minigrad.tensor([1.0], requires_grad=True)], **options)
    assert str(caught.value) == message
