"""From spelling to sound: a model reads the letters of an English word and writes its phonemes.

    t h o u g h t  ->  encoder  ->  attention  ->  decoder  ->  TH AO1 T

Measured on words that were held out: the share pronounced exactly as the dictionary says, stress included, and the
phoneme error rate, the edits needed per phoneme. Attention shows which letters each phoneme was made from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from .. import ops
from ..data import BucketSampler, DataLoader, load
from ..tensor import Tensor
from ..text import Vocabulary, error_rate, exact_match
from ..text.masking import IGNORE
from .pictures import Map, plot_maps
from .recipe import Recipe, option
from .run import Run
from .spelling import END, SPELLERS, START, RecurrentSpeller, TransformerSpeller
from .tokens import beside, padded, token_loss

Speller = RecurrentSpeller | TransformerSpeller
Pair = tuple[str, list[str]]
SPECIAL = ("<start>", "<end>")
SHOWN = 20  # pronunciations in the report


@dataclass(frozen=True)
class Seq2SeqRecipe(Recipe):
    """Spelling to phonemes, by GRUs with attention or a Transformer."""

    NAME: ClassVar[str] = "seq2seq"

    model: str = option("gru", "what reads and writes", choices=tuple(SPELLERS))
    epochs: int = option(6, "passes over the 35,241 words")
    batch_size: int = option(64, "words to a step")
    lr: float = option(0.003, "the largest learning rate of the schedule", least=1e-9, most=100)
    layers: int = option(2, "of the Transformer's encoder and decoder each; the GRUs have one")
    width: int = option(128, "numbers for each letter")
    dropout: float = option(0.1, "share of numbers set to 0 in training", least=0, most=0.9)
    words: int = option(3915, "held-out words to evaluate", most=3915)

    def train(self, run: Run) -> dict[str, Any]:
        """Train on nine words of ten, pronounce the tenth."""
        known, held_out = read_pairs("train"), read_pairs("val")
        step = max(1, len(held_out) // self.words)  # they are sorted: a few words, but some of each letter
        held_out = held_out[::step][: self.words]
        vocabulary = vocabulary_of(known + held_out)

        def collate(pairs: Sequence[Pair]) -> list[Tensor]:
            letters, lengths = spelled_words([word for word, _ in pairs], vocabulary)
            sounds = [vocabulary.ids(phonemes) for _, phonemes in pairs]
            written = padded([[START, *row] for row in sounds], START)
            return [letters, written, lengths, padded([[*row, END] for row in sounds], IGNORE)]

        order = BucketSampler([len(word) for word, _ in known], self.batch_size)
        loader = DataLoader(known, batch_sampler=order, collate_fn=collate)
        model = SPELLERS[self.model](len(vocabulary), self.width, self.layers, self.dropout)
        run.fit(model, loader, DataLoader(held_out, 256, collate_fn=collate), token_loss)
        run.save_model(model, vocabulary=vocabulary.tokens)

        said = pronounce(model, [word for word, _ in held_out], vocabulary)
        truth = [phonemes for _, phonemes in held_out]
        lines = [f"{word:16} {' '.join(p):40} {'' if p == t else 'not ' + ' '.join(t)}".rstrip()
                 for (word, t), p in zip(held_out, said, strict=True)]  # fmt: skip
        run.write_text("pronunciations.txt", "\n".join(lines) + "\n")
        run.say("\n".join(lines[:: max(1, len(lines) // SHOWN)][:SHOWN]))
        run.keep(plot_maps(attention_maps(model, *longest(held_out, said), vocabulary), run.out / "attention.png",
                           "which letters (columns) each phoneme (row) looked at"))  # fmt: skip
        return {"exact_match": exact_match(said, truth), "phoneme_error_rate": error_rate(said, truth),
                "held_out_words": len(held_out)}  # fmt: skip


def read_pairs(split: str) -> list[Pair]:
    """Return words and their phonemes."""
    data = load("pronunciations", split)
    assert data.y is not None
    return [(str(word), str(sounds).split()) for word, sounds in zip(data.x, data.y, strict=True)]


def vocabulary_of(pairs: Sequence[Pair]) -> Vocabulary:
    """Return one list for both sides: letters are small, phonemes large."""
    letters = sorted({letter for word, _ in pairs for letter in word})
    return Vocabulary([*SPECIAL, *letters, *sorted({sound for _, sounds in pairs for sound in sounds})])


def spelled_words(words: Sequence[str], vocabulary: Vocabulary) -> tuple[Tensor, Tensor]:
    """Return words as tokens (B, U) and their lengths (B)."""
    return padded([vocabulary.ids(word) for word in words], START), ops.tensor([len(word) for word in words])


def pronounce(model: Speller, words: Sequence[str], vocabulary: Vocabulary, at_once: int = 200) -> list[list[str]]:
    """Return the phonemes that the model writes for each word."""
    said: list[list[str]] = []
    for i in range(0, len(words), at_once):
        for row in model.pronounce(*beside(model, *spelled_words(words[i : i + at_once], vocabulary))).tolist():
            ids = row[1:]
            said.append([vocabulary.token(j) for j in (ids[: ids.index(END)] if END in ids else ids)])
    return said


def longest(held_out: Sequence[Pair], said: Sequence[list[str]], count: int = 6) -> tuple[list[str], list[list[str]]]:
    """Return a few long words that were pronounced right, or any if none was, and what was said."""
    chosen = [i for i, (_, truth) in enumerate(held_out) if said[i] == truth] or list(range(len(held_out)))
    chosen.sort(key=lambda i: -len(held_out[i][0]))
    return [held_out[i][0] for i in chosen[:count]], [said[i] for i in chosen[:count]]


def attention_maps(model: Speller, words: list[str], said: list[list[str]], vocabulary: Vocabulary) -> list[Map]:
    """Return where the model looked while it wrote each phoneme, the end included."""
    written = padded([[START, *vocabulary.ids(sounds)] for sounds in said], START)
    letters, lengths = spelled_words(words, vocabulary)
    weights = model.maps(*beside(model, letters, written, lengths)).cpu().numpy()
    return [Map(w[: len(sounds) + 1, : len(word)], [*sounds, "end"], word, word)
            for w, word, sounds in zip(weights, words, said, strict=True)]  # fmt: skip
