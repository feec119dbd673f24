"""Functions of PyTorch tensors under check, where PyTorch is installed; torch Modules with their parameters, by name.

They are computed on the CPU in float64, a Module on a copy.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ..directions import FloatArray
from ..flaws import Flaw
from .subject import Forward, Subject, flat, parameter_names


class TorchFunction(Subject):
    """A function of torch tensors, or a torch Module."""

    several_owners = False

    def __init__(self, check: str, function: Any, inputs: Sequence[Any], wrt: Any = None) -> None:
        self.module = copy.deepcopy(function).double().cpu() if hasattr(function, "named_parameters") else None
        self.parameters = {} if self.module is None else dict(self.module.named_parameters())
        own = [_array(x) for x in self.parameters.values()]
        super().__init__(check, function, [_array(x) for x in inputs], wrt, own)

    @cached_property
    def names(self) -> list[str]:
        """The names of the function's parameters, then those of the Module's."""
        function = self.function if self.module is None else self.module.forward
        return [*parameter_names(function, self.given), *self.parameters]

    def _call(self, arrays: Sequence[Any], track: bool) -> tuple[list[Any], list[Any]]:
        """Return the tensors that are the inputs, and the floating outputs."""
        import torch

        values = [torch.from_numpy(a) if isinstance(a, np.ndarray) else a for a in arrays]
        for parameter, value in zip(self.parameters.values(), values[self.given :], strict=True):
            parameter.data = value
        values[self.given :] = self.parameters.values()
        for i, x in enumerate(values):
            if isinstance(x, torch.Tensor):
                x.requires_grad_(track and i in self.wrt)
        with torch.set_grad_enabled(track):
            result = (self.module or self.function)(*values[: self.given])
        several = result if isinstance(result, (tuple, list)) else [result]
        ys = [y for y in several if isinstance(y, torch.Tensor) and y.is_floating_point()]
        if not ys:
            raise Flaw("output", f"the function returned {type(result).__name__}, and no floating torch tensor",
                       "return the result of the computation, as a tensor of floats")  # fmt: skip
        return values, ys

    def evaluate(self, arrays: Sequence[Any]) -> Any:
        """Return all floating outputs, one after another."""
        copies = [a.copy() if isinstance(a, np.ndarray) else a for a in arrays]
        return flat([y.detach().numpy() for y in self._call(copies, False)[1]])

    def forward(self, arrays: Sequence[Any]) -> Forward:
        """Run the function on leaves that require a gradient."""
        copies = [a.copy() if isinstance(a, np.ndarray) else a for a in arrays]
        values, ys = self._call(copies, True)
        return Forward([y.detach().numpy() for y in ys], copies, (values, ys))

    def backward(self, run: Forward, cotangents: Sequence[FloatArray]) -> list[Any]:
        """Walk back from the outputs that have a history."""
        import torch

        values, ys = run.state
        live = [(y, torch.from_numpy(v)) for y, v in zip(ys, cotangents, strict=True) if y.requires_grad]
        if not live:
            return [None] * len(self.wrt)
        outputs, vs = zip(*live, strict=True)
        found = torch.autograd.grad(outputs, [values[i] for i in self.wrt], vs, allow_unused=True)
        return [None if g is None else g.detach().numpy() for g in found]


def _array(x: Any) -> Any:
    return x.detach().cpu().numpy() if hasattr(x, "detach") and hasattr(x, "cpu") else x
