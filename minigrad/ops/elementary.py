"""The elementary functions, elementwise: y_i = f(x_i), so dx_i = dy_i f'(x_i).

Where f' is a function of y, the rule uses y: it is there already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..autograd import record
from ..backend import array_module
from .operands import quiet, real

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["exp", "log"]


def exp(input: Tensor) -> Tensor:
    """Exponential: y = eˣ.

    Backward  dx = dy · y
    """
    x = real("exp", input)
    with quiet():
        y = array_module(x.array).exp(x.array)
    return record("exp", y, (x, lambda dy, y: dy * y))


def log(input: Tensor) -> Tensor:
    """Natural logarithm: y = ln x; -∞ at 0, NaN below.

    Backward  dx = dy / x
    """
    x = real("log", input)
    with quiet():
        y = array_module(x.array).log(x.array)
    return record("log", y, (x, lambda dy, _: dy / x))
