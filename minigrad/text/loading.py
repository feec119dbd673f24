"""Any tokenizer of this package from its JSON file."""

from __future__ import annotations

import os

from ..errors import ArgumentError, FileFormatError
from ..io.files import StrPath
from .bpe import BytePairTokenizer
from .characters import CharacterTokenizer
from .saving import read_json
from .wordpiece import WordPieceTokenizer

Tokenizer = CharacterTokenizer | BytePairTokenizer | WordPieceTokenizer
KINDS: dict[str, type[CharacterTokenizer] | type[BytePairTokenizer] | type[WordPieceTokenizer]] = {
    "characters": CharacterTokenizer,
    "bpe": BytePairTokenizer,
    "wordpiece": WordPieceTokenizer,
}


def load_tokenizer(path: StrPath) -> Tokenizer:
    """Return the tokenizer that a `save` method wrote.

    Raises    FileFormatError if the file is damaged or holds something else; OSError as `open`
    """
    kind, fields = read_json(path, {kind: tokenizer.FIELDS for kind, tokenizer in KINDS.items()})
    try:
        return KINDS[kind].from_fields(fields)
    except ArgumentError as error:
        raise FileFormatError(f"load_tokenizer: {os.fspath(path)!r}: {error}") from error
