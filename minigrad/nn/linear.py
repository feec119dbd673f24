"""Layers that multiply by a matrix."""

from __future__ import annotations

import math

from .. import ops
from ..dtypes import DtypeLike
from ..tensor import Tensor
from . import init
from .module import Module
from .parameter import Parameter


class Identity(Module):
    """Return the input; arguments are accepted and ignored."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        """Return `input`."""
        return input


class Linear(Module):
    """An affine map of the last axis.

    Forward   y = x Wᵀ + b
    Shapes    x (..., in_features)  ->  y (..., out_features);  weight (out_features, in_features), bias (out_features)
    Initial   weight and bias uniform in ±1/√in_features
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, dtype: DtypeLike | None = None
    ) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weight = Parameter(ops.empty(out_features, in_features, dtype=dtype))
        self.bias = Parameter(ops.empty(out_features, dtype=dtype)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features else 0.0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        """Return x Wᵀ + b."""
        return ops.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        """Name the sizes."""
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Bilinear(Module):
    """A form that is linear in each of two inputs.

    Forward   y_k = Σ_ij x1_i W_kij x2_j + b_k
    Shapes    x1 (..., in1_features), x2 (..., in2_features)  ->  y (..., out_features)
    Initial   weight and bias uniform in ±1/√in1_features
    """

    def __init__(
        self, in1_features: int, in2_features: int, out_features: int, bias: bool = True, dtype: DtypeLike | None = None
    ) -> None:
        super().__init__()
        self.in1_features, self.in2_features, self.out_features = in1_features, in2_features, out_features
        self.weight = Parameter(ops.empty(out_features, in1_features, in2_features, dtype=dtype))
        self.bias = Parameter(ops.empty(out_features, dtype=dtype)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights anew."""
        bound = 1 / math.sqrt(self.in1_features)
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        """Return the form of the two inputs."""
        return ops.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        """Name the sizes."""
        sizes = f"in1_features={self.in1_features}, in2_features={self.in2_features}"
        return f"{sizes}, out_features={self.out_features}, bias={self.bias is not None}"
