"""Does it help to have read before? BERT guesses hidden words of Shakespeare, then tells right from wrong order.

    pretraining     all training speeches, no labels          t [MASK] be or not  ->  the hidden words
    fine-tuning     a few of them, with labels, twice:        speech  ->  BERT  ->  mean  ->  scores
                    from the pretrained weights, and from new ones, with the same data, order and number of steps

    task            what the scores are of
    order           "to be not or to be": were two neighbours swapped?  who has never read cannot know
    plays           which of eight plays is it from?  single words tell as much of that as there is to tell

The difference of the two is what the first owes to pretraining. Where it is small beside what chance does to a run,
`repeats` averages over several. Speeches come without the names of their speakers.
BERT hid 15 % of the words; more of them teach more per step (Wettig et al., "Should you mask 15 % in masked language
modeling?", arXiv:2202.08005).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from .. import nn, ops
from ..data import DataLoader, LoadedDataset, load
from ..data.speeches import PLAYS
from ..data.stream import stream_for
from ..grad_mode import no_grad
from ..models import BERT, BERTForPretraining, SentenceEncoder
from ..nn import functional as F
from ..random import Generator, manual_seed
from ..tensor import Tensor
from ..text import WordPieceTokenizer, mask_tokens
from ..train import ConfusionMatrix, Trainer, accuracy, plot_confusion
from .pictures import plot_lines
from .recipe import Recipe, option
from .run import Run
from .tokens import beside, mean_nats, padded, token_loss

WITH, WITHOUT = "pretrained", "from scratch"
TASKS: dict[str, tuple[str, ...]] = {"order": ("as written", "swapped"), "plays": tuple(PLAYS)}
TITLES = {"order": "were two neighbours swapped?", "plays": "which play is it from?"}
SEEN = 16  # pieces whose order is to be judged
APART = 1000  # from the seeds that choose examples: the same stream would choose those that it labels alike
Labelled = list[tuple[list[int], int]]


class SpeechClassifier(nn.Module):
    """The mean of BERT's vectors, and a linear layer.

    Shapes  tokens (B, T), lengths (B)  ->  scores (B, classes)
    """

    def __init__(self, bert: BERT, classes: int, dropout: float) -> None:
        super().__init__()
        self.encoder = SentenceEncoder(bert, normalize=False)
        self.drop = nn.Dropout(dropout)
        self.head = nn.Linear(bert.words.weight.shape[1], classes)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Return a score for each class."""
        there = nn.length_mask(lengths, tokens.shape[1]).to(tokens.device)
        scores: Tensor = self.head(self.drop(self.encoder(tokens, there)))
        return scores


@dataclass(frozen=True)
class BERTRecipe(Recipe):
    """BERT pretrained on hidden words and fine-tuned on labels, against BERT that starts from nothing."""

    NAME: ClassVar[str] = "bert"

    task: str = option("order", "what is told: whether two neighbours were swapped, or the play", choices=tuple(TASKS))
    pretraining_epochs: int = option(25, "passes over the speeches to guess hidden words")
    epochs: int = option(6, "passes over the labelled examples, of either fine-tuning")
    labels: int = option(4000, "examples with labels; there are 3942 speeches", least=8)
    repeats: int = option(1, "fine-tunings of either kind, each with other labelled examples", most=100)
    batch_size: int = option(32, "windows or speeches to a step")
    hidden: float = option(0.2, "share of words to guess", least=0.01, most=0.9)
    pretraining_lr: float = option(0.002, "the largest learning rate of pretraining", least=1e-9, most=100)
    lr: float = option(0.0005, "the largest learning rate of fine-tuning", least=1e-9, most=100)
    vocabulary: int = option(1500, "pieces of words", least=200, most=20000)
    layers: int = option(2, "blocks, one upon the other")
    heads: int = option(4, "heads of attention; they must divide the width")
    width: int = option(128, "numbers for each piece")
    context: int = option(64, "pieces that are seen at once", least=8, most=512)
    dropout: float = option(0.3, "share of numbers set to 0 before the scores", least=0, most=0.9)

    def new_bert(self, repeat: int = 0) -> BERT:
        """Return a BERT of the recipe's size, its weights a function of the seed and of the number of the repeat.

        BERT draws its matrices with a standard deviation of 0.02, which suits sums of 768 numbers. Sums of fewer need
        larger ones, or attention starts as a whisper beside the words themselves and is not learnt for a long time.
        Places start as sinusoids, in which "the word before" is a rotation; as random vectors that must be learnt too.
        """
        manual_seed(self.seed + repeat)
        bert = BERT(self.vocabulary, self.context, self.layers, self.heads, self.width, 4 * self.width, dropout=0.0)
        with no_grad():
            for p in bert.parameters():
                if p.ndim > 1:
                    p.mul_(math.sqrt(768 / self.width))
            places = nn.SinusoidalEncoding(self.context, self.width).weight
            bert.positions.weight.copy_(places * math.sqrt(2) * bert.words.weight.std())
        return bert

    def train(self, run: Run) -> dict[str, Any]:
        """Pretrain, fine-tune twice, compare."""
        known, held_out = load("speeches", "train"), load("speeches", "test")
        tokenizer = WordPieceTokenizer.train("\n".join(known.x), self.vocabulary)
        pretrained = BERTForPretraining(self.new_bert())
        hidden = HiddenWords(tokenizer, self.context, self.hidden)
        loader = DataLoader(hidden.windows(known.x), self.batch_size, shuffle=True, collate_fn=hidden.collate)
        fixed = hidden.collate(hidden.windows(held_out.x), Generator(self.seed))
        validation = [[part[i : i + 64] for part in fixed] for i in range(0, len(fixed[0]), 64)]
        run.fit(
            pretrained, loader, validation, lambda output, y: token_loss(output[0], y),
            epochs=self.pretraining_epochs, lr=self.pretraining_lr,
        )  # fmt: skip
        nats = mean_nats(pretrained, validation, lambda output: output[0])

        examples = self.examples(tokenizer, known, Generator(self.seed + APART))
        judged = self.examples(tokenizer, held_out, Generator(self.seed + APART + 1))
        tests = DataLoader(judged, 100, collate_fn=collate_speeches)
        trainers: dict[str, list[Trainer]] = {WITH: [], WITHOUT: []}
        for repeat in range(self.repeats):
            told = [examples[i] for i in Generator(self.seed + repeat).permutation(len(examples))[: self.labels]]
            read, new = self.new_bert(repeat), self.new_bert(repeat)
            read.load_state_dict(pretrained.bert.state_dict())
            for name, bert in ((WITH, read), (WITHOUT, new)):
                trainers[name].append(self.fine_tune(run, name, repeat, bert, told, tests))
        run.save_model(trainers[WITH][0].model, vocabulary=tokenizer.vocabulary.tokens, classes=list(TASKS[self.task]))
        commonest = float(np.bincount([label for _, label in judged]).max() / len(judged))
        return {"hidden_word_loss": nats, **compare(run, self.task, trainers, tests), "commonest_class": commonest}

    def examples(self, tokenizer: WordPieceTokenizer, speeches: LoadedDataset, generator: Generator) -> Labelled:
        """Return examples of the task: speeches with their plays, or windows with whether they were tampered with."""
        if self.task == "plays":
            return [(tokenizer.encode(speech, max_length=self.context), int(play))
                    for speech, play in zip(speeches.x, speeches.y, strict=True)]  # fmt: skip
        return swapped(HiddenWords(tokenizer, min(SEEN, self.context), self.hidden).windows(speeches.x), generator)

    def fine_tune(self, run: Run, name: str, repeat: int, bert: BERT, told: Labelled, tests: DataLoader) -> Trainer:
        """Train a classifier on top of a BERT, and BERT with it."""
        manual_seed(self.seed + repeat)  # the same head, order and dropout both times
        model = SpeechClassifier(bert, len(TASKS[self.task]), self.dropout)
        loader = DataLoader(told, self.batch_size, shuffle=True, collate_fn=collate_speeches)
        stage = f"{name} {repeat + 1}" if repeat else name
        return run.fit(model, loader, tests, F.cross_entropy, stage=stage, metrics={"accuracy": accuracy})


class HiddenWords:
    """Windows of a text with some of its words hidden anew each time."""

    def __init__(self, tokenizer: WordPieceTokenizer, context: int, share: float) -> None:
        self.tokenizer, self.context, self.share = tokenizer, context, share

    def windows(self, speeches: Sequence[str]) -> list[list[int]]:
        """Return one speech after the other, cut into pieces of `context` tokens, [CLS] and [SEP] included."""
        pieces = [i for speech in speeches for i in self.tokenizer.encode(speech)[1:]]
        room = self.context - 1
        return [[self.tokenizer.cls_id, *pieces[i : i + room]] for i in range(0, len(pieces) - room + 1, room)]

    def collate(self, windows: Sequence[list[int]], generator: Generator | None = None) -> list[Tensor]:
        """Return tokens (B, T) and what was hidden; which words is drawn from the stream of the batch."""
        tokens, special = ops.tensor(list(windows)), self.tokenizer.special_ids
        return list(mask_tokens(
            tokens, len(self.tokenizer), self.tokenizer.mask_id, special, self.share, stream_for(generator)
        ))  # fmt: skip


def swapped(windows: Sequence[list[int]], generator: Generator) -> Labelled:
    """Swap two neighbouring pieces that differ in about half of the windows, behind [CLS]; label those with 1."""
    chosen, places = (generator.integers(0, n, (len(windows),)) for n in (2, 2**31))
    examples = []
    for window, choice, place in zip(windows, chosen, places, strict=True):
        differ = [i for i in range(1, len(window) - 1) if window[i] != window[i + 1]]
        tokens, label = list(window), int(choice if differ else 0)
        if label:
            i = differ[place % len(differ)]
            tokens[i], tokens[i + 1] = tokens[i + 1], tokens[i]
        examples.append((tokens, label))
    return examples


def collate_speeches(items: Labelled) -> list[Tensor]:
    """Return tokens (B, T), lengths (B) and classes (B)."""
    rows = [tokens for tokens, _ in items]
    return [padded(rows, 0), ops.tensor([len(row) for row in rows]), ops.tensor([label for _, label in items])]


def compare(run: Run, task: str, trainers: dict[str, list[Trainer]], tests: DataLoader) -> dict[str, Any]:
    """Draw the means of both kinds into one picture, and the confusions of one that had read; return the figures."""
    every = {name: [[float(row["val_accuracy"]) for row in trainer.history] for trainer in alike]
             for name, alike in trainers.items()}  # fmt: skip
    curves = {name: [float(value) for value in np.mean(each, 0)] for name, each in every.items()}
    run.keep(plot_lines(curves, run.out / "comparison.png", "accuracy on held-out speeches", title=TITLES[task]))
    matrix = ConfusionMatrix(len(TASKS[task]))
    model = trainers[WITH][0].model.eval()
    with no_grad():
        for tokens, lengths, y in (beside(model, *batch) for batch in tests):
            matrix.update(model(tokens, lengths), y)
    run.keep(plot_confusion(matrix.counts, run.out / "confusion.png", TASKS[task]))
    with_, without = (values[-1] for values in curves.values())
    last = {name: [each[-1] for each in alike] for name, alike in every.items()}
    return {"accuracy_pretrained": with_, "accuracy_from_scratch": without, "gain": with_ - without,
            "accuracies": curves, "accuracies_of_repeats": last}  # fmt: skip
