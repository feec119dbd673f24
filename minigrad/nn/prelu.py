"""An activation with parameters."""

from __future__ import annotations

from .. import ops
from ..dtypes import DtypeLike
from ..tensor import Tensor
from .module import Module
from .parameter import Parameter


class PReLU(Module):
    """Apply `ops.prelu` with a learned slope for negative values, one for all channels or one for each.

    Source  He et al., "Delving deep into rectifiers", 2015
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25, dtype: DtypeLike | None = None) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.weight = Parameter(ops.full((num_parameters,), init, dtype=dtype))

    def forward(self, input: Tensor) -> Tensor:
        """Apply the activation."""
        return ops.prelu(input, self.weight)

    def extra_repr(self) -> str:
        """Name the number of slopes."""
        return f"num_parameters={self.num_parameters}"
