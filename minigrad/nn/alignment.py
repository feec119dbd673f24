"""Attention as it was before Transformers: a decoder's state asks which words of the source it should look at now.

    score[t, u] = how well state q_t matches source word k_u
    a[t, u]     = softmax over u                                 the alignment: worth drawing
    c[t]        = Σ_u a[t, u] v_u                                 the context

    Bahdanau    vᵀ tanh(W q + V k)                                additive
    Luong       qᵀ k,   qᵀ W k,   vᵀ tanh(W [q; k])               dot, general, concat

B sequences, T queries of width Q, U keys of width K, values of width F.
"""

from __future__ import annotations

from .. import ops
from ..dtypes import DtypeLike
from ..errors import ArgumentError, DtypeError, ShapeError
from ..ops.attention import masked_softmax
from ..shapes import broadcasts_to, sizes
from ..tensor import Tensor
from .linear import Linear
from .module import Module


class _Alignment(Module):
    """A context for each query; the scores are a subclass's."""

    def score(self, query: Tensor, key: Tensor) -> Tensor:
        """Return how well each key matches each query, (B, T, U)."""
        raise NotImplementedError(f"{type(self).__name__}: define score(query, key)")

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor | None = None, attn_mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the contexts (B, T, F) and the alignment (B, T, U). The values are the keys unless given.

        attn_mask broadcasts to (B, T, U): True where a key may be seen, or numbers to add. A mask per sequence, such as
        `length_mask`, is (B, 1, U). A query that may see nothing gets zeros.
        """
        name, value = type(self).__name__, key if value is None else value
        hint = "inputs are batches: (B, T, Q), (B, U, K) and (B, U, F)"
        B, T, _, U, *_ = sizes(name, hint, query=(query, "B T Q"), key=(key, "B U K"), value=(value, "B U F"))
        if attn_mask is not None and attn_mask.dtype.kind not in "bf":
            raise DtypeError(f"{name}: attn_mask must be bool or floating, got {attn_mask.dtype}")
        if attn_mask is not None and not broadcasts_to(attn_mask.shape, (B, T, U)):
            raise ShapeError(
                f"{name}: attn_mask has shape {attn_mask.shape}, which does not broadcast to (B, T, U) = {(B, T, U)}\n"
                "Hint: a mask with one row per sequence is unsqueeze(1)"
            )
        weights = masked_softmax(self.score(query, key), attn_mask)
        return weights @ value, weights


class BahdanauAttention(_Alignment):
    """Additive attention: a small network with one hidden layer scores each pair.

    Forward   score[t, u] = vᵀ tanh(W q_t + V k_u),   context = softmax(score) values
    Shapes    query (B, T, Q), key (B, U, K), value (B, U, F)  ->  (B, T, F) and (B, T, U)
    Source    Bahdanau, Cho and Bengio, "Neural machine translation by jointly learning to align and translate",
              arXiv:1409.0473, section A.1.2
    """

    def __init__(self, query_dim: int, key_dim: int, hidden_dim: int, dtype: DtypeLike | None = None) -> None:
        super().__init__()
        self.query_proj = Linear(query_dim, hidden_dim, bias=False, dtype=dtype)
        self.key_proj = Linear(key_dim, hidden_dim, bias=False, dtype=dtype)
        self.v = Linear(hidden_dim, 1, bias=False, dtype=dtype)

    def score(self, query: Tensor, key: Tensor) -> Tensor:
        """Return vᵀ tanh(W q + V k) for each pair."""
        hidden = ops.tanh(self.query_proj(query).unsqueeze(2) + self.key_proj(key).unsqueeze(1))
        y: Tensor = self.v(hidden)
        return y.squeeze(-1)


class LuongAttention(_Alignment):
    """Multiplicative attention, with one of three scores.

    Forward   "dot"      score[t, u] = q_tᵀ k_u                    Q = K
              "general"  score[t, u] = q_tᵀ W k_u
              "concat"   score[t, u] = vᵀ tanh(W [q_t; k_u])       W maps to `hidden_dim` (Q unless given)
              context = softmax(score) values
    Shapes    query (B, T, Q), key (B, U, K), value (B, U, F)  ->  (B, T, F) and (B, T, U)
    Source    Luong, Pham and Manning, "Effective approaches to attention-based neural machine translation",
              arXiv:1508.04025, section 3.1
    """

    def __init__(
        self, query_dim: int, key_dim: int, method: str = "general", hidden_dim: int | None = None,
        dtype: DtypeLike | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if method not in ("dot", "general", "concat"):
            raise ArgumentError(f'LuongAttention: method is {method!r}; use "dot", "general" or "concat"')
        if method == "dot" and query_dim != key_dim:
            raise ArgumentError(
                f'LuongAttention: "dot" needs queries and keys of one width, got {query_dim} and {key_dim}\n'
                'Hint: "general" maps one to the other'
            )
        self.method = method
        if method == "general":
            self.key_proj = Linear(key_dim, query_dim, bias=False, dtype=dtype)
        elif method == "concat":
            hidden = hidden_dim or query_dim
            self.pair_proj = Linear(query_dim + key_dim, hidden, bias=False, dtype=dtype)
            self.v = Linear(hidden, 1, bias=False, dtype=dtype)

    def score(self, query: Tensor, key: Tensor) -> Tensor:
        """Return the score of each pair."""
        if self.method != "concat":
            return query @ (key if self.method == "dot" else self.key_proj(key)).mT
        (B, T, Q), (_, U, K) = query.shape, key.shape
        pairs = [query.unsqueeze(2).expand(B, T, U, Q), key.unsqueeze(1).expand(B, T, U, K)]
        y: Tensor = self.v(ops.tanh(self.pair_proj(ops.cat(pairs, -1))))
        return y.squeeze(-1)

    def extra_repr(self) -> str:
        """Name the score."""
        return f"method={self.method!r}"
