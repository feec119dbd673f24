"""The directory of a zip archive that may be hostile: sizes are compared with the bytes that are there.

A zip bomb is a small file that unpacks to a huge one. The directory gives every member's size before anything is
unpacked; those sizes have to be possible for the packed bytes, and stay under a limit taken together.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from typing import IO, TYPE_CHECKING

import numpy as np

from ..errors import FileFormatError
from .files import LONGEST_SIGNATURE, looks_like, quote

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

_STORED, _DEFLATED = 0, 8  # the compression types that NumPy and PyTorch write
_MOST_PER_BYTE = 1032  # that deflate can unpack one byte to
_CHUNK = 2**20  # bytes


@contextmanager
def open_zip(where: str, file: BufferedReader, size: int, max_bytes: int) -> Iterator[tuple[ZipFile, list[ZipInfo]]]:
    """Open an archive of `size` bytes, check its directory, and turn what goes wrong inside the block into our error.

    Raises    FileFormatError; `where` opens every message
    """
    from zipfile import BadZipFile, ZipFile
    from zlib import error as ZlibError

    try:
        with ZipFile(file) as archive:
            members = archive.infolist()
            _check_members(where, members, size, max_bytes)
            yield archive, members
    except FileFormatError:
        raise
    except (BadZipFile, ZlibError, EOFError, OSError, RuntimeError, ValueError) as error:
        file.seek(0)
        kind = looks_like(file.read(LONGEST_SIGNATURE))
        hint = f"\nHint: this looks like {kind}" if kind else ""
        raise FileFormatError(f"{where}: not a readable zip archive: {error}{hint}") from error


def _check_members(where: str, members: list[ZipInfo], size: int, max_bytes: int) -> None:
    names: set[str] = set()
    packed = unpacked = 0
    for member in members:
        what = f"{where}: member {quote(member.filename)}"
        if member.filename in names:
            raise FileFormatError(f"{what}: occurs twice")
        if member.compress_type not in (_STORED, _DEFLATED):
            raise FileFormatError(f"{what}: is compressed by method {member.compress_type}, only 0 and 8 are read")
        if member.file_size > _MOST_PER_BYTE * member.compress_size:
            raise FileFormatError(f"{what}: {member.compress_size} bytes cannot unpack to {member.file_size}")
        names.add(member.filename)
        packed, unpacked = packed + member.compress_size, unpacked + member.file_size
    if packed > size:
        raise FileFormatError(f"{where}: members overlap: they take {packed} bytes, the file has {size}")
    if unpacked > max_bytes:
        raise FileFormatError(
            f"{where}: unpacks to {unpacked} bytes, max_bytes is {max_bytes}\n"
            "Hint: raise max_bytes if you trust where the file comes from"
        )


def read_into(what: str, stream: IO[bytes], target: np.ndarray[tuple[int], np.dtype[np.uint8]]) -> None:
    """Fill `target` from an open member, in pieces: ZipExtFile.readinto would unpack all of it a second time.

    Raises    FileFormatError if the member ends too early
    """
    for begin in range(0, target.size, _CHUNK):
        part = target[begin : begin + _CHUNK]
        unpacked = stream.read(part.size)
        if len(unpacked) != part.size:
            raise FileFormatError(f"{what}: ends after {begin + len(unpacked)} bytes of {target.size}")
        part[:] = np.frombuffer(unpacked, np.uint8)
