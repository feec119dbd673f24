"""Tokenizers as JSON files: {"kind": "characters", "version": 1, ...}, read without trust."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from ..errors import FileFormatError
from ..io.atomic import atomic_write
from ..io.files import StrPath, open_regular, quote
from ..io.strict_json import parse

VERSION = 1
MAX_BYTES = 100_000_000


def write_json(path: StrPath, kind: str, fields: Mapping[str, Any]) -> None:
    """Write the fields of a tokenizer of some kind, atomically."""
    document = {"kind": kind, "version": VERSION, **fields}
    with atomic_write(path, "w") as file:
        file.write(json.dumps(document, ensure_ascii=False, indent=1) + "\n")


def read_json(path: StrPath, kinds: Mapping[str, Mapping[str, type]]) -> tuple[str, dict[str, Any]]:
    """Return kind and fields of a file; `kinds` gives, for each kind, the fields it must have and their types.

    Raises    FileFormatError for anything else; OSError as `open`
    """
    where = f"load_tokenizer: {os.fspath(path)!r}"
    with open_regular("load_tokenizer", path) as (file, size):
        if size > MAX_BYTES:
            raise FileFormatError(f"{where}: the file has {size} bytes, {MAX_BYTES} are read")
        document = parse(where, file.read(), max_depth=3)
    if not isinstance(document, dict) or document.get("version") != VERSION or document.get("kind") not in list(kinds):
        raise FileFormatError(
            f"{where}: not a tokenizer of version {VERSION} and kind {' or '.join(kinds)}, but {quote(document)}"
        )
    kind = document.pop("kind")
    del document["version"]
    expected = kinds[kind]
    if document.keys() != expected.keys():
        raise FileFormatError(f"{where}: a {kind} tokenizer has the fields {list(expected)}, this one {list(document)}")
    for name, wanted in expected.items():
        if type(document[name]) is not wanted:
            raise FileFormatError(f"{where}: {name} should be a {wanted.__name__}, it is {quote(document[name])}")
    return kind, document


def strings(where: str, value: Any) -> list[str]:
    """Return `value`, having checked that it is a list of strings.

    Raises    FileFormatError
    """
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise FileFormatError(f"{where}: should be a list of strings, it is {quote(value)}")
    return value
