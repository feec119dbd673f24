"""What every op is held to. A test module lists CASES and imports these tests; conftest.py runs them on each case.

    CASES = [Case("mul", ops.mul, np.multiply, [A(2, 3), A(3)]), ...]
    from tests.ops.laws import *

A case is one call of one op. Array arguments are given as `A(*shape)`, drawn at random per law; other arguments as
they are. The reference takes NumPy arrays in their place and must not be minigrad code.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

import minigrad
from minigrad import Tensor
from minigrad.errors import MinigradError
from minigrad.testing import gradcheck, gradgradcheck

__all__ = [
    "A",
    "Case",
    "test_an_empty_axis_is_answered_or_refused_in_our_words",
    "test_first_derivatives_agree_with_differences",
    "test_float32_stays_float32",
    "test_forward_mode_is_the_adjoint_of_backward",
    "test_inputs_are_left_as_they_were",
    "test_layout_of_the_inputs_does_not_matter",
    "test_no_axes_at_all_are_answered_or_refused_in_our_words",
    "test_second_derivatives_agree_with_differences",
    "test_values_agree_with_the_reference",
]


@dataclass(frozen=True)
class Argument:
    """A random array argument: its shape, where its values lie, and whether it is differentiated."""

    shape: tuple[int, ...]
    low: float = -2.0
    high: float = 2.0
    dtype: str = "float64"
    away_from: tuple[float, ...] = ()  # kinks and poles: no value comes closer than `gap`
    gap: float = 0.05
    distinct: bool = False  # no two values closer than `gap`: for max, sort and the like

    def draw(self, rng: np.random.Generator) -> np.ndarray[Any, Any]:
        if self.dtype == "bool":
            return rng.random(self.shape) < 0.5
        if self.dtype != "float64":
            return rng.integers(int(self.low), int(self.high), self.shape).astype(self.dtype)
        n = int(np.prod(self.shape))
        if self.distinct:
            x = self.gap * (rng.permutation(n) - n // 2) + 0.1 * self.gap * rng.random(n)
            return np.reshape(x, self.shape)
        x = rng.uniform(self.low, self.high, self.shape)
        for kink in self.away_from:
            x = np.where(np.abs(x - kink) < self.gap, kink + np.where(x < kink, -1, 1) * self.gap, x)
        return np.asarray(x)


def A(*shape: int, **options: Any) -> Argument:
    """Describe a random array argument."""
    return Argument(shape, **options)


@dataclass
class Case:
    """One call of one op."""

    name: str  # as in ops.__all__
    op: Callable[..., Any]
    reference: Callable[..., Any] | None  # None: the value is checked by a test of its own
    args: list[Any]
    kwargs: dict[str, Any] = field(default_factory=dict)
    differentiable: bool = True  # False: the result carries no gradient, and that is checked
    general: bool = True  # False: the reference holds for the shapes of this case only
    order: int = 2  # of the derivatives that are checked
    rtol: float = 1e-10
    float32_rtol: float = 2e-4
    seed: int = 0

    @property
    def id(self) -> str:
        shown = [list(a.shape) if isinstance(a, Argument) else a for a in self.args]
        options = "".join(f",{k}={v}" for k, v in self.kwargs.items())
        return f"{self.name}({','.join(map(str, shown))}{options})".replace(" ", "")

    def draw(self, seed: int = 0) -> list[Any]:
        """Return the arguments, arrays drawn."""
        rng = np.random.default_rng([self.seed, seed])
        return [a.draw(rng) if isinstance(a, Argument) else a for a in self.args]

    def floating(self) -> list[int]:
        """Return the positions of the arguments that are differentiated."""
        return [i for i, a in enumerate(self.args) if isinstance(a, Argument) and a.dtype == "float64"]

    def call(self, args: list[Any]) -> Any:
        return self.op(*args, **self.kwargs)

    def on(self, args: list[Any], floats: tuple[Tensor, ...]) -> Any:
        """Call the op with `floats` as its floating arguments."""
        merged = [Tensor(a) if isinstance(a, np.ndarray) else a for a in args]
        for i, x in zip(self.floating(), floats, strict=True):
            merged[i] = x
        return self.call(merged)


def arrays_of(result: Any) -> list[np.ndarray[Any, Any]]:
    """Return the arrays in a result: one tensor, or several."""
    several = result if isinstance(result, (tuple, list)) else [result]
    return [y.numpy() if isinstance(y, Tensor) else np.asarray(y) for y in several]


def assert_close(got: Any, expected: Any, rtol: float, atol: float) -> None:
    ours, theirs = arrays_of(got), arrays_of(expected)
    assert len(ours) == len(theirs)
    for y, e in zip(ours, theirs, strict=True):
        assert y.shape == e.shape
        np.testing.assert_allclose(y, e, rtol=rtol, atol=atol)


def test_values_agree_with_the_reference(case: Case) -> None:
    args = case.draw()
    got = case.call([Tensor(a) if isinstance(a, np.ndarray) else a for a in args])
    if case.reference is not None:
        assert_close(got, case.reference(*args, **case.kwargs), case.rtol, 1e-12)
    if not case.differentiable:
        tracked = case.on(args, tuple(Tensor(args[i], requires_grad=True) for i in case.floating()))
        assert not any(y.requires_grad for y in (tracked if isinstance(tracked, (tuple, list)) else [tracked]))


def test_first_derivatives_agree_with_differences(case: Case) -> None:
    if case.differentiable and case.floating():
        args = case.draw(1)
        gradcheck(lambda *xs: case.on(args, xs), *(args[i] for i in case.floating()))


def test_second_derivatives_agree_with_differences(case: Case) -> None:
    if case.differentiable and case.order > 1 and case.floating():
        args = case.draw(2)
        gradgradcheck(lambda *xs: case.on(args, xs), *(args[i] for i in case.floating()))


def test_forward_mode_is_the_adjoint_of_backward(case: Case) -> None:
    """⟨v, J t⟩ = ⟨vᵀ J, t⟩ for random v and t."""
    if not (case.differentiable and case.order > 1 and case.floating()):
        return
    args, rng = case.draw(9), np.random.default_rng(10)
    primals = [Tensor(args[i]) for i in case.floating()]
    tangents = [Tensor(rng.normal(size=x.shape)) for x in primals]

    def f(*xs: Tensor) -> list[Tensor]:
        result = case.on(args, xs)
        several = result if isinstance(result, (tuple, list)) else [result]
        return [y for y in several if isinstance(y, Tensor) and y.is_floating_point()]

    ys, pushed = minigrad.func.jvp(f, primals, tangents)
    _, pull = minigrad.func.vjp(f, *primals)
    vs = [Tensor(rng.normal(size=y.shape)) for y in ys]
    pulled = pull(*vs) if len(vs) > 1 else pull(vs)
    pulled = pulled if isinstance(pulled, tuple) else (pulled,)
    forward = sum(float((v * p).sum().item()) for v, p in zip(vs, pushed, strict=True))
    backward = sum(float((g * t).sum().item()) for g, t in zip(pulled, tangents, strict=True))
    np.testing.assert_allclose(forward, backward, rtol=1e-8, atol=1e-9)


def test_float32_stays_float32(case: Case) -> None:
    args = case.draw(3)
    wide = case.call([Tensor(a) if isinstance(a, np.ndarray) else a for a in args])
    narrow = [Tensor(a, dtype="float32") if i in case.floating() else a for i, a in enumerate(args)]
    for i in case.floating():
        narrow[i].requires_grad = True
    result = case.call([Tensor(a) if isinstance(a, np.ndarray) else a for a in narrow])
    assert_close(result, wide, case.float32_rtol, 1e-4)
    ys = [y for y in (result if isinstance(result, (tuple, list)) else [result]) if y.is_floating_point()]
    if case.floating():
        assert all(y.dtype == minigrad.float32 for y in ys)
    for y in ys:
        if y.requires_grad:
            y.backward(Tensor(np.random.default_rng(4).normal(size=y.shape), dtype="float32"))
    grads = [narrow[i].grad for i in case.floating()]
    assert all(g is None or (g.dtype == minigrad.float32 and g.shape == narrow[i].shape)
               for i, g in zip(case.floating(), grads, strict=True))  # fmt: skip


def reshaped(case: Case, change: Callable[[tuple[int, ...]], tuple[int, ...]]) -> Case:
    """Return the case with the shape of every array argument changed."""
    args = [replace(a, shape=change(a.shape)) if isinstance(a, Argument) else a for a in case.args]
    return replace(case, args=args)


def answers_or_refuses(case: Case) -> None:
    """Hold a case to this: the value of the reference, gradients of the right shape, or an error of ours."""
    args = case.draw(11)
    xs = tuple(Tensor(args[i], requires_grad=True) for i in case.floating())
    try:
        result = case.on(args, xs)
    except MinigradError:
        return
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = None if case.reference is None else case.reference(*args, **case.kwargs)
    except Exception:
        expected = None  # the reference does not know this input
    if expected is not None and case.general:
        assert_close(result, expected, case.rtol, 1e-12)
    for y in result if isinstance(result, (tuple, list)) else [result]:
        if isinstance(y, Tensor) and y.requires_grad:
            y.backward(Tensor(np.ones(y.shape)))
    assert all(x.grad is None or x.grad.shape == x.shape for x in xs)


def test_an_empty_axis_is_answered_or_refused_in_our_words(case: Case) -> None:
    longest = max((len(a.shape) for a in case.args if isinstance(a, Argument)), default=0)
    for axis in range(longest):
        answers_or_refuses(reshaped(case, lambda shape, axis=axis: (*shape[:axis], 0, *shape[axis + 1 :]) if axis < len(shape) else shape))


def test_no_axes_at_all_are_answered_or_refused_in_our_words(case: Case) -> None:
    answers_or_refuses(reshaped(case, lambda shape: ()))


def scrambled(a: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the same values in memory that is neither contiguous nor forwards nor writable."""
    if a.ndim == 0:
        return a
    store = np.empty((*a.shape[:-1], 2 * a.shape[-1]), a.dtype)[..., ::-2].T.copy().T
    store[...] = a
    backwards = np.empty_like(store)[::-1]
    backwards[...] = store
    backwards.flags.writeable = False
    return backwards


def test_layout_of_the_inputs_does_not_matter(case: Case) -> None:
    args = case.draw(5)
    gradients = []
    for change in (np.array, scrambled):
        xs = [minigrad.from_numpy(change(a)) if isinstance(a, np.ndarray) else a for a in args]
        for i in case.floating():
            xs[i].requires_grad = True
        result = case.call(xs)
        ys = [y for y in (result if isinstance(result, (tuple, list)) else [result]) if isinstance(y, Tensor)]
        for k, y in enumerate(ys):
            if y.requires_grad:
                y.backward(minigrad.from_numpy(change(np.random.default_rng(k).normal(size=y.shape))))
        gradients.append([*arrays_of(result), *(xs[i].grad for i in case.floating() if xs[i].grad is not None)])
    assert_close(gradients[1], gradients[0], 1e-9, 1e-12)


def test_inputs_are_left_as_they_were(case: Case) -> None:
    args = case.draw(6)
    before = [np.array(a) if isinstance(a, np.ndarray) else a for a in args]
    xs = [minigrad.from_numpy(a) if isinstance(a, np.ndarray) else a for a in args]
    for i in case.floating():
        xs[i].requires_grad = True
    result = case.call(xs)
    for y in result if isinstance(result, (tuple, list)) else [result]:
        if isinstance(y, Tensor) and y.requires_grad:
            cotangent = np.random.default_rng(7).normal(size=y.shape)
            kept = cotangent.copy()
            y.backward(minigrad.from_numpy(cotangent))
            np.testing.assert_array_equal(cotangent, kept)
    for a, b in zip(args, before, strict=True):
        if isinstance(a, np.ndarray):
            np.testing.assert_array_equal(a, b)
