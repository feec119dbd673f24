"""Where a data set may already lie on this machine.

A root given to `load`, then $MINIGRAD_DATA, then the cache of earlier downloads, then folders of installed packages,
which are only read. Below each, the layouts of minigrad and of the libraries people come from are tried.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from minigrad_kernels.folders import cache_folder

from .catalog import Entry, Resource
from .idx import PathLike

DATA_VARIABLE = "MINIGRAD_DATA"
OFFLINE_VARIABLE = "MINIGRAD_OFFLINE"


KINDS = ("root", "variable", "cache", "installed")


class Place(NamedTuple):
    """A folder to search, and which of the KINDS it is."""

    kind: str
    folder: Path


def download_folder(entry: Entry, root: PathLike | None = None) -> Path:
    """Return where downloads of a data set go: below `root` if given, else below the cache."""
    return (Path(root) if root is not None else cache_folder()) / entry.name / entry.version


def is_offline(offline: bool | None = None) -> bool:
    """Return `offline`, or what $MINIGRAD_OFFLINE says where it is None."""
    if offline is not None:
        return offline
    return os.environ.get(OFFLINE_VARIABLE, "").strip().lower() not in ("", "0", "false", "no")


def places(entry: Entry, root: PathLike | None = None) -> Iterator[Place]:
    """Yield the folders to search, the most explicit first."""
    if root is not None:
        yield Place("root", Path(root))
    if os.environ.get(DATA_VARIABLE):
        yield Place("variable", Path(os.environ[DATA_VARIABLE]))
    yield Place("cache", cache_folder())
    for folder in entry.installed:
        yield Place("installed", Path(folder).expanduser())


def candidates(entry: Entry, resource: Resource, folder: Path) -> Iterator[Path]:
    """Yield the files below `folder` that may hold a resource."""
    for below in ("", f"{entry.name}/{entry.version}", entry.name, *entry.folders):
        for name in dict.fromkeys((resource.name, resource.remote_name)):
            path = folder / below / name
            if path.is_file():
                yield path
