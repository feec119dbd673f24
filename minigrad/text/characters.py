"""The simplest tokenizer: one token per character."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from ..io.files import StrPath
from ..tensor import Tensor
from .saving import write_json
from .vocabulary import Vocabulary, checked_text, id_list


class CharacterTokenizer:
    """The characters of a text, sorted, as a vocabulary; `special_tokens` come first and are never made from a text.

    `unknown`, one of the special tokens, stands in for characters that the text did not have.

    >>> tokenizer = CharacterTokenizer("hello", special_tokens=["<pad>"])
    >>> tokenizer.vocabulary.tokens, tokenizer.encode("hole")
    (['<pad>', 'e', 'h', 'l', 'o'], [2, 4, 3, 1])
    >>> tokenizer.decode([2, 1, 3, 3, 4, 0])
    'hello<pad>'
    """

    def __init__(self, text: str, special_tokens: Sequence[str] = (), unknown: str | None = None) -> None:
        characters = sorted(set(checked_text("CharacterTokenizer", text)))
        self.special_tokens = list(special_tokens)
        self.vocabulary = Vocabulary([*self.special_tokens, *characters], unknown)

    def __len__(self) -> int:
        return len(self.vocabulary)

    def encode(self, text: str) -> list[int]:
        """Return the ids of the characters of a text.

        Raises    ArgumentError for a character that is not in the vocabulary, if there is no unknown token
        """
        return self.vocabulary.ids(checked_text("encode", text))

    def decode(self, ids: Sequence[int] | Tensor, skip_special_tokens: bool = False) -> str:
        """Return the text of ids.

        Raises    RangeError for an id that is not in the vocabulary
        """
        kept = [i for i in id_list("decode", ids) if not (skip_special_tokens and 0 <= i < len(self.special_tokens))]
        return "".join(map(self.vocabulary.token, kept))

    def save(self, path: StrPath) -> None:
        """Write the tokenizer as JSON; `load_tokenizer` reads it."""
        characters = "".join(self.vocabulary.tokens[len(self.special_tokens) :])
        write_json(
            path,
            "characters",
            {"text": characters, "special_tokens": self.special_tokens, "unknown": self.vocabulary.unknown or ""},
        )

    FIELDS: ClassVar[dict[str, type]] = {"text": str, "special_tokens": list, "unknown": str}

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> CharacterTokenizer:
        """Make the tokenizer that a file describes."""
        return cls(fields["text"], fields["special_tokens"], fields["unknown"] or None)
