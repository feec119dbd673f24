"""The real data that ship with the package, and the manifest that says what they must be.

Every read is checked against the manifest, so a damaged installation is an error and never a wrong number.
`bundled/LICENSES.md` says whose the data are and how each file was made.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

import numpy as np

from ..errors import ArgumentError, DataError
from .catalog import Entry
from .decode import Numbers

FOLDER = "bundled"


@functools.cache
def manifest() -> Mapping[str, Mapping[str, Any]]:
    """Return, for each bundled file, its size, digest, license and the package that it was made from."""
    text = resources.files("minigrad.data").joinpath(FOLDER, "manifest.json").read_text(encoding="utf-8")
    return json.loads(text)  # type: ignore[no-any-return]


def read_bundled(file: str) -> bytes:
    """Return the bytes of a bundled file, checked.

    Raises    DataError if the file is missing or differs from the manifest
    """
    expected = manifest()[file]["sha256"]
    try:
        data = resources.files("minigrad.data").joinpath(FOLDER, file).read_bytes()
    except OSError as error:
        raise DataError(f"load: the bundled file {file} cannot be read: {error}\nHint: reinstall minigrad") from error
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        raise DataError(
            f"load: the bundled file {file} is damaged\n  expected sha256 {expected}\n  found    sha256 {found}\n"
            "Hint: reinstall minigrad"
        )
    return data


def decode_bundled(entry: Entry, split: str) -> tuple[Numbers, Numbers | None]:
    """Return x and y of a split ("all" for both) of the file bundled with a data set; text and names have no y."""
    if entry.bundle is None:
        raise ArgumentError(f"load: {entry.name} has no bundled file")
    decoded = entry.bundle.decode(read_bundled(entry.bundle.file))
    x, y = decoded if isinstance(decoded, tuple) else (decoded, None)
    return _rows(x, entry.bundle.held_out, split), None if y is None else _rows(y, entry.bundle.held_out, split)


def _rows(x: Numbers, held_out: slice, split: str) -> Numbers:
    if split == "all":
        return x
    return np.delete(x, held_out, axis=0) if split == "train" else x[held_out]
