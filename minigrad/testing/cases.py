"""A call of an op as data: which op, on which arguments, and what NumPy says of it.

    Case("mul", minigrad.mul, np.multiply, [A(2, 3), A(3)])

Array arguments are described by `A(*shape)` and drawn at random, anew for every check; other arguments stand as they
are. The reference takes NumPy arrays in their place and must not be minigrad's code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..tensor import Tensor
from .compare import NumpyArray

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Argument:
    """A random array argument: its shape, where its values lie, and whether it is differentiated."""

    shape: Shape
    low: float = -2.0
    high: float = 2.0
    dtype: str = "float64"
    away_from: tuple[float, ...] = ()  # kinks and poles: no value comes closer than `gap`
    gap: float = 0.05
    distinct: bool = False  # no two values closer than `gap`: for max, sort and the like

    def draw(self, rng: np.random.Generator) -> NumpyArray:
        """Return an array of this description."""
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
    """Describe a random array argument; the options are the fields of `Argument`.

    >>> A(2, 3, low=0.5).shape
    (2, 3)
    """
    return Argument(shape, **options)


@dataclass
class Case:
    """One call of one op."""

    name: str
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
        """The call as text, short enough to name a test."""
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

    def floats(self, args: Sequence[Any]) -> list[Any]:
        """Return those of `args` that are differentiated."""
        return [args[i] for i in self.floating()]

    def call(self, args: list[Any]) -> Any:
        """Call the op."""
        return self.op(*args, **self.kwargs)

    def on(self, args: Sequence[Any], floats: Sequence[Tensor] = ()) -> Any:
        """Call the op on tensors of `args`, with `floats`, if any, as its floating arguments."""
        merged = [Tensor(a) if isinstance(a, np.ndarray) else a for a in args]
        for i, x in zip(self.floating(), floats, strict=bool(floats)):
            merged[i] = x
        return self.call(merged)

    def reshaped(self, change: Callable[[Shape], Shape]) -> Case:
        """Return the case with the shape of every array argument changed."""
        args = [replace(a, shape=change(a.shape)) if isinstance(a, Argument) else a for a in self.args]
        return replace(self, args=args)
