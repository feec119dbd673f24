import json
import random
import re
import struct
import tracemalloc

import numpy as np
import pytest
import safetensors.numpy as official

from minigrad.errors import FileFormatError
from minigrad.io.safetensors import load_file, read_file, save_file

HUGE = 2**64


def entry(dtype="F32", shape=(2,), begin=0, end=8, **others):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end], **others}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("header") / "file"


def assert_refused(path, content, message):
    path.write_bytes(content)
    for mmap in (False, True):
        with pytest.raises(FileFormatError, match=message) as caught:
            load_file(path, mmap=mmap)
        assert str(caught.value).startswith(f"safetensors: {str(path)!r}: ")
        assert len(str(caught.value)) < 2000  # whatever the file holds


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the length of the header is missing, the file has 0"),
        (b"\x02" + bytes(6), "the length of the header is missing, the file has 7"),
        (struct.pack("<Q", 3) + b"{}", "the header should have 3 bytes, the file has 10"),
        (struct.pack("<Q", HUGE - 1) + b"{}", f"the header should have {HUGE - 1} bytes, the file has 10"),
        (bytes(16), "the header should start with '{', it starts with b''"),
    ],
)
def test_a_length_that_the_file_does_not_have_is_refused(path, content, message):
    assert_refused(path, content, f"not a safetensors file: {message}")


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (b"[]", "not a safetensors file: the header should start with '{', it starts with b'\\[\\]      '"),
        (b" {}", "not a safetensors file: the header should start with '{'"),
        (b'{"\xff": 1}', "header: byte 2 is not valid UTF-8"),
        (b'{"a" 1}', "header: not valid JSON at character 5"),
        (b"{} {}", "header: not valid JSON at character 3"),
        (b'{"a":' + b"[" * 10**5, "header: brackets nest 100001 deep, 3 are allowed"),
        (b'{"a": 1, "a": 2}', "header: the key 'a' is given twice"),
        (b'{"a": {"dtype": "F32", "dtype": "F64"}}', "header: the key 'dtype' is given twice"),
        (b'{"a": %s}' % (b"9" * 5000), "header: a number has 5000 digits"),
        (b'{"a": NaN}', "header: NaN is not JSON"),
        (b'{"\\ud800": 1}', r"the string '\\ud800' holds half a surrogate pair"),
        (b'{"__metadata__": {"a": "\\udc00"}}', r"the string '\\udc00' holds half a surrogate pair"),
        ({"__metadata__": {"a": 1}}, "__metadata__ should map strings to strings, it is {'a': 1}"),
        ({"__metadata__": []}, r"__metadata__ should map strings to strings, it is \[\]"),
        ({"__metadata__": None}, "__metadata__ should map strings to strings, it is None"),
    ],
)
def test_a_header_that_is_no_proper_json_object_is_refused(path, file_bytes, header, message):
    assert_refused(path, file_bytes(header), message)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (3, "should have exactly the fields dtype, shape and data_offsets\n  entry 3"),
        ({"dtype": "F32", "shape": [2]}, "should have exactly the fields"),
        (entry(strides=[1]), "should have exactly the fields"),
        (entry("F8_E4M3"), "dtype is 'F8_E4M3', readable are U64 I64 F64 F32"),
        (entry([]), r"dtype is \[\], readable are"),
        (entry(shape=(-2,)), r"shape should be at most 32 non-negative integers, it is \[-2\]"),
        (entry(shape=(2.0,)), "shape should be"),
        (entry(shape=(True, 2)), "shape should be"),
        (entry(shape=("2",)), "shape should be"),
        (entry(shape=(None, 2)), "shape should be"),
        ({"dtype": "F32", "shape": 2, "data_offsets": [0, 8]}, "shape should be"),
        ({"dtype": "F32", "shape": {"2": 2}, "data_offsets": [0, 8]}, "shape should be"),
        (entry(shape=(1,) * 32 + (2,)), "shape should be at most 32"),
        (entry(shape=(2**32, 2**32)), "shape is larger than memory can be"),
        (entry("U8", (HUGE + 8,)), "shape is larger than memory can be"),  # 8 in 64 bits
        (entry("U8", (2**32, 2**31, 2)), "shape is larger than memory can be"),  # 0 in 64 bits
        (entry(shape=(0, HUGE), end=0), "shape is larger than memory can be"),
        (entry("BF16", (0, 2**61), end=0), "shape is larger than memory can be"),
        (entry(begin=-8, end=0), r"data_offsets should be two non-negative integers, they are \[-8, 0\]"),
        ({"dtype": "F32", "shape": [2], "data_offsets": [0, 8, 8]}, "data_offsets should be two"),
        (entry(end=8.0), "data_offsets should be two"),
        (entry(begin=8, end=0), "data_offsets span -8 bytes, the shape needs 8"),
        (entry(end=4), "data_offsets span 4 bytes, the shape needs 8"),
        (entry("F64"), "data_offsets span 8 bytes, the shape needs 16"),
        (entry("BOOL", (8,)), "a byte of a bool array is 2, only 0 and 1 are allowed"),
    ],
)
def test_an_entry_that_makes_no_sense_is_refused(path, file_bytes, value, message):
    assert_refused(path, file_bytes({"w": value}, b"\1\2\0\1\0\0\0\0"), f"entry 'w': {message}")


@pytest.mark.parametrize(
    ("entries", "size", "message"),
    [
        ({"w": entry()}, 7, "the file is cut short: the entries need 8 bytes, the buffer has 7"),
        ({"w": entry("U8", (10**15,), 0, 10**15)}, 8, "the file is cut short"),
        ({"w": entry()}, 9, "has bytes that belong to no entry: the entries need 8 bytes, the buffer has 9"),
        ({}, 1, "has bytes that belong to no entry"),
        ({"w": entry(begin=4, end=12)}, 12, "the start and entry 'w' leave a gap"),
        (
            {"v": entry(), "w": entry(begin=12, end=20)},
            20,
            "entry 'v' and entry 'w' leave a gap: the one ends at byte 8 of the buffer, the other begins at 12",
        ),
        (
            {"w": entry(begin=4, end=12), "v": entry()},
            12,
            "entry 'v' and entry 'w' overlap: the one ends at byte 8 of the buffer, the other begins at 4",
        ),
        ({"v": entry(), "w": entry()}, 8, "entry 'v' and entry 'w' overlap"),
        ({"v": entry(), "w": entry(shape=(0,), begin=4, end=4)}, 8, "entry 'v' and entry 'w' overlap"),
    ],
)
def test_entries_that_do_not_cover_the_buffer_exactly_are_refused(path, file_bytes, entries, size, message):
    assert_refused(path, file_bytes(entries, bytes(size)), message)


def test_empty_arrays_may_lie_anywhere_between_the_others(path, file_bytes):
    empty = {"dtype": "F32", "shape": [0, 3]}
    header = {"end": {**empty, "data_offsets": [8, 8]}, "v": entry(), "start": {**empty, "data_offsets": [0, 0]}}
    path.write_bytes(file_bytes(header, np.array([1.5, 2.5], "<f4").tobytes()))
    for mmap in (False, True):
        found = load_file(path, mmap=mmap)
        assert list(found) == ["end", "v", "start"]
        assert found["v"].tolist() == [1.5, 2.5]
        assert found["start"].shape == found["end"].shape == (0, 3)


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"PK\x03\x04\x14\0\0\0\x08\0", "a zip archive, as PyTorch's .pt"),
        (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", "a Python pickle, as old PyTorch checkpoints are"),
        (b"\x80\x04\x95\0\0\0\0\0\0\0\0}.", "a Python pickle; minigrad never unpickles"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        (b"<!DOCTYPE html><html>", "an HTML or XML page"),
        (b'{"a": 1, "b": 2}', "a JSON text"),
    ],
)
def test_a_file_of_another_format_is_named(path, start, kind):
    assert_refused(path, start + bytes(100), f"(?s)not a safetensors file.*\nHint: this looks like {re.escape(kind)}")


TENSORS = {
    "a.weight": np.arange(6, dtype="f4").reshape(2, 3),
    "b": np.array(2.5),
    "c": np.array([True, False, True]),
    "n": np.zeros((0, 3), "i8"),
    "u": np.arange(5, dtype="u1"),
}
NUMBERS = [b"-1", b"0", b"1", b"2", b"8", b"1.0", b"1e3", b"true", b"null", b"[]", b"{}", b'"8"', b"9" * 400]
NUMBERS += [b"%d" % (2**n + d) for n in (31, 32, 53, 63, 64) for d in (-1, 0, 1)]
LENGTHS = [0, 1, 2**31, 10**8, 2**40, 2**63, HUGE - 1]


def damage_bytes(rng, content):
    """Flip a bit, or cut, insert, drop or repeat some bytes."""
    i = rng.randrange(len(content) + 1)
    j = i + rng.randrange(1, 20)
    flipped = bytes([content[i] ^ 1 << rng.randrange(8)]) if i < len(content) else b""
    return rng.choice(
        [
            content[:i] + flipped + content[i + 1 :],
            content[:i],
            content[:i] + rng.randbytes(j - i) + content[i:],
            content[:i] + content[j:],
            content[:j] + content[i:],
        ]
    )


def damage_header(rng, content):
    """Replace a number, or swap, drop or repeat a token; the length in front is right, so that the rest is read."""
    n = min(int.from_bytes(content[:8], "little"), len(content))
    tokens = re.split(rb"(-?\d+|\w+|[^\w\s])", content[8 : 8 + n])
    k = rng.randrange(len(tokens))
    tokens[k] = rng.choice(NUMBERS) if tokens[k].isdigit() else rng.choice([b"", tokens[k] * 2, *tokens])
    header = b"".join(tokens)
    return struct.pack("<Q", len(header)) + header + content[8 + n :]


def damage_length(rng, content):
    n = int.from_bytes(content[:8], "little")
    return struct.pack("<Q", rng.choice([*LENGTHS, max(n - 1, 0), (n + 1) % HUGE, len(content)])) + content[8:]


def reads_like_the_official_library(path, content):
    """Whether the file is accepted; then both libraries must find the same arrays in it."""
    path.write_bytes(content)
    try:
        found, metadata = read_file(path)
    except FileFormatError as error:
        assert str(error).startswith("safetensors: ")
        return False
    expected = official.load(content)
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert found[name].tobytes() == array.tobytes()
    assert all(isinstance(value, str) for value in metadata.values())
    return True


def test_thousands_of_damaged_files_give_an_error_of_ours_or_the_right_arrays(path):
    rng = random.Random(20240229)
    save_file(TENSORS, path, {"format": "np", "π": json.dumps({"a": [1, '"']})})
    whole = path.read_bytes()
    accepted = 0
    tracemalloc.start()
    try:
        for _ in range(3000):
            content = whole
            for _ in range(rng.choice([1, 1, 1, 2, 4])):
                damage = rng.choice([damage_bytes, damage_header, damage_header, damage_length])
                content = damage(rng, content)
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            accepted += reads_like_the_official_library(path, content)
            assert tracemalloc.get_traced_memory()[1] - before < 200_000
    finally:
        tracemalloc.stop()
    assert 100 < accepted < 1500  # the damage is neither always fatal nor always harmless
