"""Downloads that end with the right file or with none.

The bytes go to `NAME.MIRROR.part`, which a later try continues (HTTP Range). When the digest is right, the file is
renamed in one step, so a half or damaged file never has the final name. A mirror that answers badly is tried again;
one that cannot be reached, or does not have the file, is left for the next.
"""

from __future__ import annotations

import http.client
import logging
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from ..errors import DataError
from .catalog import Resource
from .check import read_checked
from .lock import locked

TRIES = 3
DELAY_SECONDS = 1.0  # before the second try; doubled before each one after it
TIMEOUT_SECONDS = 15.0  # without a single byte
CHUNK = 1 << 18
SLACK = 1 << 20  # how much longer than its contents a gzip file may be
BUSY = (408, 425, 429)  # answers that may be better next time, as all from 500 on
RANGE_NOT_SATISFIABLE = 416

log = logging.getLogger("minigrad.data")


class _TryAgain(Exception):
    """The transfer failed in a way that may not last."""


class _NextMirror(Exception):
    """This mirror is of no use now."""


def download(resource: Resource, mirrors: Sequence[str], folder: Path, *, delay: float = DELAY_SECONDS) -> Path:
    """Fetch a file into `folder` from the first mirror that has it right, and return its path.

    Raises    DataError with what each mirror answered, or if `folder` cannot be written
    """
    target = folder / resource.remote_name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder / ".lock"):
            if not _is_right(target, resource):  # another program may have fetched it while this one waited
                _from_mirrors(resource, mirrors, target, delay)
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"load: cannot write {target}: {error}\nHint: give a root= that can be written") from error
    return target


def _is_right(path: Path, resource: Resource) -> bool:
    try:
        read_checked(path, resource)
    except DataError:
        return False
    return True


def _from_mirrors(resource: Resource, mirrors: Sequence[str], target: Path, delay: float) -> None:
    problems: list[str] = []
    for i, mirror in enumerate(mirrors):
        part = target.with_name(f"{target.name}.{i}.part")  # mirrors differ in compression: never mix their bytes
        for attempt in range(TRIES):
            if attempt:
                time.sleep(delay * 2 ** (attempt - 1))
            try:
                _fetch(mirror + resource.remote_name, part, resource.size + SLACK)
                _accept(part, target, resource)
            except _NextMirror as problem:
                problems.append(f"  {problem}")
                break
            except _TryAgain as problem:
                problems.append(f"  {problem}")
            else:
                return
    raise DataError(
        "\n".join([f"load: {resource.name} could not be downloaded", *problems])
        + f"\nHint: check the network, or put the file into {target.parent} yourself"
    )


def _accept(part: Path, target: Path, resource: Resource) -> None:
    """Give the downloaded file its final name if it is right, else remove it."""
    try:
        read_checked(part, resource)
    except DataError as error:
        part.unlink(missing_ok=True)
        raise _TryAgain(str(error).partition("\nHint")[0]) from error
    os.replace(part, target)
    for leftover in target.parent.glob(f"{target.name}.*.part"):
        leftover.unlink(missing_ok=True)


def _fetch(url: str, part: Path, limit: int) -> None:
    """Append to `part` what is missing of the file at `url`."""
    have = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": "minigrad", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
        log.info("continuing %s at byte %d", url, have)
    else:
        log.info("downloading %s", url)
    try:
        response = urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == RANGE_NOT_SATISFIABLE:
            return  # nothing is missing; the digest will tell whether that is true
        kind = _TryAgain if error.code in BUSY or error.code >= 500 else _NextMirror
        raise kind(f"{url}: HTTP {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        raise _NextMirror(f"{url}: {error.reason}") from error
    except (OSError, http.client.HTTPException) as error:
        raise _TryAgain(f"{url}: {error!r}") from error
    with response:
        start = have if response.status == http.client.PARTIAL_CONTENT else 0
        if start and not re.match(rf"bytes {start}-", response.headers.get("Content-Range", "")):
            part.unlink()
            raise _TryAgain(f"{url}: the server continued at another byte than {start}")
        with part.open("ab" if start else "wb") as file:
            _receive(response, file, start, limit, url)


def _receive(response: http.client.HTTPResponse, file: IO[bytes], start: int, limit: int, url: str) -> None:
    """Copy the body of an answer, whose announced length must come and no more than `limit`."""
    announced = response.headers.get("Content-Length", "")
    end = start + int(announced) if announced.isdigit() else None
    size = start
    while True:
        try:
            chunk = response.read(CHUNK)
        except (OSError, http.client.HTTPException) as error:
            raise _TryAgain(f"{url}: interrupted after {size} bytes: {error!r}") from error
        if not chunk:
            break
        size += len(chunk)
        if size > limit:
            file.truncate(0)
            raise _NextMirror(f"{url}: sends more than {limit} bytes")
        file.write(chunk)
    file.flush()
    os.fsync(file.fileno())
    if end is not None and size != end:
        raise _TryAgain(f"{url}: interrupted after {size} of {end} bytes")
