"""All parameters of a model as one vector."""

from __future__ import annotations

from collections.abc import Iterable

from ... import ops
from ...errors import ShapeError
from ...grad_mode import no_grad
from ...tensor import Tensor

__all__ = ["parameters_to_vector", "vector_to_parameters"]


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """Return all elements of the parameters as one vector, in order."""
    return ops.cat([p.reshape(-1) for p in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Copy the elements of a vector into the parameters, in order."""
    kept = list(parameters)
    total = sum(p.numel() for p in kept)
    if vec.shape != (total,):
        raise ShapeError(f"vector_to_parameters: the vector has shape {vec.shape}, the parameters {total} elements")
    at = 0
    with no_grad():
        for p in kept:
            p.copy_(vec[at : at + p.numel()].reshape(p.shape))
            at += p.numel()
