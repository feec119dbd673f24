"""Translation with attention: an encoder reads both ways, a decoder writes and looks back at every word it needs.

Bahdanau, Cho and Bengio, arXiv:1409.0473; Luong, Pham and Manning, arXiv:1508.04025, whose decoder this is:

    h_1 ... h_U = bidirectional GRU(source)          s_0 = tanh(W [last h →, last h ←])
    s_t = GRU(embed(y_{t-1}), s_{t-1})               what has been written
    c_t, a_t = attention(s_t, h)                     what to look at now: a_t is worth drawing
    logits_t = V tanh(W [c_t, s_t])

Attention follows the GRU, so with teacher forcing (the true y_{t-1}, not the model's) all T steps are computed at once.
B sentences, U words read, T words written, M width.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import nn, ops
from ..errors import ArgumentError, ShapeError
from ..tensor import Tensor
from . import sampling
from .cached_logits import StateLogits

Memory = tuple[Tensor, Tensor, Tensor | None]  # h (B, U, 2M), s_0 (1, B, M), and where there is a word (B, 1, U)
SCORES = ("bahdanau", "dot", "general", "concat")


class Seq2Seq(nn.Module):
    """A bidirectional GRU that reads, a GRU with attention that writes.

    Shapes  source (B, U), target (B, T), lengths of the sources (B) or None  ->  logits (B, T, V), maps (B, T, U)

    `attention` is the score: "bahdanau", or one of Luong's "dot", "general", "concat".
    """

    def __init__(
        self, source_vocab: int, target_vocab: int, width: int = 128, attention: str = "bahdanau", dropout: float = 0.0
    ) -> None:
        super().__init__()
        if attention not in SCORES:
            raise ArgumentError(f"Seq2Seq: attention is {attention!r}; use one of {', '.join(SCORES)}")
        self.source_embed, self.target_embed = nn.Embedding(source_vocab, width), nn.Embedding(target_vocab, width)
        self.encoder = nn.GRU(width, width, batch_first=True, bidirectional=True)
        self.bridge = nn.Linear(2 * width, width)
        self.decoder = nn.GRU(width, width, batch_first=True)
        self.key = nn.Linear(2 * width, width, bias=False)  # both directions in the width of the decoder
        self.attention: nn.Module = nn.BahdanauAttention(width, width, width)
        if attention != "bahdanau":
            self.attention = nn.LuongAttention(width, width, attention)
        self.combine = nn.Linear(2 * width, width, bias=False)
        self.head = nn.Linear(width, target_vocab)
        self.drop = nn.Dropout(dropout)

    def encode(self, source: Tensor, lengths: Sequence[int] | Tensor | None = None) -> Memory:
        """Read: return what the decoder looks at, where it starts, and which words are there."""
        if source.ndim != 2 or not source.shape[1]:
            raise ShapeError(f"Seq2Seq: needs source tokens (B, U) with U at least 1, got {source.shape}")
        h, last = self.encoder(self.drop(self.source_embed(source)), lengths=lengths)
        shown = None if lengths is None else nn.length_mask(lengths, source.shape[1]).unsqueeze(1).to(source.device)
        start = ops.tanh(self.bridge(ops.cat([last[0], last[1]], -1))).unsqueeze(0)
        return self.key(h), start, shown

    def decode(self, target: Tensor, memory: Memory, state: Any = None) -> tuple[Tensor, Tensor, Tensor]:
        """Write: return the logits after each token, the maps, and the state of the GRU."""
        h, start, shown = memory
        s, state = self.decoder(self.drop(self.target_embed(target)), start if state is None else state)
        context, maps = self.attention(s, h, attn_mask=shown)
        y = ops.tanh(self.combine(ops.cat([context, s], -1)))
        return self.head(self.drop(y)), maps, state

    def forward(
        self, source: Tensor, target: Tensor, lengths: Sequence[int] | Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the logits after each token of the target, and the maps."""
        if target.ndim != 2 or len(target) != len(source):
            raise ShapeError(f"Seq2Seq: source {source.shape} and target {target.shape} need one row per sentence")
        logits, maps, _ = self.decode(target, self.encode(source, lengths))
        return logits, maps

    def translate(
        self, source: Tensor, max_new_tokens: int, lengths: Sequence[int] | Tensor | None = None, start: int = 0,
        stop: int | None = None,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        """Write the likeliest word after the likeliest word, from `start` to `stop`: (B, 1 + n), and maps (B, n, U)."""
        with sampling.evaluating(self):
            memory = self.encode(source, lengths)

            def read(tokens: Tensor, state: Any) -> tuple[Tensor, Any]:
                logits, _, state = self.decode(tokens, memory, state)
                return logits, state

            first = ops.full_like(source[:, :1], start)
            written = sampling.generate(StateLogits(read), first, max_new_tokens, temperature=0, stop=stop)
            return written, self.decode(written[:, :-1], memory)[1]
