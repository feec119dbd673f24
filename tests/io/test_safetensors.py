import os
import tracemalloc

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
import safetensors
import safetensors.numpy as official
from hypothesis import given
from hypothesis import strategies as st

from minigrad.errors import ArgumentError, DtypeError, FileFormatError
from minigrad.io import safetensors as ours
from minigrad.io import safetensors_header
from minigrad.io.safetensors import DTYPES, load_file, read_file, read_header, save_file

dtypes = st.sampled_from(list(DTYPES.values()))
shapes = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
any_array = hnp.arrays(dtypes, shapes)
any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
names = any_text.filter(lambda name: name != "__metadata__")


def identical(a, b):
    """The same type, the same shape and the same bits, so that NaNs and the sign of zero count."""
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("safetensors") / "file"


@given(st.dictionaries(names, any_array, max_size=4), st.none() | st.dictionaries(any_text, any_text, max_size=3))
def test_arrays_and_metadata_come_back_bit_for_bit(path, tensors, metadata):
    save_file(tensors, path, metadata)
    for mmap in (False, True):
        found, said = read_file(path, mmap=mmap)
        assert said == (metadata or {})
        assert found.keys() == tensors.keys()
        assert all(identical(found[name], tensors[name]) for name in tensors)
        assert all(array.flags.writeable for array in found.values())
        assert all(array.flags.aligned for array in found.values())


@given(st.dictionaries(names, any_array, max_size=4), st.dictionaries(any_text, any_text, min_size=1, max_size=1))
def test_the_file_has_the_very_bytes_that_the_official_library_writes(path, tensors, metadata):
    save_file(tensors, path, metadata)
    assert path.read_bytes() == official.save(tensors, metadata)
    save_file(dict(reversed(tensors.items())), path)
    assert path.read_bytes() == official.save(tensors)


@given(st.dictionaries(names, any_array, max_size=4), st.dictionaries(any_text, any_text, min_size=1, max_size=3))
def test_the_official_library_reads_what_we_write_and_we_what_it_writes(path, tensors, metadata):
    save_file(tensors, path, metadata)
    theirs = official.load_file(path)
    assert theirs.keys() == tensors.keys()
    assert all(identical(theirs[name], tensors[name]) for name in tensors)
    with safetensors.safe_open(path, "numpy") as file:
        assert file.metadata() == metadata
    official.save_file(tensors, path, metadata)
    found, said = read_file(path)
    assert said == metadata
    assert all(identical(found[name], tensors[name]) for name in tensors)


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a.T,
        lambda a: a[::-1, ::2],
        lambda a: np.broadcast_to(a[0], a.shape),
        np.asfortranarray,
        lambda a: a.astype(a.dtype.newbyteorder(">")),
        lambda a: a.astype(a.dtype.newbyteorder(">")).T,
        lambda a: np.lib.stride_tricks.sliding_window_view(a, (2, 2)),
        lambda a: a.view(np.matrix),
        lambda a: a[1, 1],
    ],
    ids=["transposed", "sliced", "broadcast", "fortran", "big-endian", "both", "windows", "matrix", "scalar"],
)
@pytest.mark.parametrize("dtype", ["f8", "f4", "i2", "?"])
def test_memory_layout_and_byte_order_do_not_matter(path, change, dtype):
    array = change(np.random.default_rng(0).integers(0, 2, (3, 4)).astype(dtype))
    expected = np.array(array.tolist(), dtype)
    if isinstance(array, np.ndarray):
        array.setflags(write=False)
    save_file({"a": array}, path)
    assert identical(load_file(path)["a"], expected)


def test_the_widest_come_first_and_the_buffer_is_aligned(path):
    save_file({"a": np.zeros(3, "i1"), "b": np.zeros(3, "f4"), "c": np.zeros(1, "f8"), "d": np.zeros(1, "f8")}, path)
    header = read_header(path)
    assert list(header.entries) == ["c", "d", "b", "a"]
    assert header.entries["b"] == ("F32", (3,), 16, 28)
    assert header.start % 8 == 0


def test_bfloat16_is_widened_exactly(path, file_bytes):
    numbers = np.array([1.0, -2.5, 3.140625, 1e-40, -0.0, np.inf, -np.inf], np.float32)
    upper = (numbers.view(np.uint32) >> 16).astype(np.uint16)
    header = {
        "w": {"dtype": "BF16", "shape": [7, 1], "data_offsets": [0, 14]},
        "one": {"dtype": "BF16", "shape": [], "data_offsets": [14, 16]},
        "none": {"dtype": "BF16", "shape": [0, 3], "data_offsets": [16, 16]},
    }
    path.write_bytes(file_bytes(header, upper.tobytes() + b"\x80\x3f"))
    for mmap in (False, True):
        found = load_file(path, mmap=mmap)
        assert list(found) == ["w", "one", "none"]
        assert identical(found["w"], (upper.astype(np.uint32) << 16).view(np.float32).reshape(7, 1))
        assert found["w"][:3, 0].tolist() == [1.0, -2.5, 3.140625]
        assert identical(found["one"], np.array(1.0, np.float32))
        assert identical(found["none"], np.zeros((0, 3), np.float32))
        assert all(array.flags.writeable and array.flags.aligned for array in found.values())
    assert read_header(path).entries["w"].dtype == "BF16"


@pytest.mark.parametrize("mmap", [False, True])
def test_arrays_are_independent_of_each_other_and_of_the_file(path, mmap):
    save_file({"a": np.ones(4), "b": np.ones(4)}, path)
    before = path.read_bytes()
    found = load_file(path, mmap=mmap)
    found["a"] += 1
    assert found["b"].tolist() == [1, 1, 1, 1]
    assert path.read_bytes() == before
    save_file({"a": np.zeros(4), "b": np.zeros(4)}, path)
    assert found["a"].tolist() == [2, 2, 2, 2]
    assert found["b"].tolist() == [1, 1, 1, 1]


def test_unaligned_arrays_of_other_writers_are_read(path, file_bytes):
    header = {
        "a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]},
        "b": {"dtype": "F64", "shape": [2], "data_offsets": [1, 17]},
    }
    path.write_bytes(file_bytes(header, b"\x07" + np.array([1.5, -2.5]).tobytes()))
    for mmap in (False, True):
        assert load_file(path, mmap=mmap)["b"].tolist() == [1.5, -2.5]
    assert load_file(path)["b"].flags.aligned


def test_a_file_without_padding_or_entries_is_read(path, file_bytes):
    path.write_bytes(file_bytes(b"{}", pad=False))
    assert load_file(path) == load_file(path, mmap=True) == {}


def test_reading_and_writing_take_little_memory_beyond_the_arrays(path):
    tensors = {f"layer{i}": np.ones((500, 500)) for i in range(4)}  # 2 MB each
    size = sum(array.nbytes for array in tensors.values())
    tracemalloc.start()
    try:
        save_file(tensors, path)
        assert tracemalloc.get_traced_memory()[1] < 200_000
        tracemalloc.reset_peak()
        found = load_file(path)
        assert tracemalloc.get_traced_memory()[1] < size + 200_000
        del found
        tracemalloc.reset_peak()
        found = load_file(path, mmap=True)
        assert tracemalloc.get_traced_memory()[1] < 200_000
        del found
        tracemalloc.reset_peak()
        read_header(path)
        assert tracemalloc.get_traced_memory()[1] < 200_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("tensors", "metadata", "error", "message"),
    [
        ({"w": np.zeros(2, "c8")}, None, DtypeError, "entry 'w' has dtype complex64, the format has U64 I64 F64 F32"),
        ({"w": np.array([None])}, None, DtypeError, "entry 'w' has dtype object"),
        ({"w": np.array(["a"])}, None, DtypeError, "entry 'w' has dtype <U1"),
        ({"w": np.zeros(1, "M8[s]")}, None, DtypeError, "entry 'w' has dtype datetime64"),
        ({"w": np.zeros(1, [("a", "f4")])}, None, DtypeError, "entry 'w' has dtype"),
        ({"w": [1.0]}, None, ArgumentError, "entry 'w' is a list, an array is needed"),
        ({3: np.zeros(2)}, None, ArgumentError, "3 cannot name an entry"),
        ({"__metadata__": np.zeros(2)}, None, ArgumentError, "'__metadata__' cannot name an entry"),
        ({"\ud800": np.zeros(2)}, None, ArgumentError, r"'\\ud800' cannot name an entry"),
        ({}, {"epoch": 3}, ArgumentError, "metadata must map strings to strings, got 'epoch': 3"),
        ({}, {"a": "\udfff"}, ArgumentError, "metadata must map strings to strings"),
        ([np.zeros(2)], None, ArgumentError, "needs a dict of arrays, got a list"),
    ],
)
def test_what_the_format_does_not_have_is_refused_before_the_file_is_touched(
    tmp_path, tensors, metadata, error, message
):
    with pytest.raises(error, match=f"save_file: {message}"):
        save_file(tensors, tmp_path / "file", metadata)
    assert os.listdir(tmp_path) == []


def test_more_axes_than_any_numpy_can_read_are_refused(tmp_path):
    save_file({"w": np.zeros((1,) * 32)}, tmp_path / "file")
    assert load_file(tmp_path / "file")["w"].ndim == 32
    with pytest.raises(ArgumentError, match="entry 'w' has 33 axes, 32 are allowed"):
        save_file({"w": np.zeros((1,) * 33)}, tmp_path / "file")


def test_a_header_beyond_the_limit_is_refused_by_both_sides(path, monkeypatch):
    save_file({"w" * 300: np.zeros(2)}, path)
    for module in (safetensors_header, ours):
        monkeypatch.setattr(module, "MAX_HEADER", 200)
    with pytest.raises(FileFormatError, match=r"the header should have \d+ bytes.*headers may have 200"):
        load_file(path)
    with pytest.raises(ArgumentError, match=r"the header has \d+ bytes, the format allows 200"):
        save_file({"w" * 300: np.zeros(2)}, path)


def test_bools_are_stored_as_zero_and_one_whatever_a_view_made_of_them(path):
    save_file({"mask": np.array([0, 1, 2, 255], np.uint8).view(np.bool_)}, path)
    assert load_file(path)["mask"].view(np.uint8).tolist() == [0, 1, 1, 1]


def test_a_file_that_shrinks_while_it_is_read_is_noticed(path, monkeypatch):
    save_file({"w": np.zeros(10**5)}, path)
    parse_header = ours.parse_header

    def then_truncate(where, file, size):
        header = parse_header(where, file, size)
        os.truncate(path, 5 * 10**5)
        return header

    monkeypatch.setattr(ours, "parse_header", then_truncate)
    with pytest.raises(FileFormatError, match="shrank while it was being read"):
        load_file(path)
