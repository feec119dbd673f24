from __future__ import annotations

import gzip
import hashlib
import tracemalloc
from pathlib import Path

import pytest

from minigrad.data.catalog import Resource
from minigrad.data.check import read_checked
from minigrad.errors import DataError

DATA = bytes(range(256)) * 40
RESOURCE = Resource("pixels", hashlib.sha256(DATA).hexdigest(), len(DATA))


@pytest.mark.parametrize("level", [None, 1, 9])
def test_the_digest_is_of_the_contents_however_they_are_packed(tmp_path: Path, level: int | None) -> None:
    (tmp_path / "f").write_bytes(DATA if level is None else gzip.compress(DATA, level))
    assert read_checked(tmp_path / "f", RESOURCE) == DATA


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (DATA[:-1] + b"!", "found    10240 bytes"),
        (DATA[:-1], "found    10239 bytes"),
        (DATA + b"!", "found    more than 10240 bytes"),
        (gzip.compress(DATA)[:-20], "cannot be read"),
        (gzip.compress(DATA + b"!"), "found    more than 10240 bytes"),
    ],
)
def test_anything_else_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "f").write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_checked(tmp_path / "f", RESOURCE)
    assert message in str(caught.value) and "Hint" in str(caught.value)


def test_a_small_file_that_unpacks_into_a_huge_one_is_read_no_further(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(gzip.compress(bytes(50_000_000)))
    tracemalloc.start()
    with pytest.raises(DataError):
        read_checked(tmp_path / "f", RESOURCE)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


def test_a_missing_file_or_a_folder_is_a_data_error(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(DataError, match="cannot be read"):
            read_checked(path, RESOURCE)


def test_an_archive_is_compared_as_it_is(tmp_path: Path) -> None:
    archive = gzip.compress(DATA)
    resource = Resource("a.tar.gz", hashlib.sha256(archive).hexdigest(), len(archive), gzipped=False)
    (tmp_path / "a.tar.gz").write_bytes(archive)
    assert read_checked(tmp_path / "a.tar.gz", resource) == archive
