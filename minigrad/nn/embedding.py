"""A table of vectors, looked up by number."""

from __future__ import annotations

from .. import ops
from ..dtypes import DtypeLike
from ..errors import ArgumentError, ShapeError
from ..grad_mode import no_grad
from ..tensor import Tensor
from . import init
from .module import Module
from .parameter import Parameter


class Embedding(Module):
    """Look up one vector of width `embedding_dim` for each index.

    Forward  y[...] = weight[index[...]]
    Shapes   index (...) of integers  ->  (..., embedding_dim);  weight (num_embeddings, embedding_dim)
    Initial  standard normal; the row `padding_idx`, which is never trained, is 0
    """

    def __init__(
        self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None, dtype: DtypeLike | None = None
    ) -> None:
        super().__init__()
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise ArgumentError(f"Embedding: padding_idx {padding_idx} is outside the {num_embeddings} rows")
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = None if padding_idx is None else padding_idx % num_embeddings
        self.weight = Parameter(ops.empty(num_embeddings, embedding_dim, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the vectors anew."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx] = 0.0

    @classmethod
    def from_pretrained(cls, embeddings: Tensor, freeze: bool = True, padding_idx: int | None = None) -> Embedding:
        """Return a table that holds `embeddings`, frozen or not."""
        if embeddings.ndim != 2:
            raise ShapeError(f"Embedding.from_pretrained: needs a matrix, got shape {embeddings.shape}")
        rows, width = embeddings.shape
        table = cls(rows, width, padding_idx)
        table.weight = Parameter(embeddings.detach().clone(), requires_grad=not freeze)
        return table

    def forward(self, input: Tensor) -> Tensor:
        """Look up."""
        return ops.embedding(input, self.weight, padding_idx=self.padding_idx)

    def extra_repr(self) -> str:
        """Name the sizes."""
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"
