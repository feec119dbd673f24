"""What shows that a mutant is alive: a call of an op, or a few lines that use the engine.

    Call    y = f(x, ...) of floating arrays: values, gradients, and whether the inputs were left alone.
            A gradient checker can be pointed at it
    Probe   run(): whatever it returns, or the error that it raises

A mutant whose outcome is that of the healthy code is no mutant: it is another way to write the same thing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from ...autograd import grad
from ...tensor import Tensor

Shapes: TypeAlias = "tuple[tuple[int, ...], ...]"
Arrays: TypeAlias = "list[np.ndarray[Any, Any]]"
Vary: TypeAlias = "Callable[[np.random.Generator], Shapes]"

DRAWS = 20  # of shapes and values, half of them with ties


@dataclass(frozen=True)
class Call:
    """A function of floating tensors, and what to call it with: `shapes` as a course's test would choose them."""

    f: Callable[..., Any]
    shapes: Shapes
    vary: Vary | None = None  # draws other shapes that the function takes
    low: float = -2.0
    high: float = 2.0
    order: int = 1  # of the derivatives in the outcome

    def drawn(self, seed: int) -> Arrays:
        """Return arrays for draw number `seed`: even ones are smooth, odd ones from a coarse grid, so with ties."""
        rng = np.random.default_rng(seed)
        shapes = self.shapes if seed < 2 or self.vary is None else self.vary(rng)
        return [self.values(rng, shape, ties=seed % 2 == 1) for shape in shapes]

    def values(self, rng: np.random.Generator, shape: tuple[int, ...], ties: bool = False) -> np.ndarray[Any, Any]:
        """Return values between `low` and `high`; with ties, each one of five."""
        unit = rng.integers(0, 5, shape) / 4 if ties else rng.random(shape)
        return np.asarray(self.low + (self.high - self.low) * unit)

    def outcome(self) -> Any:
        """Return values and gradients for a number of draws."""
        return [attempt(partial(self._derivatives, seed)) for seed in range(DRAWS)]

    def _derivatives(self, seed: int) -> Any:
        xs = [Tensor(a, requires_grad=True) for a in self.drawn(seed)]
        y = self.f(*xs)
        rng = np.random.default_rng([seed, 1])
        dy = Tensor(rng.normal(size=y.shape))
        first = grad(y, xs, dy, create_graph=self.order > 1, allow_unused=True) if y.requires_grad else []
        found = [y.numpy().copy(), dy.numpy().copy(), *(x.numpy().copy() for x in xs), *map(_copied, first)]
        if self.order > 1:
            total = sum(((g * Tensor(rng.normal(size=g.shape))).sum() for g in first if g is not None), Tensor(0.0))
            if total.requires_grad:
                found += map(_copied, grad(total, xs, allow_unused=True))
        return found


@dataclass(frozen=True)
class Probe:
    """A few lines that use the engine, and return what is to be the same unless something is broken."""

    run: Callable[[], Any]

    def outcome(self) -> Any:
        """Return what `run` returns, or the error."""
        return attempt(self.run)


def _copied(x: Tensor | None) -> Any:
    return None if x is None else x.numpy().copy()


def attempt(run: Callable[[], Any]) -> Any:
    """Return the result of `run`, or the kind of the error that it raises and who says so."""
    try:
        with np.errstate(all="ignore"):
            return run()
    except Exception as error:
        return f"{type(error).__name__}: {str(error).partition(':')[0]}"


def same(a: Any, b: Any) -> bool:
    """Say whether two outcomes are the same, but for rounding."""
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return same(a.numpy(), b.numpy())
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.shape == b.shape and a.dtype == b.dtype and bool(np.allclose(a, b, 1e-9, 1e-12, equal_nan=True))
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) and isinstance(b, float):
        return bool(np.isclose(a, b, 1e-9, 1e-12, equal_nan=True))
    return type(a) is type(b) and bool(a == b)


def anything(lowest: int = 0, highest: int = 3) -> Vary:
    """Draw the shape of one input with `lowest` to `highest` axes, of one or two different sizes from 1 to 4."""

    def vary(rng: np.random.Generator) -> Shapes:
        sides = rng.integers(1, 5, 2)
        return (tuple(int(n) for n in rng.choice(sides, rng.integers(lowest, highest + 1))),)

    return vary


def alike(inputs: int, lowest: int = 0, highest: int = 3) -> Vary:
    """Draw one shape for all inputs."""
    return lambda rng: anything(lowest, highest)(rng) * inputs


def broadcast(inputs: int = 2) -> Vary:
    """Draw shapes that broadcast: each input drops leading axes and has size 1 in some others."""

    def vary(rng: np.random.Generator) -> Shapes:
        (full,) = anything(0, 3)(rng)
        return tuple(
            tuple(1 if rng.random() < 0.3 else n for n in full[rng.integers(0, len(full) + 1) :]) for _ in range(inputs)
        )

    return vary


def products(rng: np.random.Generator) -> Shapes:
    """Draw shapes that can be multiplied as matrices: vectors, matrices, stacks that broadcast."""
    t, k, m, b = (int(n) for n in rng.choice(rng.integers(1, 4, 2), 4))
    left: Shapes = ((k,), (t, k), (b, t, k), (1, t, k))
    right: Shapes = ((k,), (k, m), (b, k, m), (2, 1, k, m))
    return left[rng.integers(4)], right[rng.integers(4)]


def one_of(*choices: Shapes) -> Vary:
    """Draw one of the groups of shapes listed."""
    return lambda rng: choices[rng.integers(len(choices))]
