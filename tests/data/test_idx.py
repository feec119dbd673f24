from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from minigrad.data.idx import decode_idx, encode_idx, read_idx, write_idx
from minigrad.errors import DtypeError, FileFormatError

DTYPES = ("uint8", "int8", "int16", "int32", "float32", "float64")
arrays = st.sampled_from(DTYPES).flatmap(lambda d: hnp.arrays(d, hnp.array_shapes(min_dims=0, min_side=0, max_side=4)))


@given(arrays)
def test_what_is_written_is_read_back(array: np.ndarray) -> None:
    found = decode_idx(encode_idx(array))
    assert found.dtype == array.dtype and found.dtype.isnative
    np.testing.assert_array_equal(found, array)


def test_the_bytes_are_those_of_the_format() -> None:
    assert encode_idx(np.array([[1, 2, 3], [4, 5, -6]], np.int16)) == bytes.fromhex(
        "00000b02 00000002 00000003 0001 0002 0003 0004 0005 fffa"
    )


def test_big_endian_and_strided_arrays_are_written_right() -> None:
    array = np.arange(12, dtype=">i4").reshape(3, 4).T[::2]
    np.testing.assert_array_equal(decode_idx(encode_idx(array)), array)


@pytest.mark.parametrize("name", ["a-idx3-ubyte", "a-idx3-ubyte.gz"])
def test_files_may_be_compressed(tmp_path: Path, name: str) -> None:
    array = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    write_idx(tmp_path / name, array)
    assert (tmp_path / name).read_bytes().startswith(b"\x1f\x8b") == name.endswith(".gz")
    np.testing.assert_array_equal(read_idx(tmp_path / name), array)


def header(code: int, *shape: int, zeros: int = 0) -> bytes:
    return struct.pack(f">HBB{len(shape)}I", zeros, code, len(shape), *shape)


HOSTILE = {
    "empty": (b"", "the first four bytes take 4 bytes, the file has 0"),
    "text": (b"PK\x03\x04 not idx", "begins with 50 4b 03 04"),
    "unknown type": (header(0x0A, 1) + b"\0", "begins with 00 00 0a 01"),
    "too many axes": (header(0x08, *[1] * 40) + b"\0", "at most 32 axes"),
    "axes cut off": (header(0x08, 2, 2)[:9], "the sizes of 2 axes take 8 bytes, the file has 5"),
    "elements cut off": (header(0x0C, 2, 3) + b"\0" * 23, "int32 of shape (2, 3) take 24 bytes, the file has 23"),
    "elements left over": (header(0x08, 2) + b"\0" * 3, "data continue after uint8 of shape (2,)"),
    "terabytes": (header(0x08, 2**20, 2**20), "take 1099511627776 bytes, the file has 0"),
    "product overflows": (header(0x0E, 2**31, 2**31, 2**31), "larger than any memory"),
    "product overflows beside a zero": (header(0x08, 0, 2**32 - 1, 2**32 - 1), "larger than any memory"),
}


@pytest.mark.parametrize("case", HOSTILE)
@pytest.mark.parametrize("packed", [False, True])
def test_a_header_is_not_believed(tmp_path: Path, case: str, packed: bool) -> None:
    data, message = HOSTILE[case]
    (tmp_path / "f").write_bytes(gzip.compress(data) if packed else data)
    with pytest.raises(FileFormatError) as caught:
        read_idx(tmp_path / "f")
    assert message in str(caught.value) and str(tmp_path / "f") in str(caught.value)


def test_damaged_gzip_is_an_error_of_the_format(tmp_path: Path) -> None:
    good = gzip.compress(encode_idx(np.zeros((50, 50), np.uint8)))
    for bad in (good[:-9], good[:20] + bytes([good[20] ^ 255]) + good[21:], good[:-6] + b"\0" * 6):
        (tmp_path / "f.gz").write_bytes(bad)
        with pytest.raises(FileFormatError):
            read_idx(tmp_path / "f.gz")


@settings(max_examples=300)
@given(st.binary(max_size=40), st.sampled_from([b"", b"\0\0\x08", b"\0\0\x0d\x02"]))
def test_any_bytes_are_an_array_or_a_format_error(data: bytes, start: bytes) -> None:
    try:
        array = decode_idx(start + data)
    except FileFormatError:
        return
    assert encode_idx(array) == start + data


def test_a_type_that_the_format_lacks_is_refused() -> None:
    with pytest.raises(DtypeError, match=r"the format has no int64\nHint: convert to uint8, int32 or float32"):
        encode_idx(np.zeros(3, np.int64))
