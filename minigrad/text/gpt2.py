"""GPT-2's own vocabulary, in the two files in which it circulates.

    encoder.json   {"!": 0, "\\"": 1, ... "Ġthe": 262, ... "<|endoftext|>": 50256}
    vocab.bpe      #version: 0.2
                   Ġ t
                   Ġ a
"""

from __future__ import annotations

import os

from ..errors import ArgumentError, FileFormatError
from ..io.files import StrPath, open_regular
from ..io.strict_json import parse
from .bpe import BytePairTokenizer, unspell, unspell_pair

END_OF_TEXT = "<|endoftext|>"


def load_gpt2(encoder: StrPath, merges: StrPath) -> BytePairTokenizer:
    """Return GPT-2's tokenizer from its files encoder.json (or vocab.json) and vocab.bpe (or merges.txt).

    Raises    FileFormatError if a file is damaged, or the two do not belong together; OSError as `open`
    """
    where = f"load_gpt2: {os.fspath(encoder)!r}"
    ids = parse(where, _read(encoder), max_depth=1)
    if not isinstance(ids, dict) or END_OF_TEXT not in ids or sorted(ids.values()) != list(range(len(ids))):
        raise FileFormatError(f"{where}: should map tokens to the numbers from 0 on, {END_OF_TEXT} among them")
    try:
        lines = _read(merges).decode().splitlines()
    except UnicodeDecodeError as error:
        raise FileFormatError(f"load_gpt2: {os.fspath(merges)!r}: byte {error.start} is not valid UTF-8") from error
    pairs = [unspell_pair(line) for line in lines if line and not line.startswith("#version")]
    if ids.pop(END_OF_TEXT) != len(ids):
        raise FileFormatError(f"{where}: {END_OF_TEXT} should be the last token")
    try:
        return BytePairTokenizer(pairs, [END_OF_TEXT], {unspell(token): i for token, i in ids.items()})
    except ArgumentError as error:
        raise FileFormatError(f"{where} and {os.fspath(merges)!r} do not belong together: {error}") from error


def _read(path: StrPath) -> bytes:
    with open_regular("load_gpt2", path) as (file, _):
        return file.read()
