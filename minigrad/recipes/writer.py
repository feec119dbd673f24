"""Recipes whose models write: letters in, letters out."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from .. import ops
from ..errors import ArgumentError
from ..random import Generator
from .recipe import Recipe
from .tokens import beside


class WritingRecipe(Recipe):
    """A recipe for a model of letters: a GPT or a CharRNN."""

    BEGIN: ClassVar[str] = "\n"  # what is before the first letter
    STOP: ClassVar[str] = ""  # what ends a text, if anything does

    @abstractmethod
    def build(self, vocabulary: Sequence[str]) -> Any:
        """Return a new model for letters of this vocabulary."""

    def write(
        self, model: Any, vocabulary: Sequence[str], prompt: str, tokens: int, *, temperature: float = 1.0,
        top_k: int | None = None, top_p: float | None = None, seed: int = 0, count: int = 1,
    ) -> list[str]:  # fmt: skip
        """Return `count` texts: the prompt and up to `tokens` more letters, up to the end of the text.

        Raises  ArgumentError for a prompt with letters that the model does not know
        """
        ids = {letter: i for i, letter in enumerate(vocabulary)}
        if unknown := sorted(set(prompt) - set(ids)):
            raise ArgumentError(
                f"generate: the model has never seen {', '.join(map(repr, unknown))}\n"
                f"Hint: its {len(ids)} letters are {''.join(vocabulary)!r}"
            )
        begin = self.BEGIN if self.STOP or not prompt else ""
        (text,) = beside(model, ops.tensor([[ids[letter] for letter in begin + prompt]] * count))
        stop = ids[self.STOP] if self.STOP else None
        written = model.generate(text, tokens, temperature, top_k, top_p, stop=stop, generator=Generator(seed))
        rows: list[list[int]] = written.tolist()
        texts = ["".join([vocabulary[i] for i in row])[len(begin) :] for row in rows]
        return [text.split(self.STOP)[0] for text in texts] if self.STOP else texts
