"""Where a vector stands in a sequence, told by turning it.

The features of x are taken as E/2 points in the plane, and point i of the vector at position t is turned by the angle

    θ[t, i] = t · base^(-2i/E)          a fast hand for i = 0, ever slower ones after it

A rotation keeps lengths, and two rotations compose: ⟨R_t q, R_u k⟩ = ⟨q, R_(u-t) k⟩. So the score of a query and a key
depends on the distance between them and not on where they stand.

R is orthogonal: its adjoint, which carries gradients back, is the rotation by -θ.

T positions, E features.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..autograd import record
from ..backend import Array, accelerable, array_module
from ..errors import ArgumentError, DtypeError, ShapeError
from ..shapes import broadcasts_to
from .operands import on_one_device, tensor_of

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["rotary_embedding"]

_OP = "rotary_embedding"


def rotary_embedding(
    input: Tensor, position: Tensor | None = None, base: float = 10000.0, interleaved: bool = True
) -> Tensor:
    """Turn pairs of features by angles that grow with the position.

    Forward   (y_a, y_b) = (x_a cos θ - x_b sin θ,  x_a sin θ + x_b cos θ)   for each pair (a, b) of features
    Backward  dx = dy turned by -θ
    Shapes    input (..., T, E), E even; position (T), or what broadcasts to (..., T)  ->  as input

    Pair i is (2i, 2i + 1) if `interleaved`, the form of the paper; otherwise (i, i + E/2), the two halves side by
    side, as the checkpoints of GPT-NeoX and Llama expect. Positions are 0, 1, ... T-1 unless given.

    Raises    ShapeError, DtypeError, ArgumentError
    Source    Su et al., "RoFormer: enhanced transformer with rotary position embedding", arXiv:2104.09864, equation 34
    """
    x = tensor_of(_OP, input)
    if x.array.dtype.kind != "f":
        raise DtypeError(f"{_OP}: needs a floating tensor, got {x.array.dtype}\nHint: convert with .float() first")
    if x.array.ndim < 2 or x.array.shape[-1] % 2:
        raise ShapeError(
            f"{_OP}: needs axes (..., T, E) with E even, got shape {x.array.shape}\nHint: features are turned in pairs"
        )
    theta = angles(_positions(position, x), x.array.shape[-1], base)
    xp = array_module(theta)
    return _turn(x, xp.cos(theta).astype(x.array.dtype), xp.sin(theta).astype(x.array.dtype), interleaved)


def angles(position: Array, width: int, base: float = 10000.0) -> Array:
    """Return θ[t, i] = t · base^(-2i/width) for i < width/2, in float64: large angles have digits to lose."""
    if not (base > 0 and math.isfinite(base)):
        raise ArgumentError(f"position: base must be a finite number above 0, got {base}")
    xp = array_module(position)
    return position[..., None].astype("float64") * base ** (-2.0 * xp.arange((width + 1) // 2) / max(width, 1))


def _positions(position: Any, x: Tensor) -> Array:
    shape = x.array.shape[:-1]
    if position is None:
        return array_module(x.array).arange(shape[-1])
    given = tensor_of(_OP, position, "position")
    on_one_device(_OP, input=x, position=given)
    found = given.array
    if found.dtype.kind not in "iuf":
        raise DtypeError(f"{_OP}: position must hold numbers, got {found.dtype}")
    if not broadcasts_to(found.shape, shape):
        raise ShapeError(f"{_OP}: position has shape {found.shape}, which does not broadcast to the vectors {shape}")
    return found


def _turn(x: Tensor, cos: Array, sin: Array, interleaved: bool) -> Tensor:
    y = rotary_loop(x.array, cos, sin, interleaved)
    return record(_OP, y, (x, lambda dy, _: _turn(dy, cos, -sin, interleaved)))


@accelerable
def rotary_loop(x_te: Array, cos: Array, sin: Array, interleaved: bool) -> Array:
    """Turn every pair of features; cos and sin have one entry per pair."""
    half = x_te.shape[-1] // 2
    first, second = (slice(0, None, 2), slice(1, None, 2)) if interleaved else (slice(None, half), slice(half, None))
    a, b, y = x_te[..., first], x_te[..., second], array_module(x_te).empty_like(x_te)
    y[..., first] = a * cos - b * sin
    y[..., second] = a * sin + b * cos
    return y
