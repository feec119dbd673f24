"""A file is what its digest says, or it is not read at all."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from pathlib import Path

from ..errors import DataError
from .catalog import Resource

GZIP_MAGIC = b"\x1f\x8b"


def read_checked(path: Path, resource: Resource) -> bytes:
    """Return the decompressed bytes of a file, having compared their size and digest.

    Raises    DataError if the file cannot be read, or is not what the catalog says
    """
    try:
        data = _unpack(path, resource)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"load: {path} cannot be read: {error}\nHint: delete it, then load again") from error
    found = hashlib.sha256(data).hexdigest()
    if found != resource.sha256:
        size = f"{len(data)}" if len(data) <= resource.size else f"more than {resource.size}"
        raise DataError(
            f"load: {path} is not {resource.name}\n"
            f"  expected {resource.size} bytes, sha256 {resource.sha256}\n"
            f"  found    {size} bytes, sha256 {found}\n"
            "Hint: the file is damaged or of another version; delete it, then load again"
        )
    return data


def _unpack(path: Path, resource: Resource) -> bytes:
    """Read one byte more than expected and no further: a small gzip file may unpack into a huge one."""
    with path.open("rb") as file:
        packed = resource.gzipped and file.read(2) == GZIP_MAGIC
        file.seek(0)
        stream = gzip.GzipFile(fileobj=file) if packed else file
        return stream.read(resource.size + 1)
