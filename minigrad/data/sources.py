"""`load`: a data set by name, from the nearest place that has the right bytes.

    root= → $MINIGRAD_DATA → cache → installed packages → download → bundled subset, with a warning

Every file is compared with its SHA-256 wherever it was found. What is loaded is what the name says, or an error, or
a subset that announces itself; never something synthetic.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

import numpy as np

from ..errors import ArgumentError, DataError
from .bundle import decode_bundled, manifest
from .catalog import Entry, Resource, find
from .check import read_checked
from .dataset import LoadedDataset
from .decode import Numbers
from .idx import PathLike
from .info import DatasetInfo, DataSubsetWarning
from .places import KINDS, OFFLINE_VARIABLE, Place, candidates, download_folder, is_offline, places

SOURCES = ("auto", "bundled", "registry", "download")


@dataclass
class _Search:
    """What was asked for, and what the search has met so far."""

    source: str
    root: PathLike | None
    offline: bool
    tried: list[str] = field(default_factory=list)
    used: list[str] = field(default_factory=list)


def load(
    name: str,
    split: str = "train",
    *,
    source: str = "auto",
    root: PathLike | None = None,
    offline: bool | None = None,
    strict: bool = False,
) -> LoadedDataset:
    """Load one split of a data set ("all" for every split) with its `x`, `y` and `info`.

    `source` "auto" searches every place in order; "registry" takes only files of installed packages, "download" only
    the cache and the network, "bundled" only what ships with minigrad. `offline` forbids the network; None asks
    $MINIGRAD_OFFLINE. `strict` turns the warning about a bundled subset into an error.

    >>> digits = load("digits", "test")
    >>> digits.x.shape, digits.y[:5].tolist(), digits.info.license
    ((1000, 28, 28), [6, 4, 1, 1, 7], 'CC BY-SA 3.0')

    Raises    ArgumentError for an unknown name, split or source; DataError if the data cannot be had or are damaged
    """
    entry = find(name)
    _check_arguments(entry, split, source)
    search = _Search(source, root, is_offline(offline))
    if entry.files and source != "bundled":
        whole = _load_whole(entry, split, search)
        if whole is not None:
            return whole
    if entry.bundle is None or source not in ("auto", "bundled"):
        raise DataError(_not_found(entry, search))
    return _load_bundled(entry, split, search, strict)


def _check_arguments(entry: Entry, split: str, source: str) -> None:
    if split not in entry.counts and split != "all":
        options = ", ".join(map(repr, (*entry.counts, "all")))
        raise ArgumentError(f"load: {entry.name} has no split {split!r}; use one of {options}")
    if source not in SOURCES:
        raise ArgumentError(f"load: source {source!r} is unknown; use one of {', '.join(map(repr, SOURCES))}")
    if source == "bundled" and entry.bundle is None:
        raise ArgumentError(f"load: {entry.name} is not bundled with minigrad\nHint: use source='auto' or 'download'")
    if source in ("registry", "download") and not entry.files:
        raise ArgumentError(f"load: {entry.name} exists only in the package\nHint: use source='auto' or 'bundled'")


def _load_whole(entry: Entry, split: str, search: _Search) -> LoadedDataset | None:
    """Load the whole split if every file of it can be had."""
    assert entry.decode is not None
    splits = tuple(entry.counts) if split == "all" else (split,)
    parts: list[tuple[Numbers, Numbers]] = []
    digests: dict[str, str] = {}
    for each in splits:
        files = []
        for resource in entry.files[each]:
            data = _obtain(entry, resource, search)
            if data is None:
                return None
            files.append(data)
            digests[resource.name] = resource.sha256
        parts.append(entry.decode(files, each))
    x, y = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    expected = sum(entry.counts[each] for each in splits)
    if len(x) != expected or len(y) != expected:
        raise DataError(f"load: {entry.name} {split!r} has {len(x)} images and {len(y)} labels, expected {expected}")
    return _dataset(entry, split, x, y, ", ".join(dict.fromkeys(search.used)), digests)


def _places(entry: Entry, search: _Search) -> list[Place]:
    """Return the folders to search, those that `source` admits."""
    admitted = {"registry": ("installed",), "download": ("root", "cache")}.get(search.source, KINDS)
    return [place for place in places(entry, search.root) if place.kind in admitted]


def _obtain(entry: Entry, resource: Resource, search: _Search) -> bytes | None:
    """Return the checked bytes of one file from the first place that has them; note what stood in the way."""
    for kind, folder in _places(entry, search):
        for path in candidates(entry, resource, folder):
            try:
                data = read_checked(path, resource)
            except DataError as error:
                if kind == "root":
                    raise  # the caller named this place: a damaged file there is not to be passed over
                search.tried.append(str(error).partition("\nHint")[0])
                continue
            search.used.append(str(folder))
            return data
    if search.source == "registry":
        return None
    if search.offline:
        search.tried.append(f"offline: downloads are forbidden by offline=True or ${OFFLINE_VARIABLE}")
        return None
    return _downloaded(entry, resource, search)


def _downloaded(entry: Entry, resource: Resource, search: _Search) -> bytes | None:
    from .download import download  # brings http, email and ssl, which cost more to import than all of this package

    folder = download_folder(entry, search.root)
    try:
        data = read_checked(download(resource, entry.mirrors, folder), resource)
    except DataError as error:
        search.tried.append(str(error).partition("\nHint")[0])
        return None
    search.used.append(str(folder))
    return data


def _load_bundled(entry: Entry, split: str, search: _Search, strict: bool) -> LoadedDataset:
    assert entry.bundle is not None
    x, y = decode_bundled(entry, split)
    file = entry.bundle.file
    dataset = _dataset(entry, split, x, y, f"bundled {file}", {file: manifest()[file]["sha256"]})
    n, n_full = dataset.info.n, dataset.info.n_full
    if n < n_full and strict:
        search.tried.append(f"strict=True refuses the bundled subset of {n} of {n_full} items")
        raise DataError(_not_found(entry, search))
    if n < n_full:
        warnings.warn(
            f"load: {entry.name} {split!r} is a bundled subset, {n} of {n_full} items{entry.bundle.note}\n"
            f"{_reasons(search)}Hint: python -m minigrad.data get {entry.name} fetches the whole set",
            DataSubsetWarning,
            stacklevel=3,
        )
    return dataset


def _dataset(
    entry: Entry, split: str, x: Numbers, y: Numbers | None, source: str, digests: dict[str, str]
) -> LoadedDataset:
    n_full = sum(entry.counts.values()) if split == "all" else entry.counts[split]
    info = DatasetInfo(
        entry.name, split, source, len(x), n_full, entry.license, entry.citation, digests, entry.classes
    )
    return LoadedDataset(x, y, info=info)


def _not_found(entry: Entry, search: _Search) -> str:
    searched = [str(place.folder) for place in _places(entry, search)]
    wanted = ", ".join(resource.name for resource in entry.resources())
    return (
        f"load: {entry.name} was not found\n  searched {', '.join(searched) or 'no place'}\n{_reasons(search)}"
        f"Hint: python -m minigrad.data get {entry.name} where there is a network, or root= a folder with {wanted}"
    )


def _reasons(search: _Search) -> str:
    return "".join(f"  {line}\n" for problem in dict.fromkeys(search.tried) for line in problem.splitlines())
