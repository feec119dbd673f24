"""Hypothesis strategies for what tensor code takes: shapes, tensors, indices, windows, ragged batches, whole programs.

Each shrinks towards the smallest thing that still fails, and each draws what hand-written lists forget: equal and
unequal sides, 0-d, ties and distinct values, repeated indices, borders that no window reaches, odd memory.
"""

from ..optional import st  # first: it says what to install if Hypothesis is missing
from .cotangents import cotangents
from .domains import off_kink, positive, probabilities, spd, unit
from .indices import axes, indices
from .programs import programs
from .ragged import lengths, masks, padding_masks
from .shapes import broadcastable, matmul_shapes, shapes
from .tensors import arrays, tensors
from .windows import ConvProblem, PoolProblem, conv_geometries, pool_geometries

__all__ = [
    "ConvProblem", "PoolProblem", "arrays", "axes", "broadcastable", "conv_geometries", "cotangents", "indices",
    "lengths", "masks", "matmul_shapes", "off_kink", "padding_masks", "pool_geometries", "positive", "probabilities",
    "programs", "shapes", "spd", "st", "tensors", "unit",
]  # fmt: skip
