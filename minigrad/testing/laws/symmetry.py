"""Laws of symmetry: what a function does to a rearranged input is what it would have done, rearranged.

    batch independence          f(x)[i] = f(x[i])
    permutation equivariance    f(P x) = P f(x)            invariance: f(P x) = f(x)
    shift equivariance          f(S x) = S f(x)            away from the borders
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import ArgumentError, LawError
from ...ops import as_tensor, from_numpy
from ...tensor import Tensor
from ..compare import NumpyArray
from .common import Function, along, changed, compare, differ, generator, refuse_vacuous, title, value


def check_batch_independence(f: Function, x: Any, *rest: Any, axis: int = 0) -> None:
    """Check that an example is treated alike in any company: f(x)[i] = f(x[i : i+1])[0].

    Raises  LawError naming the example
    """
    x, law = as_tensor(x).detach(), title("batch independence", f)
    y, N = value(f, x, *rest), x.shape[axis]
    if y.ndim <= axis or y.shape[axis] != N:
        raise LawError(f"{law}: the output needs the {N} examples of the input on axis {axis}, got shape {y.shape}")
    for i in range(N):
        alone, here = value(f, _part(x, axis, slice(i, i + 1)), *rest), along(axis, slice(i, i + 1))
        compare(
            law, f"the output for example {i} alone", alone, y[here],
            "batch norm in training mode, a mean over the wrong axis, or a reshape that mixes examples does this",
        )  # fmt: skip
    refuse_vacuous(law, N > 0 and differ(value(f, changed(x, ...), *rest), y))


def check_permutation_equivariance(f: Function, x: Any, *rest: Any, axis: int = 1, seed: int = 0) -> None:
    """Check that permuting the input along `axis` permutes the output: self-attention without positions, for one.

    Raises  LawError naming the element
    """
    x, law, y, permuted, order = _permuted("permutation equivariance", f, x, rest, axis, seed)
    if y.ndim <= axis or y.shape[axis] != x.shape[axis]:
        raise LawError(f"{law}: input and output need as many places on axis {axis}: {x.shape} gave {y.shape}")
    compare(law, f"f(P x) beside P f(x), with P = {order.tolist()} on axis {axis}", permuted, y[along(axis, order)],
            "something depends on the position: an encoding, a mask, or a reshape across the axis")  # fmt: skip
    refuse_vacuous(law, differ(value(f, changed(x, ...), *rest), y))


def check_permutation_invariance(f: Function, x: Any, *rest: Any, axis: int = 1, seed: int = 0) -> None:
    """Check that permuting the input along `axis` leaves the output alone: a sum, a mean, a maximum over a set.

    Raises  LawError naming the element
    """
    x, law, y, permuted, order = _permuted("permutation invariance", f, x, rest, axis, seed)
    compare(law, f"f(P x) beside f(x), with P = {order.tolist()} on axis {axis}", permuted, y,
            "pool over the axis before anything depends on the position")  # fmt: skip
    refuse_vacuous(law, differ(value(f, changed(x, ...), *rest), y))


def check_shift_equivariance(
    f: Function, x: Any, *rest: Any, axis: int = -1, shift: int = 1, stride: int = 1, margin: int = 0
) -> None:
    """Check that shifting the input shifts the output, `margin` outputs away from either border.

    A function of stride s needs a shift that is a multiple of s, and shifts its output by shift / s.

    Raises  LawError naming the element
    """
    x, law = as_tensor(x).detach(), title("shift equivariance", f)
    if shift < 1 or shift % stride:
        raise ArgumentError(f"{law}: shift {shift} must be a positive multiple of the stride {stride}")
    y = value(f, x, *rest)
    z, steps = value(f, from_numpy(np.roll(x.numpy(), shift, axis)), *rest), shift // stride
    inner = y.shape[axis] - steps - 2 * margin
    if inner < 1:
        raise ArgumentError(f"{law}: of {y.shape[axis]} outputs on axis {axis} none is left; use a longer input")
    first, second = slice(margin, margin + inner), slice(margin + steps, margin + steps + inner)
    here, there = y[along(axis, first)], z[along(axis, second)]
    compare(law, f"the output for an input shifted by {shift} on axis {axis}", there, here,
            "share the weights over positions; give the number of outputs that padding touches as margin")  # fmt: skip
    refuse_vacuous(law, differ(value(f, changed(x, ...), *rest), y))


def _permuted(
    law: str, f: Function, x: Any, rest: tuple[Any, ...], axis: int, seed: int
) -> tuple[Tensor, str, NumpyArray, NumpyArray, NumpyArray]:
    """Return x, the beginning of a message, f(x), f(P x) and P."""
    x = as_tensor(x).detach()
    order = generator(seed).permutation(x.shape[axis])
    if (order == np.arange(len(order))).all():
        order = order[::-1]
    return x, title(law, f), value(f, x, *rest), value(f, _part(x, axis, order), *rest), order


def _part(x: Tensor, axis: int, part: Any) -> Tensor:
    return from_numpy(np.ascontiguousarray(x.numpy()[along(axis, part)]))
