"""Stacks of Transformer layers, and the two stacks that translate: an encoder reads, a decoder writes.

    memory = encoder(src)                every word of the source, understood in its context
    y      = decoder(tgt, memory)        each position sees the target so far and all of the memory

B sequences, T positions (U in the source), M = d_model.
"""

from __future__ import annotations

import copy
from typing import Any

from ..dtypes import DtypeLike
from ..errors import ArgumentError, ShapeError
from ..tensor import Tensor
from . import init
from .container import ModuleList
from .mask import generate_square_subsequent_mask
from .module import Module
from .normalization import LayerNorm
from .transformer_layer import Activation, TransformerDecoderLayer, TransformerEncoderLayer


def _stack(name: str, layer: Module, num_layers: int) -> ModuleList:
    """Return copies of a layer; all start with the same weights, as in PyTorch."""
    if num_layers < 0:
        raise ArgumentError(f"{name}: num_layers must not be negative, got {num_layers}")
    return ModuleList(copy.deepcopy(layer) for _ in range(num_layers))


class TransformerEncoder(Module):
    """A stack of encoder layers, then `norm` if given.

    Shapes  src (T, B, M), with batch_first layers (B, T, M), or (T, M)  ->  as src
    Source  Vaswani et al., "Attention is all you need", arXiv:1706.03762, section 3.1

    All positions are computed, hidden ones too. In evaluation PyTorch may put zeros at those; nobody should look there.
    """

    def __init__(
        self, encoder_layer: Module, num_layers: int, norm: Module | None = None, enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.layers, self.num_layers = _stack("TransformerEncoder", encoder_layer, num_layers), num_layers
        self.norm = norm

    def forward(
        self, src: Tensor, mask: Tensor | None = None, src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:  # fmt: skip
        """Encode. `is_causal` hides what comes later; None and False leave that to the mask."""
        x = src
        for layer in self.layers:
            x = layer(x, src_mask=mask, src_key_padding_mask=src_key_padding_mask, is_causal=bool(is_causal))
        return x if self.norm is None else self.norm(x)


class TransformerDecoder(Module):
    """A stack of decoder layers, then `norm` if given.

    Shapes  tgt (T, B, M), memory (U, B, M), batch first if the layers are  ->  as tgt
    Source  Vaswani et al., "Attention is all you need", arXiv:1706.03762, section 3.1
    """

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        self.layers, self.num_layers = _stack("TransformerDecoder", decoder_layer, num_layers), num_layers
        self.norm = norm

    def forward(
        self, tgt: Tensor, memory: Tensor, tgt_mask: Tensor | None = None, memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None, memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None, memory_is_causal: bool = False,
    ) -> Tensor:  # fmt: skip
        """Decode. `tgt_is_causal` hides what comes later; None and False leave that to the mask."""
        x = tgt
        for layer in self.layers:
            x = layer(
                x, memory, tgt_mask=tgt_mask, memory_mask=memory_mask, tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask, tgt_is_causal=bool(tgt_is_causal),
                memory_is_causal=memory_is_causal,
            )  # fmt: skip
        return x if self.norm is None else self.norm(x)


class Transformer(Module):
    """An encoder that reads the source and a decoder that writes the target.

    Forward   y = decoder(tgt, encoder(src))
    Shapes    src (U, B, M), tgt (T, B, M), with `batch_first` (B, U, M), (B, T, M), or without B  ->  as tgt
    Initial   Xavier-uniform matrices
    Source    Vaswani et al., "Attention is all you need", arXiv:1706.03762, figure 1

    Embeddings and positions are the caller's; PyTorch's module has none either.
    """

    def __init__(
        self, d_model: int = 512, nhead: int = 8, num_encoder_layers: int = 6, num_decoder_layers: int = 6,
        dim_feedforward: int = 2048, dropout: float = 0.1, activation: Activation = "relu",
        custom_encoder: Any = None, custom_decoder: Any = None, layer_norm_eps: float = 1e-5,
        batch_first: bool = False, norm_first: bool = False, bias: bool = True, dtype: DtypeLike | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first
        options = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps)
        more: dict[str, Any] = {"batch_first": batch_first, "norm_first": norm_first, "bias": bias, "dtype": dtype}
        self.encoder, self.decoder = custom_encoder, custom_decoder
        if custom_encoder is None:
            norm = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
            self.encoder = TransformerEncoder(TransformerEncoderLayer(*options, **more), num_encoder_layers, norm)
        if custom_decoder is None:
            norm = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
            self.decoder = TransformerDecoder(TransformerDecoderLayer(*options, **more), num_decoder_layers, norm)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw every matrix anew."""
        for parameter in self.parameters():
            if parameter.ndim > 1:
                init.xavier_uniform_(parameter)

    def forward(
        self, src: Tensor, tgt: Tensor, src_mask: Tensor | None = None, tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None, src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None, memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool | None = None, tgt_is_causal: bool | None = None, memory_is_causal: bool = False,
    ) -> Tensor:  # fmt: skip
        """Read, then write. Masks are PyTorch's: True hides, numbers are added."""
        batch = 0 if self.batch_first else 1
        if src.ndim != tgt.ndim or (src.ndim == 3 and src.shape[batch] != tgt.shape[batch]):
            raise ShapeError(
                f"Transformer: src {src.shape} and tgt {tgt.shape} must have as many sequences, axis {batch}\n"
                f"Hint: the layer was built with batch_first={self.batch_first}"
            )
        memory = self.encoder(src, src_mask, src_key_padding_mask, src_is_causal)
        y: Tensor = self.decoder(
            tgt, memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask, tgt_is_causal,
            memory_is_causal,
        )  # fmt: skip
        return y

    generate_square_subsequent_mask = staticmethod(generate_square_subsequent_mask)
