"""Functions of minigrad tensors under check."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...autograd import constant, grad
from ...backend import device_of, is_array, to_device, to_numpy
from ...tensor import Tensor
from ..directions import FloatArray
from ..flaws import Flaw
from .subject import Forward, Subject, flat, kind_of


class TensorFunction(Subject):
    """A function of minigrad tensors."""

    several_owners = False

    def __init__(
        self, check: str, function: Callable[..., Any], inputs: Sequence[Any], wrt: Any = None, own: Sequence[Any] = ()
    ) -> None:
        self.devices = [_device(x) for x in (*inputs, *own)]
        super().__init__(check, function, inputs, wrt, own)

    def values(self, arrays: Sequence[Any], track: bool) -> list[Any]:
        """Return what the function is called with; those in `wrt` require a gradient if `track` says so."""
        values = [constant(to_device(a, d)) if isinstance(a, np.ndarray) else a
                  for a, d in zip(arrays, self.devices, strict=True)]  # fmt: skip
        if track:
            for i in self.wrt:
                values[i].tracked = True
        return values

    def call(self, values: Sequence[Any], track: bool) -> list[Tensor]:
        """Return the floating outputs."""
        return floating_tensors(self.function(*values))

    def evaluate(self, arrays: Sequence[Any]) -> Any:
        """Return all floating outputs, one after another."""
        return flat([to_numpy(y.array) for y in self.call(self.values(arrays, False), False)])

    def forward(self, arrays: Sequence[Any]) -> Forward:
        """Run the function on leaves that require a gradient."""
        values = self.values([a.copy() if isinstance(a, np.ndarray) else a for a in arrays], True)
        memory = [x.array if isinstance(x, Tensor) else x for x in values]
        ys = self.call(values, True)
        return Forward([to_numpy(y.array) for y in ys], memory, (values, ys))

    def backward(self, run: Forward, cotangents: Sequence[FloatArray]) -> list[Any]:
        """Walk back from the outputs that have a history."""
        values, ys = run.state
        live = [(y, constant(to_device(v, y.device))) for y, v in zip(ys, cotangents, strict=True) if y.tracked]
        if not live:
            return [None] * len(self.wrt)
        xs = [values[i] for i in self.wrt]
        found = grad([y for y, _ in live], xs, [v for _, v in live], retain_graph=True, allow_unused=True)
        return [None if g is None else g.array for g in found]


def _device(x: Any) -> str:
    x = x.array if isinstance(x, Tensor) else x
    return device_of(x) if is_array(x) else "cpu"


def floating_tensors(result: Any) -> list[Tensor]:
    """Return the floating tensors in what a function returned: a tensor, or several in a tuple, list or dict."""
    if isinstance(result, Tensor):
        several: Sequence[Any] = [result]
    else:
        several = list(result.values()) if isinstance(result, dict) else result
        if not isinstance(several, (tuple, list)):
            raise Flaw("output", f"the function returned {kind_of(several)}, not a tensor", _what_to_return(several))
    found = [y for y in several if isinstance(y, Tensor) and y.is_floating_point()]
    if not found:
        kinds = ", ".join(kind_of(y) for y in several) or "nothing"
        raise Flaw(
            "output", f"the function returns no floating tensor ({kinds}), so there is nothing to differentiate",
            "return the result of the computation, as a tensor of floats",
        )  # fmt: skip
    return found


def _what_to_return(result: Any) -> str:
    if result is None:
        return "end it with a return statement"
    return "compute with minigrad's ops: what leaves them for NumPy or Python numbers leaves the tape"
