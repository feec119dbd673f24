"""What the laws share: calling, comparing, and changing a part of an input."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...errors import LawError
from ...grad_mode import no_grad
from ...ops import as_tensor, from_numpy
from ...tensor import Tensor
from ..compare import NumpyArray, check_close
from ..variables import name_of

Function = Callable[..., Any]


def generator(seed: int) -> np.random.Generator:
    """Return random numbers for cotangents and tangents: not the ones that a test draws its inputs from."""
    return np.random.default_rng([seed, 1848])


def title(law: str, f: Function) -> str:
    """Return how messages begin: the law, and what was held to it."""
    return f"{law} of {name_of(f)}"


def tolerance(*arrays: NumpyArray) -> dict[str, float]:
    """Return the rounding to allow for: that of the narrowest floating type among `arrays`."""
    eps = max((float(np.finfo(a.dtype).eps) for a in arrays if a.dtype.kind == "f"), default=0.0)
    return {"rtol": 2e5 * eps if eps < 1e-10 else 1e3 * eps, "atol": 2e4 * eps if eps < 1e-10 else 100 * eps}


def value(f: Function, *xs: Any) -> NumpyArray:
    """Return f(*xs), one tensor, as an array; nothing is recorded."""
    with no_grad():
        y = f(*xs)
    if not isinstance(y, Tensor):
        raise LawError(f"{name_of(f)}: it must return one tensor, got {type(y).__name__}")
    return y.numpy()


def as_inputs(xs: Sequence[Any]) -> list[Tensor]:
    """Return the inputs as tensors without a history."""
    return [as_tensor(x).detach() for x in xs]


def compare(law: str, what: str, got: NumpyArray, expected: NumpyArray, hint: str = "") -> None:
    """Check that two arrays agree up to the rounding of their type."""
    check_close(law, what, got, expected, **tolerance(got, expected), hint=hint)


def differ(a: NumpyArray, b: NumpyArray) -> bool:
    """Say whether two arrays differ by more than rounding."""
    return a.shape != b.shape or not np.allclose(a, b, **tolerance(a, b), equal_nan=True)


def changed(x: Tensor, key: Any, seed: int = 0) -> Tensor:
    """Return a copy of `x` with other values at x[key]: random ones, for integers the next ones up to the largest."""
    array = x.numpy().copy()
    part = array[key]
    if array.dtype.kind == "f":
        array[key] = part + generator(seed).choice([-2, -1, 1, 2], np.shape(part))
    elif array.dtype.kind == "b":
        array[key] = ~part
    else:
        array[key] = (part + 1) % max(int(array.max(initial=0)) + 1, 2)
    return from_numpy(array)


def along(axis: int, part: Any) -> tuple[Any, ...]:
    """Return the index that takes `part` of one axis and all of the others."""
    return (*(slice(None),) * axis, part) if axis >= 0 else (..., part, *(slice(None),) * (-axis - 1))


def refuse_vacuous(law: str, moved: bool) -> None:
    """Raise if no change of the input changed the output: such a law would hold of a constant."""
    if not moved:
        raise LawError(
            f"{law}: no change of the input changed the output, so the law says nothing\n"
            "Hint: check a function that uses its input, in the mode and range where it does"
        )
