"""How alike two vectors are, by the angle between them or by their distance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ArgumentError, ShapeError
from ..shapes import broadcast_shapes, describe, normalize_axis
from .norm import norm
from .operands import operands, real

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["cdist", "cosine_similarity", "pairwise_distance"]


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """Compute the cosine of the angle between vectors along `dim`; a length below `eps` counts as `eps`.

    Forward   y = Σ x z / (|x| |z|)
    Backward  dx = dy (z / |z| - y x / |x|) / |x|,  dz likewise;  at x = 0 the length counts as constant
    Shapes    x1 and x2 broadcast to one shape  ->  that shape without `dim`
    """
    x, z = real("cosine_similarity", x1, "x1"), real("cosine_similarity", x2, "x2")
    shape = broadcast_shapes("cosine_similarity", x.array.shape, z.array.shape)
    x, z = operands("cosine_similarity", x.broadcast_to(shape), z.broadcast_to(shape))
    axis = normalize_axis("cosine_similarity", dim, len(shape))
    return (x * z).sum(axis) / (norm(x, 2, axis).clamp_min(eps) * norm(z, 2, axis).clamp_min(eps))


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """Compute the distance between two vectors, in the p-norm along the last axis.

    `eps` is added to every difference, so that the distance of equal vectors is not 0 and has a gradient.

    Forward   y = (Σ_i |x_i - z_i + eps|^p)^(1/p)
    Backward  dx = -dz = that of `norm`
    Shapes    (N, E) and (N, E)  ->  (N,), or (N, 1) with `keepdim`; leading axes broadcast
    """
    x, z = real("pairwise_distance", x1, "x1"), real("pairwise_distance", x2, "x2")
    return norm(x - z + eps, p, -1, keepdim)


def cdist(x1: Tensor, x2: Tensor, p: float = 2.0) -> Tensor:
    """Compute the distance of every vector in x to every vector in z, in the p-norm.

    Forward   y[i, j] = (Σ_k |x_ik - z_jk|^p)^(1/p).   All T U K differences are held in memory.
    Backward  that of `norm`; 0 between equal vectors
    Shapes    (..., T, K) and (..., U, K)  ->  (..., T, U), leading axes broadcast
    """
    if not p >= 0:
        raise ArgumentError(f"cdist: p is {p}, it must be at least 0")
    x, z = real("cdist", x1, "x1"), real("cdist", x2, "x2")
    rows = {"x1": (x, "... T K"), "x2": (z, "... U K")}
    if min(x.array.ndim, z.array.ndim) < 2 or x.array.shape[-1] != z.array.shape[-1]:
        raise ShapeError(describe("cdist", "needs two lists of vectors of one length K", rows, "K is the last axis"))
    return norm(x.unsqueeze(-2) - z.unsqueeze(-3), p, -1)
