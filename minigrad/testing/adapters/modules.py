"""Modules under check: their parameters are inputs too, under their names.

The check works on a copy in float64, so the module keeps its parameters, its buffers, and their type.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from ...nn.module import Module
from ...tensor import Tensor
from .subject import parameter_names
from .tensors import TensorFunction, floating_tensors


class ModuleFunction(TensorFunction):
    """A Module as a function of its inputs and its parameters."""

    def __init__(self, check: str, module: Module, inputs: Sequence[Any], wrt: Any = None) -> None:
        self.module = copy.deepcopy(module).double()
        self.parameters = dict(self.module.named_parameters())
        self.buffers = [b.array.copy() for b in self.module.buffers()]
        super().__init__(check, module, inputs, wrt, list(self.parameters.values()))

    def differentiable(self, i: int) -> bool:
        """Say whether an input is checked: parameters that are frozen are not."""
        trained = i < self.given or list(self.parameters.values())[i - self.given].requires_grad
        return trained and super().differentiable(i)

    @cached_property
    def names(self) -> list[str]:
        """The names of forward's parameters, then those of the module's."""
        return [*parameter_names(self.module.forward, self.given), *self.parameters]

    def own(self) -> dict[str, Any]:
        """Return the parameters at which it was checked."""
        return dict(zip(self.parameters, self.arrays[self.given :], strict=True))

    def values(self, arrays: Sequence[Any], track: bool) -> list[Any]:
        """Put the arrays into the parameters of the copy, which are their tensors; buffers are as at the start."""
        values = super().values(arrays, False)
        for buffer, start in zip(self.module.buffers(), self.buffers, strict=True):
            buffer.array = start.copy()
        for i, parameter in enumerate(self.parameters.values(), self.given):
            parameter.array, values[i] = values[i].array, parameter
        for i, x in enumerate(values):
            if isinstance(x, Tensor):
                x.tracked = track and i in self.wrt
        return values

    def call(self, values: Sequence[Any], track: bool) -> list[Tensor]:
        """Return the floating outputs of the copy."""
        return floating_tensors(self.module(*values[: self.given]))
