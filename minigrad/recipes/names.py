"""A recurrent network reads first names, letter by letter, and invents new ones.

    ↵ m a r i a  ->  GRU or LSTM  ->  m a r i a ↵         ↵ begins a name and ends it

What it writes is new if it is none of the names it was trained on. Some are names all the same: those of the held-out
names that it finds by itself show that it has learnt what a name is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from .. import ops
from ..data import DataLoader, load
from ..models import CharRNN
from ..models.sampling import evaluating
from ..tensor import Tensor
from ..text import CharacterTokenizer
from ..text.masking import IGNORE
from .pictures import Map, plot_maps
from .recipe import option
from .run import Run
from .tokens import beside, mean_nats, padded, token_loss
from .writer import WritingRecipe

LONGEST = 20  # letters
DRAWN = ("katherine", "christopher")  # whose expectations are drawn


@dataclass(frozen=True)
class NamesRecipe(WritingRecipe):
    """First names invented, letter by letter, by a GRU or an LSTM."""

    NAME: ClassVar[str] = "names"
    STOP: ClassVar[str] = "\n"

    model: str = option("gru", "the recurrent layer", choices=("gru", "lstm"))
    epochs: int = option(8, "passes over the 26,919 names")
    batch_size: int = option(64, "names to a step")
    lr: float = option(0.004, "the largest learning rate of the schedule", least=1e-9, most=100)
    layers: int = option(1, "recurrent layers, one upon the other")
    width: int = option(192, "numbers for each letter, and numbers remembered")
    dropout: float = option(0.1, "share of numbers set to 0 in training", least=0, most=0.9)
    samples: int = option(1000, "names to invent")

    def build(self, vocabulary: Sequence[str]) -> CharRNN:
        """Return a new model."""
        return CharRNN(len(vocabulary), self.model, self.width, self.layers, self.dropout)

    def train(self, run: Run) -> dict[str, Any]:
        """Train on nine names of ten, evaluate on the tenth, invent some."""
        known, held_out = load("names", "train").x.tolist(), load("names", "val").x.tolist()
        tokenizer = CharacterTokenizer("".join([*known, *held_out, *DRAWN, self.STOP]))
        vocabulary = tokenizer.vocabulary.tokens

        def collate(names: Sequence[str]) -> list[Tensor]:
            rows = [tokenizer.encode(self.BEGIN + name + self.STOP) for name in names]
            return [padded([row[:-1] for row in rows], 0), padded([row[1:] for row in rows], IGNORE)]

        loader = DataLoader(known, self.batch_size, shuffle=True, collate_fn=collate)
        validation = DataLoader(held_out, 256, collate_fn=collate)
        model = self.build(vocabulary)
        run.fit(model, loader, validation, lambda output, y: token_loss(output[0], y))
        run.save_model(model, vocabulary=vocabulary)

        run.keep(plot_maps([expectations(model, tokenizer, name) for name in DRAWN], run.out / "expectations.png",
                           "which letter comes next? (row: what was read last)", across=2))  # fmt: skip
        invented = self.write(model, vocabulary, "", LONGEST, seed=self.seed, count=self.samples)
        new = new_names(invented, known)
        run.write_text("names.txt", "\n".join(new) + "\n")
        run.say("new names: " + ", ".join(new[:24]))
        nats = mean_nats(model, validation, lambda output: output[0])
        return {
            "validation_loss": nats, "novelty": len(new) / len(invented),
            "distinct": len(set(invented)) / len(invented), "held_out_found": len(set(new) & set(held_out)),
            "sample": new[:24],
        }  # fmt: skip


def new_names(invented: Sequence[str], known: Sequence[str]) -> list[str]:
    """Return those of the invented names that are none of the known ones, nor nothing at all."""
    old = {"", *known}
    return [name for name in invented if name not in old]


def expectations(model: CharRNN, tokenizer: CharacterTokenizer, name: str) -> Map:
    """Return the chances of each next letter after each beginning of a name."""
    read = NamesRecipe.BEGIN + name
    with evaluating(model):
        logits, _ = model(*beside(model, ops.tensor([tokenizer.encode(read)])))
    return Map(logits[0].softmax(-1).cpu().numpy(), list(read), tokenizer.vocabulary.tokens, name)
