import zipfile

import numpy as np
import pytest

from minigrad.errors import FileFormatError
from minigrad.io.zip_members import open_zip, read_into


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as new:
        new.writestr("a", b"0123456789")
        new.writestr("b", b"xyz")
    return path


def test_the_members_come_with_the_archive(archive):
    with open(archive, "rb") as file, open_zip("here", file, archive.stat().st_size, 100) as (opened, members):
        assert {member.filename: opened.read(member) for member in members} == {"a": b"0123456789", "b": b"xyz"}


def test_the_limit_counts_all_members(archive):
    with (
        open(archive, "rb") as file,
        pytest.raises(FileFormatError, match="here: unpacks to 13 bytes, max_bytes is 12\nHint: raise max_bytes"),
        open_zip("here", file, archive.stat().st_size, 12),
    ):
        pass


def test_what_goes_wrong_inside_the_block_is_told_as_ours(archive):
    content = archive.read_bytes().replace(b"0123456789", b"0123456780")
    archive.write_bytes(content)
    with (
        open(archive, "rb") as file,
        pytest.raises(FileFormatError, match=r"here: not a readable zip archive: Bad CRC-32(?s:.)*looks like a zip archive"),
        open_zip("here", file, len(content), 100) as (opened, _),
    ):
        opened.read("a")


def test_a_member_that_ends_early_is_an_error(archive):
    with open(archive, "rb") as file, open_zip("here", file, archive.stat().st_size, 100) as (opened, _), opened.open("a") as stream:
        target = np.zeros(4, np.uint8)
        read_into("member", stream, target)
        assert target.tobytes() == b"0123"
        with pytest.raises(FileFormatError, match="member: ends after 6 bytes of 7"):
            read_into("member", stream, np.zeros(7, np.uint8))
