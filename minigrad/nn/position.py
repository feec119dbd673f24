"""Order, told to a layer that has none: attention treats its inputs as a set, so a position must be part of them.

    added to the vectors     SinusoidalEncoding (fixed), LearnedEncoding
    turning the vectors      RotaryEmbedding: for the queries and keys of each layer
    added to the scores      ALiBi (fixed), RelativePositionBias (learnt): pass them as attn_mask

B sequences, A heads, T queries, U keys, M features. With a cache of earlier keys, the queries are the last T of U
positions: `start` (what stands before them), or T and U, say so.
"""

from __future__ import annotations

import math

import numpy as np

from .. import ops
from ..autograd import constant
from ..backend import Array, array_module, module_for
from ..dtypes import DtypeLike
from ..errors import ArgumentError, ShapeError
from ..ops.position import angles
from ..tensor import Tensor
from . import init
from .module import Module
from .parameter import Buffer, Parameter


def relative_positions(T: int, U: int, device: str = "cpu") -> Array:
    """Return how far key u stands behind query t (negative: before it), for queries that are the last T of U positions.

    >>> relative_positions(2, 3)
    array([[-1,  0,  1],
           [-2, -1,  0]])
    """
    if T < 0 or U < T:
        raise ShapeError(f"position: the queries are the last T of U positions, got T = {T} and U = {U}")
    xp = module_for(device)
    return xp.arange(U) - xp.arange(U - T, U)[:, None]


class _AddedEncoding(Module):
    """A table with one row per position, of which each sequence is given the first rows, or those from `start` on."""

    weight: Tensor

    def forward(self, input: Tensor, start: int = 0) -> Tensor:
        """Add row start + t to the vector at position t."""
        name, (length, width) = type(self).__name__, self.weight.shape
        if input.ndim < 2 or input.shape[-1] != width:
            raise ShapeError(f"{name}: needs axes (..., T, M) with M = {width}, got shape {input.shape}")
        stop = start + input.shape[-2]
        if start < 0 or stop > length:
            raise ShapeError(
                f"{name}: positions {start} to {stop - 1} are asked for, the table ends with {length - 1}\n"
                "Hint: cut the sequence, or build the layer with a larger max_len"
            )
        return input + self.weight[start:stop]

    def extra_repr(self) -> str:
        """Name the sizes."""
        return f"{self.weight.shape[0]}, {self.weight.shape[1]}"


class SinusoidalEncoding(_AddedEncoding):
    """Add the hands of clocks of many speeds, so that a shift of positions is a rotation of the code.

    Forward  y[t, 2i] = x[t, 2i] + sin θ[t, i],  y[t, 2i+1] = x[t, 2i+1] + cos θ[t, i],  θ[t, i] = t · base^(-2i/M)
    Shapes   (..., T, M)  ->  as input
    Source   Vaswani et al., "Attention is all you need", arXiv:1706.03762, section 3.5
    """

    def __init__(self, max_len: int, d_model: int, base: float = 10000.0, dtype: DtypeLike | None = None) -> None:
        super().__init__()
        theta = angles(np.arange(max_len), d_model, base)
        table = np.stack([np.sin(theta), np.cos(theta)], -1).reshape(max_len, theta.shape[1] * 2)[:, :d_model]
        self.weight = Buffer(ops.tensor(table).to(ops.empty(0, dtype=dtype).dtype), persistent=False)


class LearnedEncoding(_AddedEncoding):
    """Add a vector that is learnt for each position.

    Forward  y[t] = x[t] + weight[t]
    Shapes   (..., T, M)  ->  as input;  weight (max_len, M)
    Initial  normal, standard deviation 0.02
    Source   Gehring et al., "Convolutional sequence to sequence learning", arXiv:1705.03122, section 3.1
    """

    def __init__(self, max_len: int, d_model: int, dtype: DtypeLike | None = None) -> None:
        super().__init__()
        self.weight = Parameter(ops.empty(max_len, d_model, dtype=dtype))
        init.normal_(self.weight, std=0.02)


class RotaryEmbedding(Module):
    """Turn queries and keys, so that their product depends on how far they are apart. See `ops.rotary_embedding`.

    Shapes  (..., T, E), E even  ->  as input
    Source  Su et al., "RoFormer: enhanced transformer with rotary position embedding", arXiv:2104.09864
    """

    def __init__(self, base: float = 10000.0, interleaved: bool = True) -> None:
        super().__init__()
        self.base, self.interleaved = base, interleaved

    def forward(self, input: Tensor, start: int = 0) -> Tensor:
        """Turn the vector at position t by the angles of start + t."""
        T = input.shape[-2] if input.ndim > 1 else 1
        position = ops.arange(start, start + T, device=input.device)
        return ops.rotary_embedding(input, position, self.base, self.interleaved)

    def extra_repr(self) -> str:
        """Name the options."""
        return f"base={self.base}, interleaved={self.interleaved}"


class ALiBi(Module):
    """Lower the score of a key in proportion to its distance; each head has a reach of its own.

    Forward  bias[a, t, u] = -slope_a · |u - t|,   slope_a = 2^(-8a/A) for a = 1 ... A
    Shapes   T, U  ->  (A, T, U), to be passed as attn_mask
    Source   Press et al., "Train short, test long: attention with linear biases", arXiv:2108.12409, section 3

    For A that is no power of 2, the slopes are those of the next smaller power, and every other one of twice as many.
    """

    def __init__(self, num_heads: int, dtype: DtypeLike | None = None) -> None:
        super().__init__()
        _check_heads("ALiBi", num_heads)
        power = 2 ** int(math.log2(num_heads))
        slopes = [2 ** (-8 * a / power) for a in range(1, power + 1)]
        slopes += [2 ** (-8 * a / (2 * power)) for a in range(1, 2 * power + 1, 2)][: num_heads - power]
        self.slopes = Buffer(ops.tensor(slopes, dtype=dtype), persistent=False)

    def forward(self, T: int, U: int | None = None) -> Tensor:
        """Return the bias of the last T of U queries; U is T unless given."""
        distance = abs(relative_positions(T, T if U is None else U, self.slopes.device)).astype(self.slopes.dtype)
        return -self.slopes.reshape(-1, 1, 1) * constant(distance)


class RelativePositionBias(Module):
    """Add a number that is learnt for each head and each distance; far distances share one.

    Forward  bias[0, a, t, u] = weight[bucket(u - t), a]
    Shapes   T, U  ->  (1, A, T, U), to be passed as attn_mask;  weight (num_buckets, A)
    Initial  standard normal
    Source   Raffel et al., "Exploring the limits of transfer learning with a unified text-to-text transformer",
             arXiv:1910.10683, section 2.1
    """

    def __init__(
        self, num_heads: int, num_buckets: int = 32, max_distance: int = 128, bidirectional: bool = True,
        dtype: DtypeLike | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        _check_heads("RelativePositionBias", num_heads)
        exact = num_buckets // (4 if bidirectional else 2)
        if exact < 1 or max_distance <= exact:
            raise ArgumentError(
                f"RelativePositionBias: {num_buckets} buckets keep distances below {exact} apart and share the others "
                f"up to max_distance = {max_distance}\nHint: use more buckets, and a max_distance above {exact}"
            )
        self.num_buckets, self.max_distance, self.bidirectional = num_buckets, max_distance, bidirectional
        self.weight = Parameter(ops.empty(num_buckets, num_heads, dtype=dtype))
        init.normal_(self.weight)

    def forward(self, T: int, U: int | None = None) -> Tensor:
        """Return the bias of the last T of U queries; U is T unless given."""
        distance = relative_positions(T, T if U is None else U, self.weight.device)
        bucket = buckets(distance, self.num_buckets, self.max_distance, self.bidirectional)
        return ops.embedding(constant(bucket), self.weight).permute(2, 0, 1).unsqueeze(0)

    def extra_repr(self) -> str:
        """Name the options."""
        return f"num_buckets={self.num_buckets}, max_distance={self.max_distance}, bidirectional={self.bidirectional}"


def buckets(distance: Array, num_buckets: int, max_distance: int, bidirectional: bool) -> Array:
    """Return the bucket of each distance u - t: one each for the near ones, then ever wider ones on a log scale.

    Both directions have half of the buckets each; one direction, of keys before the query, has all of them.
    """
    xp = array_module(distance)
    offset: Array = xp.zeros_like(distance)
    if bidirectional:
        num_buckets //= 2
        offset, far = (distance > 0) * num_buckets, xp.abs(distance)
    else:
        far = xp.maximum(-distance, 0)
    exact = num_buckets // 2
    scaled = xp.log(xp.maximum(far, 1).astype("float32") / exact) / math.log(max_distance / exact)
    shared = exact + (scaled * (num_buckets - exact)).astype("int64")
    return offset + xp.where(far < exact, far, xp.minimum(shared, num_buckets - 1))


def _check_heads(name: str, heads: int) -> None:
    if heads < 1:
        raise ArgumentError(f"{name}: needs at least 1 head, got {heads}")
