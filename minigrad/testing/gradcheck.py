"""First and second derivatives of a function on tensors, checked against differences.

With a random cotangent v the scalar s(x) = Σ v · f(x) has the gradient that backward computes from v. A cotangent of
ones would hide a transposed or permuted gradient, and every error whose sum over the output is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..autograd import grad
from ..errors import ArgumentError, GradientError
from ..tensor import Tensor
from .numeric import STEP, FloatArray, numeric_gradient

if TYPE_CHECKING:
    from collections.abc import Iterable

Function = Callable[..., Any]  # tensors to a tensor, or to a sequence of tensors


def _outputs(result: Any) -> list[Tensor]:
    """Return the floating outputs of a function as a list."""
    several: Iterable[Any] = result if isinstance(result, (tuple, list)) else [result]
    return [y for y in several if isinstance(y, Tensor) and y.is_floating_point()]


def _scalar(f: Function, xs: Sequence[Tensor], cotangents: Sequence[FloatArray]) -> Tensor:
    ys = _outputs(f(*xs))
    total = (ys[0] * Tensor(cotangents[0])).sum()
    for y, v in zip(ys[1:], cotangents[1:], strict=True):
        total = total + (y * Tensor(v)).sum()
    return total


def _start(name: str, f: Function, inputs: Sequence[Any], seed: int) -> tuple[list[FloatArray], list[FloatArray]]:
    arrays = [np.array(x.array if isinstance(x, Tensor) else x, np.float64) for x in inputs]
    if not arrays:
        raise ArgumentError(f"{name}: there is no input to differentiate by\nHint: pass at least one floating tensor")
    rng = np.random.default_rng(seed)
    shapes = [y.shape for y in _outputs(f(*(Tensor(a) for a in arrays)))]
    if not shapes:
        raise ArgumentError(f"{name}: the function returns no floating tensor, so there is nothing to differentiate")
    return arrays, [rng.choice([-3, -2, -1, 1, 2, 3], shape).astype(np.float64) for shape in shapes]


def _compare(name: str, got: Sequence[FloatArray], expected: Sequence[FloatArray], rtol: float, atol: float) -> bool:
    for i, (g, e) in enumerate(zip(got, expected, strict=True)):
        bad = ~np.isclose(g, e, rtol=rtol, atol=atol)
        if bad.any():
            at = tuple(int(n) for n in np.argwhere(bad)[0])
            raise GradientError(
                f"{name}: input {i}, shape {g.shape}: {int(bad.sum())} of {g.size} elements are wrong, first at {at}: "
                f"backward says {float(g[at]):.10g}, differences say {float(e[at]):.10g}"
            )
    return True


def gradcheck(
    f: Function, *inputs: Any, seed: int = 0, step: float = STEP, rtol: float = 1e-6, atol: float = 1e-7
) -> bool:
    """Check backward through `f` at `inputs`, in float64, with a random cotangent.

    Raises  GradientError naming the input, the element, and both values
    """
    arrays, cotangents = _start("gradcheck", f, inputs, seed)
    xs = [Tensor(a, requires_grad=True) for a in arrays]
    total = _scalar(f, xs, cotangents)
    got = _gradients(total, xs, create_graph=False)
    values = [g.numpy() for g in got]
    numeric = [
        numeric_gradient(lambda a: _scalar(f, [Tensor(x) for x in a], cotangents).item(), arrays, i, step)
        for i in range(len(arrays))
    ]
    return _compare("gradcheck", values, numeric, rtol, atol)


def gradgradcheck(
    f: Function, *inputs: Any, seed: int = 0, step: float = STEP, rtol: float = 1e-5, atol: float = 1e-6
) -> bool:
    """Check the gradient of the gradient: backward through (x, v) -> Σ u · vjp(f)(x, v), with random u and v.

    Raises  GradientError naming the input, the element, and both values; the cotangents count as further inputs
    """
    arrays, cotangents = _start("gradgradcheck", f, inputs, seed)
    rng = np.random.default_rng(seed + 1)
    directions = [rng.choice([-2, -1, 1, 2], a.shape).astype(np.float64) for a in arrays]

    def first_order(*xs_and_vs: Tensor) -> Tensor:
        xs, vs = xs_and_vs[: len(arrays)], xs_and_vs[len(arrays) :]
        tracked = [x if x.tracked else x.clone().requires_grad_() for x in xs]
        ys = _outputs(f(*tracked))
        total = Tensor(0.0, dtype="float64")
        for y, v in zip(ys, vs, strict=True):
            total = total + (y * v).sum()
        gs = _gradients(total, tracked, create_graph=True)
        result = Tensor(0.0, dtype="float64")
        for g, u in zip(gs, directions, strict=True):
            result = result + (g * Tensor(u)).sum()
        return result

    return _check_scalar(first_order, [*arrays, *cotangents], step, rtol, atol)


def _check_scalar(f: Function, arrays: Sequence[FloatArray], step: float, rtol: float, atol: float) -> bool:
    xs = [Tensor(a, requires_grad=True) for a in arrays]
    got = [g.numpy() for g in _gradients(f(*xs), xs, create_graph=False)]
    numeric = [
        numeric_gradient(lambda a: float(f(*(Tensor(x) for x in a)).item()), arrays, i, step)
        for i in range(len(arrays))
    ]
    return _compare("gradgradcheck", got, numeric, rtol, atol)


def _gradients(total: Tensor, xs: Sequence[Tensor], create_graph: bool) -> list[Tensor]:
    """Return the gradients, zeros for inputs that the total does not depend on."""
    if not total.tracked:
        return [Tensor(np.zeros(x.shape)) for x in xs]
    found = grad(total, xs, create_graph=create_graph, allow_unused=True)
    return [Tensor(np.zeros(x.shape)) if g is None else g for x, g in zip(xs, found, strict=True)]
