"""The layers that Transformers are stacked from: look at the others, think it over, each time as a correction of x.

    post-norm (the paper)      x ← LN(x + f(x))       f: attention to itself, attention to a memory, feed-forward
    pre-norm (`norm_first`)    x ← x + f(LN(x))       gradients pass the additions unchanged: deep stacks learn easily

B sequences, T positions (U in the memory), M = d_model.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from .. import ops
from ..dtypes import DtypeLike
from ..errors import ArgumentError
from ..tensor import Tensor
from .attention import MultiheadAttention
from .dropout import Dropout
from .linear import Linear
from .module import Module
from .normalization import LayerNorm

Activation = str | Callable[[Tensor], Tensor]


class _Layer(Module):
    """What encoder and decoder layers share: attention to oneself, a feed-forward network, and how f(x) is added."""

    attentions: ClassVar[int]  # how many there are in a layer

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int = 2048, dropout: float = 0.1,
        activation: Activation = "relu", layer_norm_eps: float = 1e-5, batch_first: bool = False,
        norm_first: bool = False, bias: bool = True, dtype: DtypeLike | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, dtype=dtype)
        if self.attentions > 1:
            attention = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, dtype=dtype)
            self.multihead_attn = attention
        self.linear1 = Linear(d_model, dim_feedforward, bias, dtype)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, dtype)
        self.norm_first = norm_first
        for i in range(1, self.attentions + 2):
            setattr(self, f"norm{i}", LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype))
        for i in range(1, self.attentions + 2):
            setattr(self, f"dropout{i}", Dropout(dropout))
        self.activation = activation_of(type(self).__name__, activation)

    def _add(self, x: Tensor, f: Callable[[Tensor], Tensor], norm: Module, dropout: Module) -> Tensor:
        """Return x corrected by f, normalized before f or after the sum."""
        y: Tensor = x + dropout(f(norm(x))) if self.norm_first else norm(x + dropout(f(x)))
        return y

    def _feed_forward(self, x: Tensor) -> Tensor:
        """Return W₂ φ(W₁ x + b₁) + b₂, the same network at every position."""
        y: Tensor = self.linear2(self.dropout(self.activation(self.linear1(x))))
        return y


class TransformerEncoderLayer(_Layer):
    """Attention to the whole sequence, then a network at each position.

    Forward   x ← LN(x + attention(x, x, x)),  x ← LN(x + W₂ φ(W₁ x));  with `norm_first` LN stands before f
    Shapes    src (T, B, M), with `batch_first` (B, T, M), or (T, M)  ->  as src
    Source    Vaswani et al., "Attention is all you need", arXiv:1706.03762, section 3.1; Xiong et al., "On layer
              normalization in the transformer architecture", arXiv:2002.04745, for `norm_first`
    """

    attentions = 1
    norm1: LayerNorm
    norm2: LayerNorm
    dropout1: Dropout
    dropout2: Dropout

    def forward(
        self, src: Tensor, src_mask: Tensor | None = None, src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:  # fmt: skip
        """Encode. Masks are PyTorch's: True hides, numbers are added. `is_causal` hides what comes later."""

        def attend(x: Tensor) -> Tensor:
            y: Tensor = self.self_attn(x, x, x, src_key_padding_mask, False, src_mask, is_causal=is_causal)[0]
            return y

        x = self._add(src, attend, self.norm1, self.dropout1)
        return self._add(x, self._feed_forward, self.norm2, self.dropout2)


class TransformerDecoderLayer(_Layer):
    """Attention to the sequence so far, then to the memory of an encoder, then a network at each position.

    Forward   x ← LN(x + attention(x, x, x)),  x ← LN(x + attention(x, memory, memory)),  x ← LN(x + W₂ φ(W₁ x))
    Shapes    tgt (T, B, M), memory (U, B, M), with `batch_first` (B, T, M), (B, U, M), or without B  ->  as tgt
    Source    Vaswani et al., "Attention is all you need", arXiv:1706.03762, section 3.1
    """

    attentions = 2
    norm1: LayerNorm
    norm2: LayerNorm
    norm3: LayerNorm
    dropout1: Dropout
    dropout2: Dropout
    dropout3: Dropout

    def forward(
        self, tgt: Tensor, memory: Tensor, tgt_mask: Tensor | None = None, memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None, memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False, memory_is_causal: bool = False,
    ) -> Tensor:  # fmt: skip
        """Decode. Masks are PyTorch's: True hides, numbers are added. `tgt_is_causal` hides what comes later."""

        def attend(x: Tensor) -> Tensor:
            y: Tensor = self.self_attn(x, x, x, tgt_key_padding_mask, False, tgt_mask, is_causal=tgt_is_causal)[0]
            return y

        def recall(x: Tensor) -> Tensor:
            y: Tensor = self.multihead_attn(
                x, memory, memory, memory_key_padding_mask, False, memory_mask, is_causal=memory_is_causal
            )[0]
            return y

        x = self._add(tgt, attend, self.norm1, self.dropout1)
        x = self._add(x, recall, self.norm2, self.dropout2)
        return self._add(x, self._feed_forward, self.norm3, self.dropout3)


def activation_of(name: str, activation: Activation) -> Callable[[Tensor], Tensor]:
    """Return the function that an activation is: "relu", "gelu" or the function itself."""
    known: dict[str, Callable[[Tensor], Tensor]] = {"relu": ops.relu, "gelu": ops.gelu}
    if callable(activation):
        return activation
    if activation not in known:
        raise ArgumentError(f'{name}: activation is {activation!r}; use "relu", "gelu" or a function of a tensor')
    return known[activation]
