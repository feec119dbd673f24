from __future__ import annotations

import gzip
import hashlib
import threading
from pathlib import Path

import numpy as np
import pytest

from minigrad.data.catalog import Resource
from minigrad.data.check import read_checked
from minigrad.data.download import SLACK, download
from minigrad.errors import DataError

from .conftest import Mirror

DATA = np.random.default_rng(0).bytes(5_000)
RESOURCE = Resource("pixels", hashlib.sha256(DATA).hexdigest(), len(DATA))
PACKED = gzip.compress(DATA, 1)
NAME = "pixels.gz"


@pytest.fixture
def good(mirror: Mirror) -> Mirror:
    mirror.files[NAME] = PACKED
    return mirror


def fetch(good: Mirror, folder: Path, *others: str) -> Path:
    path = download(RESOURCE, [good.url, *others], folder, delay=0)
    assert read_checked(path, RESOURCE) == DATA
    assert sorted(p.name for p in folder.iterdir()) == [".lock", NAME]
    return path


def test_a_file_is_fetched_once(good: Mirror, tmp_path: Path) -> None:
    assert fetch(good, tmp_path / "new" / "folder") == tmp_path / "new" / "folder" / NAME
    fetch(good, tmp_path / "new" / "folder")
    assert good.requests == [(NAME, 0)]


@pytest.mark.parametrize("fault", ["status 503", "status 429", "cut 0"])
def test_a_passing_failure_is_tried_again(good: Mirror, tmp_path: Path, fault: str) -> None:
    good.faults = [fault, fault]
    fetch(good, tmp_path)
    assert good.requests == [(NAME, 0)] * 3


def test_an_interrupted_transfer_is_continued(good: Mirror, tmp_path: Path) -> None:
    good.faults = ["cut 1000", "cut 700"]
    fetch(good, tmp_path)
    assert good.requests == [(NAME, 0), (NAME, 1000), (NAME, 1700)]


def test_what_an_earlier_program_left_is_continued(good: Mirror, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.0.part").write_bytes(PACKED[:3000])
    fetch(good, tmp_path)
    assert good.requests == [(NAME, 3000)]


def test_a_server_that_cannot_continue_starts_over(good: Mirror, tmp_path: Path) -> None:
    good.faults = ["cut 1000", "whole"]
    fetch(good, tmp_path)
    assert good.requests == [(NAME, 0), (NAME, 1000)]


def test_a_server_that_continues_elsewhere_is_not_believed(good: Mirror, tmp_path: Path) -> None:
    good.faults = ["cut 1000", "shifted"]
    fetch(good, tmp_path)
    assert good.requests == [(NAME, 0), (NAME, 1000), (NAME, 0)]


def test_a_complete_part_needs_only_its_name(good: Mirror, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.0.part").write_bytes(PACKED)
    fetch(good, tmp_path)
    assert good.requests == [(NAME, len(PACKED))]


def test_a_part_of_another_file_is_thrown_away(good: Mirror, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.0.part").write_bytes(b"\x1f\x8b" + bytes(1000))
    fetch(good, tmp_path)
    assert good.requests == [(NAME, 1002), (NAME, 0)]


def test_damaged_bytes_never_get_the_final_name(good: Mirror, tmp_path: Path) -> None:
    good.faults = ["corrupt"] * 3
    with pytest.raises(DataError) as caught:
        download(RESOURCE, [good.url], tmp_path, delay=0)
    assert "pixels could not be downloaded" in str(caught.value) and str(caught.value).count("is not pixels") == 3
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]
    good.faults = ["corrupt"]
    fetch(good, tmp_path)


def test_a_damaged_copy_is_replaced(good: Mirror, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(PACKED[:-10])
    fetch(good, tmp_path)


def test_the_next_mirror_helps_out(good: Mirror, tmp_path: Path, unreachable: str) -> None:
    path = download(RESOURCE, [unreachable, good.url + "elsewhere/", good.url], tmp_path, delay=0)
    assert read_checked(path, RESOURCE) == DATA
    assert good.requests == [("elsewhere/" + NAME, 0), (NAME, 0)]


def test_parts_of_two_mirrors_are_never_mixed(good: Mirror, tmp_path: Path) -> None:
    good.files["b/" + NAME] = gzip.compress(DATA, 9)
    good.faults = ["cut 1000", "status 404"]
    path = download(RESOURCE, [good.url, good.url + "b/"], tmp_path, delay=0)
    assert good.requests == [(NAME, 0), (NAME, 1000), ("b/" + NAME, 0)]
    assert read_checked(path, RESOURCE) == DATA
    assert sorted(p.name for p in tmp_path.iterdir()) == [".lock", NAME]


def test_a_flood_is_cut_off(good: Mirror, tmp_path: Path) -> None:
    good.files[NAME] = bytes(2**16)
    good.faults = ["endless 40"]
    with pytest.raises(DataError, match=f"sends more than {len(DATA) + SLACK} bytes"):
        download(RESOURCE, [good.url], tmp_path, delay=0)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) == 0


def test_every_answer_is_reported(good: Mirror, tmp_path: Path, unreachable: str) -> None:
    good.faults = ["status 500", "status 502", "status 403"]
    with pytest.raises(DataError) as caught:
        download(RESOURCE, [good.url, unreachable], tmp_path, delay=0)
    message = str(caught.value)
    assert all(f"HTTP {code}" in message for code in (500, 502, 403)) and f"{unreachable}{NAME}: " in message
    assert f"Hint: check the network, or put the file into {tmp_path} yourself" in message


def test_a_folder_that_cannot_be_written_is_a_data_error(good: Mirror, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=r"cannot write (?s:.)*Hint: give a root= that can be written"):
        download(RESOURCE, [good.url], tmp_path / "file" / "below", delay=0)


def test_two_programs_at_once_fetch_the_file_once(good: Mirror, tmp_path: Path) -> None:
    start = threading.Barrier(4)
    found: list[Path] = []

    def fetch_together() -> None:
        start.wait()
        found.append(download(RESOURCE, [good.url], tmp_path, delay=0))

    threads = [threading.Thread(target=fetch_together) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [tmp_path / NAME] * 4
    assert good.requests == [(NAME, 0)]
