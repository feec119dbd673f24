"""Backward is a linear map, the adjoint of forward mode, and the limit of differences.

    vjp(v) = Jᵀ v        linear in v
    jvp(t) = J t         ⟨v, J t⟩ = ⟨Jᵀ v, t⟩ for all v and t
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import func
from ...tensor import Tensor
from ..compare import check_close, floating, several
from ..gradcheck import gradcheck
from ..variables import variables
from .common import Function, generator, title


def check_differences(f: Function, *xs: Any, seed: int = 0) -> None:
    """Check that backward agrees with differences, for the inputs and, of a Module, the parameters.

    Raises  GradientError naming the input, the element, and both values
    """
    function, zs = variables(f, xs)
    gradcheck(function, *zs, seed=seed)


def check_adjoint(f: Function, *xs: Any, seed: int = 0) -> None:
    """Check that forward mode and backward belong together: ⟨v, J t⟩ = ⟨Jᵀ v, t⟩ for random v and t.

    Raises  LawError with both numbers
    """
    function, zs, rng = *variables(f, xs), generator(seed)
    tangents = [Tensor(rng.normal(size=z.shape)) for z in zs]

    def outputs(*inputs: Tensor) -> list[Tensor]:
        return floating(function(*inputs))

    ys, pushed = func.jvp(outputs, zs, tangents)
    _, pull = func.vjp(outputs, *zs)
    vs = [Tensor(rng.normal(size=y.shape)) for y in ys]
    forward = sum(_product(v, p) for v, p in zip(vs, pushed, strict=True))
    backward = sum(_product(g, t) for g, t in zip(several(pull(vs)), tangents, strict=True))
    check_close(title("adjoint", f), "⟨v, J t⟩ beside ⟨Jᵀ v, t⟩", forward, backward, 1e-8, 1e-9)


def check_linearity(f: Function, *xs: Any, seed: int = 0) -> None:
    """Check that backward is linear in the cotangent: vjp(2v - 3w) = 2 vjp(v) - 3 vjp(w), and vjp(0) = 0.

    A rule that returns ones, or that divides by its cotangent, is found without a single difference.

    Raises  LawError naming the input and the element
    """
    function, zs, rng, law = *variables(f, xs), generator(seed), title("linearity of the backward", f)
    ys, pull = func.vjp(lambda *inputs: floating(function(*inputs)), *zs)
    v, w = ([Tensor(rng.normal(size=y.shape)) for y in ys] for _ in range(2))
    joint = several(pull([2.0 * a - 3.0 * b for a, b in zip(v, w, strict=True)]))
    parts = [2.0 * a - 3.0 * b for a, b in zip(several(pull(v)), several(pull(w)), strict=True)]
    check_close(law, "vjp(2v - 3w) beside 2 vjp(v) - 3 vjp(w), by input", joint, parts, 1e-9, 1e-10)
    nothing = several(pull([y.new_zeros(y.shape) for y in ys]))
    check_close(law, "vjp(0), by input", nothing, [np.zeros(z.shape) for z in zs], 0.0, 0.0)


def check_symmetric_hessian(f: Function, *xs: Any, seed: int = 0) -> None:
    """Check that second derivatives do not depend on their order: ⟨u, H w⟩ = ⟨w, H u⟩ for s(x) = Σ v f(x).

    No differences are needed. A rule that treats a statistic as a constant breaks this, though its gradient is right.

    Raises  LawError with both numbers
    """
    function, zs, rng = *variables(f, xs), generator(seed)
    vs = [Tensor(rng.normal(size=y.shape)) for y in floating(function(*zs))]

    def scalar(*inputs: Tensor) -> Tensor:
        total = zs[0].new_zeros(())
        for y, v in zip(floating(function(*inputs)), vs, strict=True):
            total = total + (y * v).sum()
        return total

    u, w = ([Tensor(rng.normal(size=z.shape)) for z in zs] for _ in range(2))
    (hw, hu) = (several(func.hvp(scalar, tuple(zs), tuple(t))[1]) for t in (w, u))
    left = sum(_product(a, b) for a, b in zip(u, hw, strict=True))
    right = sum(_product(a, b) for a, b in zip(w, hu, strict=True))
    check_close(title("symmetry of the Hessian", f), "⟨u, H w⟩ beside ⟨w, H u⟩", left, right, 1e-7, 1e-9)


def _product(a: Tensor, b: Tensor) -> float:
    """Return Σ a b."""
    return float((a * b).sum().item())
