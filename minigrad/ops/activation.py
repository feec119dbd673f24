"""The nonlinearities between layers, elementwise: y_i = f(x_i), so dx_i = dy_i f'(x_i).

At a kink the derivative is the one stated, always between the slopes on its two sides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..autograd import record
from ..backend import Array, accelerable, array_module
from .operands import tensor_of

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["relu"]


def relu(input: Tensor) -> Tensor:
    """Cut off the negative part: y = max(x, 0).

    Backward  dx = dy where x > 0, 0 elsewhere; relu'(0) = 0
    Source    Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines", 2010
    """
    x = tensor_of("relu", input)
    return record("relu", relu_forward(x.array), (x, lambda dy, y: dy * (y > 0)))


@accelerable
def relu_forward(x: Array) -> Array:
    """Cut off the negative part of an array. NaN stays NaN."""
    return array_module(x).maximum(x, 0)
