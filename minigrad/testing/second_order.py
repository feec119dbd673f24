"""The gradient as a function: (x, v) -> vᵀJ(x), which can be checked like any other.

Its derivative by v is J again. Its derivative by x, for one v, is the Hessian of v·f: symmetric, whatever f is. That is
a check without differences, and a rule that takes something for a constant fails it often.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ..autograd import grad
from ..errors import ArgumentError
from ..ops import zeros_like
from ..tensor import Tensor
from .adapters.subject import Subject
from .adapters.tensors import TensorFunction
from .flaws import Flaw, Guess
from .point import Point, draw

if TYPE_CHECKING:
    from .examine import Check


class SecondOrder(TensorFunction):
    """The vjp of a subject, as a function of its inputs and the cotangents."""

    def __init__(self, inner: Subject, cotangent: Any = "random", seed: int = 0) -> None:
        if not isinstance(inner, TensorFunction):
            raise ArgumentError(
                f"{inner.check}: second derivatives need minigrad's tape, and this function is not on it\n"
                "Hint: write it with minigrad's ops, or check its first derivatives with gradcheck"
            )
        self.check, self.function, self.inner = inner.check, inner.function, inner
        self.cotangent, self.seed = cotangent, seed
        self.arrays, self.devices, self.wrt = list(inner.arrays), list(inner.devices), list(inner.wrt)
        self.count, self.given = len(inner.arrays), inner.given

    def prepare(self) -> None:
        """Run the function once, to know how many cotangents there are, and draw them."""
        first = Point(self.inner, self.inner.arrays, self.cotangent, self.seed)
        self.arrays += first.cotangents
        self.devices += ["cpu" for _ in first.cotangents]
        self.wrt += range(self.count, len(self.arrays))

    @cached_property
    def names(self) -> list[str]:
        """The names of the inputs, then of the cotangents."""
        outputs = len(self.arrays) - self.count
        return [*self.inner.names, *(f"dy{k}" if outputs > 1 else "dy" for k in range(outputs))]

    def values(self, arrays: Sequence[Any], track: bool) -> list[Any]:
        """Return the inputs, tracked because the vjp is taken by them, and the cotangents."""
        cotangents = super().values([None] * self.count + list(arrays[self.count :]), False)[self.count :]
        for v in cotangents:
            v.tracked = track
        return [*self.inner.values(arrays[: self.count], True), *cotangents]

    def call(self, values: Sequence[Any], track: bool) -> list[Tensor]:
        """Return the gradients for the inner inputs; with a history of their own if `track` says so."""
        xs = [values[i] for i in self.inner.wrt]
        ys = self.inner.call(values[: self.count], True)
        live = [(y, v) for y, v in zip(ys, values[self.count :], strict=True) if y.tracked]
        if not live:
            return [zeros_like(x) for x in xs]
        found = grad([y for y, _ in live], xs, [v for _, v in live], create_graph=track, allow_unused=True)
        return [zeros_like(x) if g is None else g for g, x in zip(found, xs, strict=True)]


def check_symmetry(check: Check) -> None:
    """Raise unless ⟨w, H u⟩ = ⟨u, H w⟩ for two random directions u and w through the inputs."""
    subject, point = check.subject, check.point
    assert isinstance(subject, SecondOrder) and point is not None
    inner = subject.inner.wrt
    u = point.cotangents
    w = draw([point.arrays[i].shape for i in inner], np.random.default_rng(subject.seed + 2))
    run = subject.forward(point.arrays)
    h_w = [g for _, g in zip(inner, subject.backward(run, w), strict=False)]
    h_u = [g for _, g in zip(inner, point.raw, strict=False)]
    left, right = _dot(w, h_u), _dot(u, h_w)
    size = sum(
        float(np.abs(a * b).sum()) for a, b in [*zip(w, h_u, strict=True), *zip(u, h_w, strict=True)] if b is not None
    )
    if not abs(left - right) <= 1e-8 * size + 1e-12:
        raise Flaw(
            "symmetry",
            f"⟨w, H u⟩ = {left:.10g} and ⟨u, H w⟩ = {right:.10g}, but the matrix H of second derivatives is symmetric",
            "a rule takes something for a constant: look for a detach, or for an array computed outside the ops",
            (Guess("asymmetric-hessian", "a rule has the right value and a wrong history"),),
        )  # fmt: skip


def _dot(vs: Sequence[Any], gs: Sequence[Any]) -> float:
    return float(sum((v * g).sum() for v, g in zip(vs, gs, strict=True) if g is not None))
