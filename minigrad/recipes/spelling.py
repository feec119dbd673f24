"""Two models that read a word and write its sounds, behind one face: an RNN with attention, and a Transformer.

    loss     model(letters (B, U), sounds (B, T), lengths (B))  ->  logits (B, T, V) of the sound after each
    use      model.pronounce(letters, lengths)                  ->  tokens (B, 1 + n), from <start> to <end>
    look     model.maps(letters, sounds, lengths)               ->  weights (B, T, U): where each step looked

B words, U letters, T sounds, V words in the vocabulary, A heads.
"""

from __future__ import annotations

from .. import nn, ops
from ..models import T5, Seq2Seq
from ..models.sampling import evaluating
from ..models.t5 import Attention
from ..ops.attention import attention_weights
from ..tensor import Tensor

START, END = 0, 1  # START also fills up what is shorter
LONGEST = 24  # sounds


class RecurrentSpeller(nn.Module):
    """A bidirectional GRU that reads, a GRU with Bahdanau's attention that writes."""

    def __init__(self, vocab_size: int, width: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.core = Seq2Seq(vocab_size, vocab_size, width, dropout=dropout)

    def forward(self, letters: Tensor, sounds: Tensor, lengths: Tensor) -> Tensor:
        """Return the logits after each sound."""
        logits: Tensor = self.core(letters, sounds, lengths)[0]
        return logits

    def pronounce(self, letters: Tensor, lengths: Tensor) -> Tensor:
        """Return the likeliest sound after the likeliest sound."""
        return self.core.translate(letters, LONGEST, lengths, start=START, stop=END)[0]

    def maps(self, letters: Tensor, sounds: Tensor, lengths: Tensor) -> Tensor:
        """Return where each step looked."""
        with evaluating(self):
            maps: Tensor = self.core(letters, sounds, lengths)[1]
            return maps


class TransformerSpeller(nn.Module):
    """A small T5, trained from nothing."""

    def __init__(self, vocab_size: int, width: int, layers: int, dropout: float) -> None:
        super().__init__()
        sizes = {"layers": layers, "heads": 4, "width": width, "head_width": max(1, width // 4), "hidden": 2 * width}
        self.core = T5(vocab_size, **sizes, dropout=dropout, buckets=16, max_distance=32)

    def forward(self, letters: Tensor, sounds: Tensor, lengths: Tensor) -> Tensor:
        """Return the logits after each sound."""
        logits: Tensor = self.core(letters, sounds, nn.length_mask(lengths, letters.shape[1]).to(letters.device))
        return logits

    def pronounce(self, letters: Tensor, lengths: Tensor) -> Tensor:
        """Return the likeliest sound after the likeliest sound."""
        there = nn.length_mask(lengths, letters.shape[1]).to(letters.device)
        return self.core.generate(letters, LONGEST, there, start=START, stop=END)

    def maps(self, letters: Tensor, sounds: Tensor, lengths: Tensor) -> Tensor:
        """Return where each step looked: the mean over the heads of all layers, from their queries and keys."""
        recalls = [block.recall for block in self.core.decoder]
        seen: list[Tensor] = []

        def note(recall: Attention, args: tuple[Tensor, tuple[Tensor, Tensor], Tensor], _: Tensor) -> None:
            x, (k, _), mask = args
            q = recall.q(x).unflatten(-1, (recall.heads, -1)).transpose(1, 2)
            seen.append(attention_weights(q, k, mask, False, 1.0).mean(1))

        with evaluating(self):
            handles = [recall.register_forward_hook(note) for recall in recalls]
            self(letters, sounds, lengths)
            for handle in handles:
                handle.remove()
            return ops.stack(seen).mean(0)


SPELLERS: dict[str, type[RecurrentSpeller] | type[TransformerSpeller]] = {
    "gru": RecurrentSpeller, "transformer": TransformerSpeller,
}  # fmt: skip
