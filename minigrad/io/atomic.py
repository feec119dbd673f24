"""Write a file so that a crash at any moment leaves either the old file or the new one, whole.

    write a temporary file beside the target → flush → fsync → rename over the target → fsync of the folder

The rename is the one step that changes the target, and the file system makes it indivisible. The first fsync
puts the bytes on the disk before the name points at them, the second makes the name itself durable.

A temporary file is called .minigrad-<host>-<pid>-<process>-<token>.tmp. It is removed when anything is raised.
If its process is killed it stays behind, and the next write into the same folder sees that <pid> is gone and
removes it. Machines that share the folder tell their files apart by <host>; <process> is drawn once per
process, because in a container every run may have the same pid.
"""

from __future__ import annotations

import errno
import os
import platform
import re
import secrets
import stat
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Literal

from ..errors import ArgumentError
from .files import StrPath

_TEMPORARY = re.compile(r"\.minigrad-([0-9a-f]{8})-(\d{1,9})-([0-9a-f]{8})-[0-9a-f]{8}\.tmp")
_HOST = f"{zlib.crc32(platform.node().encode()):08x}"
_PROCESS = secrets.token_hex(4)
_DAY = 24 * 60 * 60.0  # seconds
_CANNOT_SYNC_FOLDER = {errno.EINVAL, errno.ENOTSUP, errno.EACCES}


@contextmanager
def atomic_write(path: StrPath, mode: Literal["wb", "w"] = "wb") -> Iterator[IO[Any]]:
    """Open a file whose content takes the place of `path` when the block ends, or not at all.

    Text is written as UTF-8, line ends as given. A symbolic link is followed; an existing file's permissions
    are kept.

    Raises    ArgumentError for a mode other than "wb" and "w", and for a target that is no regular file;
              FileNotFoundError, PermissionError and other OSErrors (a full disk) as the system reports them

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic_write(Path(folder, "log.txt"), "w") as file:
    ...         _ = file.write("epoch 1")
    ...     Path(folder, "log.txt").read_text()
    'epoch 1'
    """
    if mode not in ("wb", "w"):
        raise ArgumentError(f'atomic_write: mode is {mode!r}, only "wb" and "w" can be atomic')
    target = Path(os.path.realpath(path))
    permissions = _check_target(target)
    remove_stale(target.parent)
    temporary = target.parent / f".minigrad-{_HOST}-{os.getpid()}-{_PROCESS}-{secrets.token_hex(4)}.tmp"
    try:
        with _create(temporary, mode) as file:
            if permissions is not None:
                os.chmod(temporary, permissions)  # before the first byte: the old file may have been private
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    _sync_folder(target.parent)


def _create(path: Path, mode: str) -> IO[Any]:
    exclusive = mode.replace("w", "x")  # never write through a link that somebody planted under this name
    return open(path, exclusive) if "b" in mode else open(path, exclusive, encoding="utf-8", newline="")


def _check_target(target: Path) -> int | None:
    """Return the permissions of an existing target, None if there is none yet; refuse what cannot be replaced."""
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "atomic_write: there is no such folder", str(target.parent))
    try:
        found = target.stat().st_mode
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found):
        raise ArgumentError(f"atomic_write: {str(target)!r} is a folder, pipe or device and cannot be replaced")
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, "atomic_write: the file is read-only", str(target))
    return stat.S_IMODE(found)


def remove_stale(folder: Path) -> None:
    """Remove the temporary files in `folder` that processes of this machine left when they were killed."""
    with os.scandir(folder) as entries:
        found = [(entry, match) for entry in entries if (match := _TEMPORARY.fullmatch(entry.name))]
    for entry, match in found:
        with suppress(OSError):  # it may be gone already, or belong to another user
            if _is_stale(match, entry.stat().st_mtime):
                os.unlink(entry.path)


def _is_stale(match: re.Match[str], modified: float) -> bool:
    if match[1] != _HOST:
        return False
    pid = int(match[2])
    if pid == os.getpid():
        return match[3] != _PROCESS
    if os.name == "nt":
        return time.time() - modified > _DAY  # os.kill(pid, 0) asks on POSIX, but ends the process on Windows
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass  # it lives, and belongs to another user
    return False


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # a folder cannot be opened there, and the rename is journalled
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC_FOLDER:
            raise
