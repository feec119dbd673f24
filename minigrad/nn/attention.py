"""Attention by several heads, each of which looks for something else.

    q, k, v = x_q W_qᵀ, x_k W_kᵀ, x_v W_vᵀ      cut into A heads of width E = M/A
    head_a  = softmax(q_a k_aᵀ / √E + mask) v_a
    y       = [head_1, ..., head_A] W_oᵀ

B sequences, T queries, U keys, A heads of width E, M = A·E.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from .. import ops
from ..dtypes import DtypeLike
from ..errors import ArgumentError, ShapeError
from ..ops.attention import attention_weights, dropped_at
from ..shapes import sizes
from ..tensor import Tensor
from . import init
from .linear import Linear
from .mask import both, merged_mask, widened
from .module import Module
from .parameter import Parameter


class MultiheadAttention(Module):
    """Let queries attend to keys and values, with A = `num_heads` heads side by side.

    Forward   y = concat(head_1 ... head_A) W_oᵀ + b_o;  head = softmax(q kᵀ / √E + mask) v;  see attention.py
    Shapes    query (T, B, M), key (U, B, kdim), value (U, B, vdim)  ->  y (T, B, M) and weights (B, T, U);
              (B, T, M) and so on with `batch_first`; (T, M), (U, kdim), (U, vdim) without a batch
    Initial   Xavier-uniform projections, biases 0
    Raises    ShapeError, DtypeError, ArgumentError
    Source    Vaswani et al., "Attention is all you need", arXiv:1706.03762, section 3.2

    `add_bias_kv` adds a learnt key and value at the end of each sequence, `add_zero_attn` a pair of zeros.

    A query that may see nothing gets weights 0, and so y = b_o. PyTorch gives NaN if `need_weights`, b_o if not.
    """

    def __init__(
        self, embed_dim: int, num_heads: int, dropout: float = 0.0, bias: bool = True, add_bias_kv: bool = False,
        add_zero_attn: bool = False, kdim: int | None = None, vdim: int | None = None, batch_first: bool = False,
        dtype: DtypeLike | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if embed_dim < 1 or num_heads < 1 or embed_dim % num_heads:
            raise ArgumentError(
                f"MultiheadAttention: num_heads = {num_heads} must divide embed_dim = {embed_dim}, both at least 1"
            )
        if not 0 <= dropout <= 1:
            raise ArgumentError(f"MultiheadAttention: dropout is a probability and must lie in [0, 1], got {dropout}")
        self.embed_dim, self.num_heads, self.head_dim = embed_dim, num_heads, embed_dim // num_heads
        self.kdim, self.vdim = kdim or embed_dim, vdim or embed_dim
        self.dropout, self.batch_first, self.add_zero_attn = dropout, batch_first, add_zero_attn
        M, packed = embed_dim, self.kdim == self.vdim == embed_dim
        self.q_proj_weight = None if packed else Parameter(ops.empty(M, M, dtype=dtype))
        self.k_proj_weight = None if packed else Parameter(ops.empty(M, self.kdim, dtype=dtype))
        self.v_proj_weight = None if packed else Parameter(ops.empty(M, self.vdim, dtype=dtype))
        self.in_proj_weight = Parameter(ops.empty(3 * M, M, dtype=dtype)) if packed else None
        self.in_proj_bias = Parameter(ops.empty(3 * M, dtype=dtype)) if bias else None
        self.bias_k = Parameter(ops.empty(1, 1, M, dtype=dtype)) if add_bias_kv else None
        self.bias_v = Parameter(ops.empty(1, 1, M, dtype=dtype)) if add_bias_kv else None
        self.out_proj = Linear(M, M, bias, dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the projections anew; the output's as a Linear layer's."""
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        for bias in (self.in_proj_bias, self.out_proj.bias):
            if bias is not None:
                init.zeros_(bias)
        for extra in (self.bias_k, self.bias_v):
            if extra is not None:
                init.xavier_normal_(extra)

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, key_padding_mask: Tensor | None = None,
        need_weights: bool = True, attn_mask: Tensor | None = None, average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:  # fmt: skip
        """Return y, and the weights if `need_weights`: their mean over the heads, or all, (B, A, T, U).

        Masks are PyTorch's: True hides, numbers are added. attn_mask is (T, U) or (B·A, T, U), key_padding_mask (B, U).
        With `is_causal`, query t sees keys 0 ... t at most, and no other mask is needed for that.
        """
        batched = query.ndim == 3
        q, k, v = (self._with_batch_first(name, x, batched) for name, x in
                   (("query", query), ("key", key), ("value", value)))  # fmt: skip
        B, T, U = self._sizes(q, k, v)
        mask = merged_mask("MultiheadAttention", attn_mask, key_padding_mask, (B, self.num_heads, T, U), q.dtype)
        if is_causal and (self.bias_k is not None or self.add_zero_attn):  # the triangle ends before the extra keys
            triangle, is_causal = ops.ones(T, U, dtype=bool).tril().to(q.device), False
            mask = triangle if mask is None else both(mask, triangle)
        q, k, v = self._projected(q, k, v)
        k, v, mask = self._extended(k, v, mask)
        y, weights = self._attend(q, k, v, mask, is_causal, need_weights)
        y = self.out_proj(y.transpose(1, 2).flatten(2))
        if weights is not None and average_attn_weights:
            weights = weights.mean(1)
        if not batched:
            return y.squeeze(0), None if weights is None else weights.squeeze(0)
        return y if self.batch_first else y.transpose(0, 1), weights

    def _with_batch_first(self, name: str, x: Tensor, batched: bool) -> Tensor:
        if x.ndim != (3 if batched else 2):
            raise ShapeError(
                f"MultiheadAttention: {name} has shape {x.shape}; query, key and value need 3 axes each\n"
                "Hint: or 2 each, if there is one sequence only"
            )
        if not batched:
            return x.unsqueeze(0)
        return x if self.batch_first else x.transpose(0, 1)

    def _sizes(self, q: Tensor, k: Tensor, v: Tensor) -> tuple[int, int, int]:
        """Return B, T and U, having checked that the inputs fit together and to the layer."""
        hint = "with batch_first=False, the default, axes are (T, B, M); with batch_first=True (B, T, M)"
        B, T, *widths = sizes(
            "MultiheadAttention", hint, query=(q, "B T embed_dim"), key=(k, "B U kdim"), value=(v, "B U vdim")
        )
        U = widths.pop(1)
        for name, found, wanted in zip(
            ("embed_dim", "kdim", "vdim"), widths, (self.embed_dim, self.kdim, self.vdim), strict=True
        ):
            if found != wanted:
                raise ShapeError(
                    f"MultiheadAttention: {name} is {wanted} in the layer but {found} in the input\n"
                    f"  query {q.shape}, key {k.shape}, value {v.shape}, batch first"
                )
        return B, T, U

    def _projected(self, q: Tensor, k: Tensor, v: Tensor) -> list[Tensor]:
        """Return the queries, keys and values of every head, (B, A, T, E) and (B, A, U, E)."""
        weights: Sequence[Tensor | None] = (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)
        if self.in_proj_weight is not None:
            weights = self.in_proj_weight.chunk(3)
        biases: Sequence[Tensor | None] = (None,) * 3 if self.in_proj_bias is None else self.in_proj_bias.chunk(3)
        projected = [ops.linear(x, w, b) for x, w, b in zip((q, k, v), weights, biases, strict=True) if w is not None]
        return [x.unflatten(-1, (self.num_heads, self.head_dim)).transpose(1, 2) for x in projected]

    def _extended(self, k: Tensor, v: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor, Tensor | None]:
        """Add the extra keys and values, which every query may see, at the end."""
        B, A, _, E = k.shape
        pairs = list[tuple[Tensor, Tensor]]()
        if self.bias_k is not None and self.bias_v is not None:
            key, value = (x.reshape(1, A, 1, E).expand(B, A, 1, E) for x in (self.bias_k, self.bias_v))
            pairs.append((key, value))
        if self.add_zero_attn:
            nothing = k.new_zeros(B, A, 1, E)
            pairs.append((nothing, nothing))
        if not pairs:
            return k, v, mask
        keys, values = zip(*pairs, strict=True)
        wider = None if mask is None else widened(mask, len(pairs))
        return ops.cat([k, *keys], 2), ops.cat([v, *values], 2), wider

    def _attend(
        self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, causal: bool, need_weights: bool
    ) -> tuple[Tensor, Tensor | None]:
        """Return what the heads found, (B, A, T, E), and the weights if they are needed."""
        p = self.dropout if self.training else 0.0
        if not need_weights:
            return ops.scaled_dot_product_attention(q, k, v, mask, p, causal), None
        dropped = dropped_at("MultiheadAttention", p, q, k)
        weights = attention_weights(q, k, mask, causal, 1 / math.sqrt(self.head_dim), dropped)
        return weights @ v, weights

    def extra_repr(self) -> str:
        """Name the sizes."""
        return f"embed_dim={self.embed_dim}, num_heads={self.num_heads}, dropout={self.dropout}"
