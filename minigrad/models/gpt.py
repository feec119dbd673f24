"""GPT: a Transformer that reads only what came before, and so can write what comes next.

Radford et al., "Language models are unsupervised multitask learners", 2019 (GPT-2).

    x ← word(token) + place(position)            or word(token) alone, and attention sees how far tokens are apart
    x ← x + attention(LN(x)),  x ← x + mlp(LN(x))      L times
    logits = LN(x) · wordsᵀ                            the table of words serves twice: weight tying

Names of parameters are GPT-2's; see checkpoints.py.  B sequences, T tokens, M width, A heads, V words.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from .. import nn
from ..errors import ArgumentError, ShapeError
from ..nn import functional as F
from ..tensor import Tensor
from . import sampling
from .cached_logits import CachedLogits, window_start

SIZES: dict[str, dict[str, int]] = {
    "gpt2": {"layers": 12, "heads": 12, "width": 768},           # 124 million parameters
    "gpt2-medium": {"layers": 24, "heads": 16, "width": 1024},   # 355 million
    "gpt2-large": {"layers": 36, "heads": 20, "width": 1280},    # 774 million
    "gpt2-xl": {"layers": 48, "heads": 25, "width": 1600},       # 1558 million
    "small": {"layers": 6, "heads": 6, "width": 384, "context": 256},  # 11 million: learns Shakespeare in minutes
    "tiny": {"layers": 2, "heads": 4, "width": 64, "context": 64},     # 0.1 million: for tests
}  # fmt: skip


class CausalSelfAttention(nn.Module):
    """Every token looks at itself and at those before it."""

    def __init__(self, width: int, heads: int, dropout: float, bias: bool, rotary: bool = False) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.rotary = nn.RotaryEmbedding(interleaved=False) if rotary else None
        self.c_attn = nn.Linear(width, 3 * width, bias)
        self.c_proj = nn.Linear(width, width, bias)

    def forward(self, x: Tensor, cache: nn.KVCache | None = None) -> Tensor:
        """Return (B, T, M). With a cache, x is what follows the tokens that it holds."""
        q, k, v = self.queries_keys_values(x, 0 if cache is None else len(cache))
        T, mask = x.shape[1], None
        if cache is not None:
            k, v = cache.append(k, v)
            mask = nn.causal_mask(T, len(cache), x.device) if len(cache) > T > 1 else None
        causal = mask is None and T > 1  # one query, the last, sees everything
        y = F.scaled_dot_product_attention(q, k, v, mask, self.dropout if self.training else 0.0, causal)
        projected: Tensor = self.c_proj(y.transpose(1, 2).flatten(2))
        return projected

    def queries_keys_values(self, x: Tensor, start: int = 0) -> tuple[Tensor, Tensor, Tensor]:
        """Return what each head compares and mixes, (B, A, T, E), for tokens from place `start` on."""
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.c_attn(x).chunk(3, -1))
        return (q, k, v) if self.rotary is None else (self.rotary(q, start), self.rotary(k, start), v)


class MLP(nn.Module):
    """A network at each position, four times as wide inside."""

    def __init__(self, width: int, bias: bool) -> None:
        super().__init__()
        self.c_fc = nn.Linear(width, 4 * width, bias)
        self.c_proj = nn.Linear(4 * width, width, bias)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, T, M)."""
        y: Tensor = self.c_proj(F.gelu(self.c_fc(x), approximate="tanh"))
        return y


class Block(nn.Module):
    """x ← x + attention(LN(x)),  x ← x + mlp(LN(x))."""

    def __init__(self, width: int, heads: int, dropout: float, bias: bool, rotary: bool = False) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(width, bias=bias)
        self.attn = CausalSelfAttention(width, heads, dropout, bias, rotary)
        self.ln_2 = nn.LayerNorm(width, bias=bias)
        self.mlp = MLP(width, bias)
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, cache: nn.KVCache | None = None) -> Tensor:
        """Return (B, T, M)."""
        x = x + self.drop(self.attn(self.ln_1(x), cache))
        y: Tensor = x + self.drop(self.mlp(self.ln_2(x)))
        return y


class GPT(sampling.Writer):
    """A decoder-only Transformer with learnt positions; or, if `rotary`, with queries and keys that turn by theirs.

    Shapes   tokens (B, T), T at most `context`  ->  logits (B, T, V) of the token after each
    Initial  normal, standard deviation 0.02; 0.02/√(2L) where a layer adds to x, so that 2L sums keep its size
    """

    def __init__(
        self, vocab_size: int = 50257, context: int = 1024, layers: int = 12, heads: int = 12, width: int = 768,
        dropout: float = 0.1, bias: bool = True, rotary: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        if min(vocab_size, context, heads, width) < 1 or layers < 0 or width % (2 * heads if rotary else heads):
            raise ArgumentError(
                f"GPT: sizes must be positive and {'twice the ' if rotary else ''}heads divide width, got vocab_size = "
                f"{vocab_size}, context = {context}, layers = {layers}, heads = {heads}, width = {width}"
            )
        self.vocab_size, self.context = vocab_size, context
        self.wte = nn.Embedding(vocab_size, width)
        self.wpe = None if rotary else nn.LearnedEncoding(context, width)
        self.drop = nn.Dropout(dropout)
        self.h = nn.ModuleList(Block(width, heads, dropout, bias, rotary) for _ in range(layers))
        self.ln_f = nn.LayerNorm(width, bias=bias)
        for name, p in self.named_parameters():
            if p.ndim > 1:
                nn.init.normal_(p, std=0.02 / math.sqrt(2 * layers) if name.endswith("c_proj.weight") else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(p)

    @classmethod
    def from_config(cls, config: str | Mapping[str, Any] = "gpt2", **changes: Any) -> GPT:
        """Build a model of a named size, see SIZES, or of a mapping of arguments, with changes."""
        if isinstance(config, str) and config not in SIZES:
            raise ArgumentError(f"GPT: there is no size {config!r}, only {', '.join(SIZES)}")
        return cls(**{**(SIZES[config] if isinstance(config, str) else config), **changes})

    def forward(self, tokens: Tensor, caches: list[nn.KVCache] | None = None) -> Tensor:
        """Return the logits after each token. With caches, one per layer, the tokens follow those that they hold."""
        start = len(caches[0]) if caches else 0
        if tokens.ndim != 2 or start + tokens.shape[1] > self.context:
            raise ShapeError(
                f"GPT: needs tokens (B, T) with T at most {self.context - start}, got {tokens.shape}\n"
                f"Hint: cut the text, or build the model with a larger context than {self.context}"
            )
        x = self.wte(tokens)
        x = self.drop(x if self.wpe is None else self.wpe(x, start))
        for i, block in enumerate(self.h):
            x = block(x, caches[i] if caches else None)
        return F.linear(self.ln_f(x), self.wte.weight)

    def next_logits(self, tokens: Tensor) -> Tensor:
        """Return the logits (B, V) of what comes after the whole text, of which the last window is read."""
        sampling.check_prompt("GPT", tokens)
        return self.forward(tokens[:, window_start(tokens.shape[1], self.context) :])[:, -1]

    def cached_logits(self) -> CachedLogits:
        """Return `next_logits` with a memory: of a text that grows, each token is read once."""
        return CachedLogits(lambda tokens, caches: self.forward(tokens, caches)[:, -1], len(self.h), self.context)
