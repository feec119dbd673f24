"""WordPiece, the tokenizer of BERT: a word is cut from the left, each time into the longest piece there is.

    "unaffable"  ->  "un" "##aff" "##able"       ## marks a piece that goes on a word

A text is first cut into words, see basic.py. A word that the pieces cannot make becomes [UNK] as a whole.

Source: Devlin et al., "BERT: Pre-training of deep bidirectional transformers", 2019, section 3; Schuster and Nakajima,
"Japanese and Korean voice search", 2012, who chose the pieces. Here they are learnt by frequency, as in merges.py.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from ..errors import ArgumentError, FileFormatError
from ..io.files import StrPath, open_regular
from ..tensor import Tensor
from .basic import basic_tokens
from .merges import learn_merges
from .saving import write_json
from .vocabulary import Vocabulary, checked_text, id_list

PAD, UNK, CLS, SEP, MASK = "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"
SPECIAL = (PAD, UNK, CLS, SEP, MASK)
_CONTINUES = "##"
_LONGEST_WORD = 100  # characters; a longer one is [UNK]


class WordPieceTokenizer:
    """A vocabulary of pieces and BERT's special tokens, in the order of their ids.

    >>> tokenizer = WordPieceTokenizer([*SPECIAL, "un", "##aff", "##able", "!"])
    >>> tokenizer.tokens("Unaffable!"), tokenizer.encode("unaffable")
    (['un', '##aff', '##able', '!'], [2, 5, 6, 7, 3])
    >>> tokenizer.decode([2, 5, 6, 7, 8, 3])
    '[CLS] unaffable ! [SEP]'
    """

    def __init__(self, tokens: Iterable[str], lowercase: bool = True) -> None:
        self.vocabulary = Vocabulary(tokens)
        self.lowercase = bool(lowercase)
        missing = [token for token in SPECIAL if token not in self.vocabulary]
        if missing:
            raise ArgumentError(f"WordPieceTokenizer: the vocabulary has no {', '.join(missing)}")
        self.special_ids = self.vocabulary.ids(SPECIAL)
        self.pad_id, self.unk_id, self.cls_id, self.sep_id, self.mask_id = self.special_ids
        self._longest = max(map(len, self.vocabulary.tokens))

    @classmethod
    def train(cls, text: str, vocab_size: int, lowercase: bool = True) -> WordPieceTokenizer:
        """Learn the pieces of a text: its characters, then the most frequent pairs, up to `vocab_size` in all."""
        words = Counter(basic_tokens(checked_text("WordPieceTokenizer.train", text), lowercase))
        spelled = {(word[0], *(_CONTINUES + rest for rest in word[1:])): count for word, count in words.items()}
        characters = sorted({symbol for word in spelled for symbol in word})
        room = vocab_size - len(SPECIAL) - len(characters)
        if room < 0:
            raise ArgumentError(
                f"WordPieceTokenizer.train: vocab_size is {vocab_size}, the characters and special tokens alone are "
                f"{len(SPECIAL) + len(characters)}"
            )
        pieces = dict.fromkeys(_join(*pair) for pair in learn_merges(spelled, room, _join))
        return cls([*SPECIAL, *characters, *pieces], lowercase)

    def __len__(self) -> int:
        return len(self.vocabulary)

    def tokens(self, text: str) -> list[str]:
        """Return the pieces of a text, without special tokens."""
        words = basic_tokens(checked_text("encode", text), self.lowercase)
        return [piece for word in words for piece in self.pieces(word)]

    def pieces(self, word: str) -> list[str]:
        """Cut one word, longest piece first."""
        found: list[str] = []
        start = 0
        while start < len(word) <= _LONGEST_WORD:
            prefix = _CONTINUES if start else ""
            ends = range(min(len(word), start + self._longest), start, -1)
            end = next((end for end in ends if prefix + word[start:end] in self.vocabulary), None)
            if end is None:
                return [UNK]
            found.append(prefix + word[start:end])
            start = end
        return found or [UNK]

    def encode(self, text: str, pair: str | None = None, max_length: int | None = None) -> list[int]:
        """Return [CLS] text [SEP], or [CLS] text [SEP] pair [SEP], as ids.

        With `max_length`, tokens are taken off the end of the longer part, one by one, until it fits.
        """
        parts = [self.vocabulary.ids(self.tokens(part)) for part in ((text,) if pair is None else (text, pair))]
        extra = 1 + len(parts)
        if max_length is not None and max_length < extra:
            raise ArgumentError(f"encode: max_length is {max_length}, the special tokens alone are {extra}")
        while max_length is not None and sum(map(len, parts)) + extra > max_length:
            max(parts, key=len).pop()
        ids = [self.cls_id]
        for part in parts:
            ids += [*part, self.sep_id]
        return ids

    def decode(self, ids: Sequence[int] | Tensor, skip_special_tokens: bool = False) -> str:
        """Return the words of ids, divided by spaces: what white space there was is not known any more.

        Raises    RangeError for an id that is not in the vocabulary
        """
        kept = [i for i in id_list("decode", ids) if not (skip_special_tokens and i in self.special_ids)]
        return " ".join(map(self.vocabulary.token, kept)).replace(" " + _CONTINUES, "")

    def save(self, path: StrPath) -> None:
        """Write the tokenizer as JSON; `load_tokenizer` reads it."""
        write_json(path, "wordpiece", {"tokens": self.vocabulary.tokens, "lowercase": self.lowercase})

    FIELDS: ClassVar[dict[str, type]] = {"tokens": list, "lowercase": bool}

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> WordPieceTokenizer:
        """Make the tokenizer that a file describes."""
        return cls(fields["tokens"], fields["lowercase"])

    @classmethod
    def from_vocab(cls, path: StrPath, lowercase: bool = True) -> WordPieceTokenizer:
        """Read a vocab.txt of BERT: a token a line, its number that of the line.

        Raises    FileFormatError if the file is not UTF-8 or has no special tokens; OSError as `open`
        """
        with open_regular("WordPieceTokenizer", path) as (file, _):
            data = file.read()
        where = f"WordPieceTokenizer: {os.fspath(path)!r}"
        try:
            return cls(data.decode().removesuffix("\n").split("\n"), lowercase)
        except UnicodeDecodeError as error:
            raise FileFormatError(f"{where}: byte {error.start} is not valid UTF-8") from error
        except ArgumentError as error:
            raise FileFormatError(f"{where}: {error}") from error


def _join(left: str, right: str) -> str:
    return left + right.removeprefix(_CONTINUES)
