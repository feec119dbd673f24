"""Laws of sameness: one function, whatever computes it and whatever is kept for backward.

    kernels beside definitions · one device beside another · checkpointed beside kept
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...backend import kernels
from ...checkpoint import checkpoint
from ...nn import Module
from ...ops import from_numpy
from ..compare import check_close, floating
from .common import Function, as_inputs, title, tolerance


def check_implementations(f: Function, *xs: Any, rtol: float | None = None, seed: int = 0) -> None:
    """Check that compiled kernels give the values and gradients of the NumPy definitions.

    Raises  LawError naming the value or gradient, the element, and both values
    """
    with kernels("reference"):
        expected = _run(f, xs, seed)
    with kernels("auto"):
        got = _run(f, xs, seed)
    _agree(title("kernels beside definitions", f), got, expected, rtol)


def check_devices(
    f: Function, *xs: Any, devices: Sequence[str] = ("cpu", "cuda"), rtol: float | None = None, seed: int = 0
) -> None:
    """Check that every device gives the values and gradients of the first.

    Raises  LawError naming the value or gradient, the element, and both values; DeviceError if a device is not there
    """
    first = _run(_on(devices[0], f), xs, seed, devices[0])
    for device in devices[1:]:
        result = _run(_on(device, f), xs, seed, device)
        _agree(title(f"{device} beside {devices[0]}", f), result, first, rtol)


def check_checkpoint(f: Function, *xs: Any, seed: int = 0) -> None:
    """Check that forgetting what lies between, and computing it again in backward, changes nothing.

    A function that draws numbers from its own generator, or that changes something when called, breaks this.

    Raises  LawError naming the value or gradient, the element, and both values
    """
    again = _run(f, xs, seed, through=lambda *inputs: checkpoint(f, *inputs))
    _agree(title("checkpointed beside kept", f), again, _run(f, xs, seed), None)


Outcome = list[tuple[str, Any]]


def _run(f: Function, xs: Sequence[Any], seed: int, device: str = "cpu", through: Function | None = None) -> Outcome:
    """Return the values of f(*xs), the gradients of its inputs and, of a Module, of its parameters."""
    inputs = [x.to(device=device) for x in as_inputs(xs)]
    leaves = [(f"the gradient of input {i}", x) for i, x in enumerate(inputs) if x.is_floating_point()]
    for _, x in leaves:
        x.requires_grad_()
    if isinstance(f, Module):
        f.zero_grad()
        leaves += [(f"the gradient of {path}", p) for path, p in f.named_parameters()]
    ys = floating((through or f)(*inputs))
    for k, y in enumerate(ys):
        if y.requires_grad:
            dy = np.random.default_rng([seed, k]).normal(size=y.shape).astype(y.dtype)
            y.backward(from_numpy(dy).to(device=device), retain_graph=True)
    values: Outcome = [(f"output {k}", y.numpy()) for k, y in enumerate(ys)]
    return values + [(name, None if x.grad is None else x.grad.numpy()) for name, x in leaves]


def _agree(law: str, got: Outcome, expected: Outcome, rtol: float | None) -> None:
    for (name, a), (_, b) in zip(got, expected, strict=True):
        found, wanted = (np.zeros(()) if y is None else y for y in (a, b))
        allowed = tolerance(found, wanted)
        check_close(law, name, found, wanted, allowed["rtol"] if rtol is None else rtol, allowed["atol"])


def _on(device: str, f: Function) -> Callable[..., Any]:
    """Return `f` for a device: a Module as a copy that lives there."""
    return copy.deepcopy(f).to(device=device) if isinstance(f, Module) else f


