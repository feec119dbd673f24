"""T5: every task is a text that is read and a text that is written.

Raffel et al., "Exploring the limits of transfer learning with a unified text-to-text transformer", arXiv:1910.10683.

    encoder    x ← x + attention(N x),  x ← x + W₂ relu(W₁ N x)                           N: RMS norm
    decoder    the same, and between the two x ← x + attention(N x, memory)
    logits     (N x / √M) · wordsᵀ                                                       one table for all words

Positions are told by a bias of the scores, by distance, the same in every layer of a stack; there are no other biases,
and scores are not divided by √E: the initial weights are that much smaller instead. See checkpoints.py for the weights
of others.  B sequences, U tokens read, T written, M width, A heads of width E, V words.
"""

from __future__ import annotations

import math

from .. import nn, ops
from ..errors import ShapeError
from ..nn import functional as F
from ..random import Generator
from ..tensor import Tensor
from . import sampling
from .cached_logits import CachedLogits


class Attention(nn.Module):
    """Attention without biases and without a scale."""

    def __init__(self, width: int, heads: int, head_width: int) -> None:
        super().__init__()
        self.heads, inner = heads, heads * head_width
        self.q, self.k, self.v = (nn.Linear(width, inner, bias=False) for _ in range(3))
        self.o = nn.Linear(inner, width, bias=False)
        nn.init.normal_(self.q.weight, std=(width * head_width) ** -0.5)
        for layer in (self.k, self.v):
            nn.init.normal_(layer.weight, std=width**-0.5)
        nn.init.normal_(self.o.weight, std=inner**-0.5)

    def keys_and_values(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the queries look at, (B, A, U, E) each."""
        key, value = (layer(x).unflatten(-1, (self.heads, -1)).transpose(1, 2) for layer in (self.k, self.v))
        return key, value

    def forward(self, x: Tensor, seen: tuple[Tensor, Tensor], mask: Tensor | None) -> Tensor:
        """Return what x finds among `seen`, (B, T, M)."""
        q = self.q(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        y: Tensor = self.o(F.scaled_dot_product_attention(q, *seen, mask, scale=1.0).transpose(1, 2).flatten(2))
        return y


class Block(nn.Module):
    """A layer of the encoder, or of the decoder, which also looks at the memory."""

    def __init__(self, width: int, heads: int, head_width: int, hidden: int, dropout: float, decodes: bool) -> None:
        super().__init__()
        self.norm1, self.attention = nn.RMSNorm(width, eps=1e-6), Attention(width, heads, head_width)
        if decodes:
            self.norm2, self.recall = nn.RMSNorm(width, eps=1e-6), Attention(width, heads, head_width)
        self.norm3 = nn.RMSNorm(width, eps=1e-6)
        self.wi, self.wo = nn.Linear(width, hidden, bias=False), nn.Linear(hidden, width, bias=False)
        self.drop = nn.Dropout(dropout)
        nn.init.normal_(self.wi.weight, std=width**-0.5)
        nn.init.normal_(self.wo.weight, std=hidden**-0.5)

    def forward(
        self, x: Tensor, mask: Tensor, memory: tuple[Tensor, Tensor] | None = None, memory_mask: Tensor | None = None,
        cache: nn.KVCache | None = None,
    ) -> Tensor:  # fmt: skip
        """Return (B, T, M); `memory` holds the keys and values of what was read."""
        normed = self.norm1(x)
        seen = self.attention.keys_and_values(normed)
        seen = seen if cache is None else cache.append(*seen)
        x = x + self.drop(self.attention(normed, seen, mask))
        if memory is not None:
            x = x + self.drop(self.recall(self.norm2(x), memory, memory_mask))
        y: Tensor = x + self.drop(self.wo(self.drop(F.relu(self.wi(self.norm3(x))))))
        return y


class T5(nn.Module):
    """An encoder that reads and a decoder that writes.

    Shapes   source (B, U), target (B, T), source_mask (B, U), 1 or True where there is a token and no padding
             ->  logits (B, T, V) of the token after each of the target
    """

    def __init__(
        self, vocab_size: int = 32128, layers: int = 6, heads: int = 8, width: int = 512, head_width: int = 64,
        hidden: int = 2048, dropout: float = 0.1, buckets: int = 32, max_distance: int = 128,
    ) -> None:  # fmt: skip
        super().__init__()
        self.shared = nn.Embedding(vocab_size, width)  # standard normal
        sizes = (width, heads, head_width, hidden, dropout)
        self.encoder = nn.ModuleList(Block(*sizes, decodes=False) for _ in range(layers))
        self.decoder = nn.ModuleList(Block(*sizes, decodes=True) for _ in range(layers))
        self.encoder_bias = nn.RelativePositionBias(heads, buckets, max_distance)
        self.decoder_bias = nn.RelativePositionBias(heads, buckets, max_distance, bidirectional=False)
        for bias in (self.encoder_bias, self.decoder_bias):
            nn.init.normal_(bias.weight, std=width**-0.5)
        self.encoder_norm, self.decoder_norm = nn.RMSNorm(width, eps=1e-6), nn.RMSNorm(width, eps=1e-6)
        self.drop = nn.Dropout(dropout)

    def encode(self, source: Tensor, source_mask: Tensor | None = None) -> Tensor:
        """Read: return the memory, (B, U, M)."""
        if source.ndim != 2 or not source.shape[1]:
            raise ShapeError(f"T5: needs source tokens (B, U) with U at least 1, got {source.shape}")
        mask, shown = self.encoder_bias(source.shape[1]), _shown(source, source_mask)
        mask = mask if shown is None else ops.where(shown, mask, -math.inf)
        x = self.drop(self.shared(source))
        for block in self.encoder:
            x = block(x, mask)
        y: Tensor = self.drop(self.encoder_norm(x))
        return y

    def decode(
        self, target: Tensor, memory: list[tuple[Tensor, Tensor]], memory_mask: Tensor | None = None,
        caches: list[nn.KVCache] | None = None,
    ) -> Tensor:  # fmt: skip
        """Write: return the logits after each token. With caches, the tokens follow those that they hold."""
        T, start = target.shape[1], len(caches[0]) if caches else 0
        causal = nn.causal_mask(T, start + T, target.device)
        mask, x = ops.where(causal, self.decoder_bias(T, start + T), -math.inf), self.drop(self.shared(target))
        for i, block in enumerate(self.decoder):
            x = block(x, mask, memory[i], memory_mask, caches[i] if caches else None)
        x = self.drop(self.decoder_norm(x))
        return F.linear(x / math.sqrt(x.shape[-1]), self.shared.weight)

    def memorize(self, source: Tensor, source_mask: Tensor | None = None) -> list[tuple[Tensor, Tensor]]:
        """Return the keys and values of the memory for each layer of the decoder: the same for every token written."""
        memory = self.encode(source, source_mask)
        return [block.recall.keys_and_values(memory) for block in self.decoder]

    def forward(self, source: Tensor, target: Tensor, source_mask: Tensor | None = None) -> Tensor:
        """Return the logits after each token of the target."""
        return self.decode(target, self.memorize(source, source_mask), _shown(source, source_mask))

    def cached_logits(self, source: Tensor, source_mask: Tensor | None = None) -> CachedLogits:
        """Return next_logits(target) for sources that are read once; one source serves any number of targets."""
        memory, shown = self.memorize(source, source_mask), _shown(source, source_mask)
        return CachedLogits(lambda tokens, caches: self.decode(tokens, memory, shown, caches)[:, -1], len(self.decoder))

    def generate(
        self, source: Tensor, max_new_tokens: int, source_mask: Tensor | None = None, start: int = 0,
        stop: int | None = 1, temperature: float = 0.0, generator: Generator | None = None,
    ) -> Tensor:  # fmt: skip
        """Write a text for each source, (B, 1 + n), beginning with `start`."""
        with sampling.evaluating(self):
            answer, first = self.cached_logits(source, source_mask), ops.full_like(source[:, :1], start)
            return sampling.generate(
                answer, first, max_new_tokens, temperature=temperature, stop=stop, generator=generator
            )


def _shown(source: Tensor, source_mask: Tensor | None) -> Tensor | None:
    """Return the mask of the scores: True where there is a token to look at."""
    if source_mask is None:
        return None
    if source_mask.shape != source.shape:
        raise ShapeError(f"T5: source_mask has shape {source_mask.shape}, the source {source.shape}")
    return (source_mask != 0).unsqueeze(1).unsqueeze(1)
