"""A small GPT learns to write Shakespeare, letter by letter.

    eight plays  ->  windows of 64 letters, at random places  ->  predict each next letter  ->  nats per letter

A guess among the 80 letters costs ln 80 = 4.38 nats, their frequencies alone 3.3; what remains is what was not learnt.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from .. import ops
from ..data import DataLoader, RandomSampler, load
from ..models import GPT
from ..models.sampling import evaluating
from ..ops.attention import attention_weights
from ..tensor import Tensor
from ..text import CharacterTokenizer, Vocabulary
from .pictures import Map, plot_maps
from .recipe import option
from .run import Run
from .tokens import Windows, beside, mean_nats, token_loss
from .writer import WritingRecipe

SHOWN = "To be, or not to be"  # the text whose attention is drawn
SAMPLE = 500  # letters


@dataclass(frozen=True)
class GPTRecipe(WritingRecipe):
    """Shakespeare, letter by letter, by a Transformer."""

    NAME: ClassVar[str] = "gpt"

    epochs: int = option(14, "after each the model is evaluated")
    steps: int = option(300, "batches to an epoch")
    lr: float = option(0.003, "the largest learning rate of the schedule", least=1e-9, most=100)
    layers: int = option(4, "blocks, one upon the other")
    heads: int = option(4, "heads of attention; they must divide the width")
    width: int = option(128, "numbers for each letter")
    context: int = option(64, "letters that are seen at once", most=4096)
    dropout: float = option(0.1, "share of numbers set to 0 in training", least=0, most=0.9)

    def build(self, vocabulary: Sequence[str]) -> GPT:
        """Return a new model."""
        return GPT(len(vocabulary), self.context, self.layers, self.heads, self.width, self.dropout, rotary=True)

    def train(self, run: Run) -> dict[str, Any]:
        """Train on nine tenths of the plays, evaluate on the rest, write a sample."""
        train, val = load("shakespeare", "train").text, load("shakespeare", "val").text
        tokenizer = CharacterTokenizer(train + val)
        windows = Windows(np.array(tokenizer.encode(train)), self.context)
        order = RandomSampler(windows, replacement=True, num_samples=self.steps * self.batch_size)
        loader = DataLoader(windows, self.batch_size, sampler=order)
        validation = DataLoader(Windows(np.array(tokenizer.encode(val)), self.context, stride=self.context), 64)

        vocabulary = tokenizer.vocabulary.tokens
        model = self.build(vocabulary)
        run.fit(model, loader, validation, token_loss, weight_decay=0.1)
        run.save_model(model, vocabulary=vocabulary)

        seen = tokenizer.encode(SHOWN[: self.context])
        run.keep(plot_maps(attention_maps(model, seen, tokenizer.vocabulary), run.out / "attention.png",
                           "where each letter (row) looks", across=self.heads))  # fmt: skip
        (sample,) = self.write(model, vocabulary, "", SAMPLE, temperature=0.8, seed=self.seed)
        run.write_text("sample.txt", sample)
        run.say(sample)
        nats = mean_nats(model, validation)
        return {"validation_loss": nats, "validation_bits": nats / math.log(2), "letters_trained_on": len(train)}


def attention_maps(model: GPT, tokens: list[int], vocabulary: Vocabulary) -> list[Map]:
    """Return the attention of every head in every layer, computed once more from what the layer has read."""
    read: list[Tensor] = []
    handles = [block.ln_1.register_forward_hook(lambda _, __, y: read.append(y)) for block in model.h]
    with evaluating(model):
        model(*beside(model, ops.tensor([tokens])))
        for handle in handles:
            handle.remove()
        letters = [vocabulary.token(i) for i in tokens]
        maps = []
        for layer, (block, x) in enumerate(zip(model.h, read, strict=True), 1):
            q, k, _ = block.attn.queries_keys_values(x)
            weights = attention_weights(q, k, None, True, q.shape[-1] ** -0.5).cpu().numpy()[0]
            maps += [Map(w, letters, letters, f"layer {layer}, head {i}") for i, w in enumerate(weights, 1)]
    return maps
