"""Mixed precision: products in a half-size type, everything that sums or exponentiates in float32.

`minigrad.autocast` sets the type for a block; the ops ask here. Both conversions are ops, so gradients come back in the
type of the tensor that they belong to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..dtypes import float16, float32
from ..grad_mode import mode

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__: list[str] = []


def lowered(x: Tensor) -> Tensor:
    """Return a factor of a product in the type that autocast asks for: float32 is cast, other types are kept."""
    return x if mode.autocast is None or x.array.dtype != float32 else x.to(mode.autocast)


def raised(x: Tensor) -> Tensor:
    """Return what is to be summed or exponentiated in float32, if autocast made it float16."""
    return x if mode.autocast is None or x.array.dtype != float16 else x.to(float32)
