import io
import random
import tracemalloc
import zipfile

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.errors import FileFormatError
from minigrad.io.numpy_files import load_npz

dtypes = st.sampled_from(["<f2", "<f4", ">f8", "i1", "<i2", ">i4", "<i8", "u1", "<u2", "<u4", ">u8", "?"])
arrays = hnp.arrays(dtypes, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("numpy_files") / "file.npz"


def npy(array=None, replace=()):
    """The bytes of a .npy (three float32 zeros unless given), with pieces of its header replaced."""
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(3, "<f4") if array is None else array, allow_pickle=True)
    content = buffer.getvalue()
    for old, new in replace:
        assert old in content
        content = content.replace(old, new)
    return content


def write_zip(path, members, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


@given(st.dictionaries(st.text("ab./π", min_size=1, max_size=4), arrays, max_size=3), st.booleans(), st.booleans())
def test_arrays_come_back_as_numpy_itself_reads_them(path, tensors, compressed, fortran):
    stored = {name: np.asarray(array, order="F" if fortran else "C") for name, array in tensors.items()}
    members = {f"{name}.npy": npy(array) for name, array in stored.items()}
    write_zip(path, members, zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED)
    found = load_npz(path)
    with np.load(path, allow_pickle=False) as expected:
        assert list(found) == list(tensors)
        for name in tensors:
            assert found[name].dtype == expected[name].dtype.newbyteorder("=")
            assert found[name].dtype.isnative
            assert found[name].shape == expected[name].shape
            assert np.array_equal(found[name], expected[name], equal_nan=found[name].dtype.kind == "f")
            assert found[name].flags.writeable


def test_files_of_numpy_are_read(path):
    rng = np.random.default_rng(0)
    expected = {"x": rng.normal(size=(300, 1000)).astype("f4"), "y": rng.integers(0, 9, 300), "none": np.zeros((0, 2))}
    for write in (np.savez, np.savez_compressed):
        write(path, **expected)
        found = load_npz(path)
        assert found.keys() == expected.keys()
        assert all(np.array_equal(found[name], expected[name]) for name in expected)


def test_an_unpacked_array_is_held_once(path):
    np.savez_compressed(path, x=np.zeros(10**6))
    tracemalloc.start()
    try:
        load_npz(path)
        assert tracemalloc.get_traced_memory()[1] < 8 * 10**6 * 1.5
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"x.npy": npy(np.array([None]))}, r"member 'x.npy': the header is not .*\n?Hint: arrays of Python objects"),
        ({"x.npy": npy(np.array(["a"]))}, "the header is not that of an array of numbers or bools"),
        ({"x.npy": npy(np.zeros(2, [("a", "f4")]))}, "the header is not"),
        ({"x.npy": npy(np.zeros(2, complex))}, "the header is not"),
        ({"x.npy": npy(replace=[(b"(3,)", b"(4,)")])}, r"shape \(4,\) of float32 does not fill the 12 bytes there are"),
        ({"x.npy": npy(replace=[(b"(3,), }        ", b"(" + b"9" * 9 + b",), }")])}, "does not fill the 12 bytes"),
        ({"x.npy": npy(replace=[(b"(3,)", b"(-3)")])}, "the header is not"),
        ({"x.npy": npy(replace=[(b"(3,)", b"open")])}, "the header is not"),
        ({"x.npy": npy(replace=[(b"<f4", b"<f5")])}, "the header is not"),
        ({"x.npy": npy() + b"0"}, r"shape \(3,\) of float32 does not fill the 13 bytes"),
        ({"x.npy": npy()[:-1]}, r"does not fill the 11 bytes"),
        ({"x.npy": npy()[:20]}, "the header is not"),
        ({"x.npy": npy()[:7]}, "should start with"),
        ({"x.npy": b""}, "should start with .* starts with b''"),
        ({"x.npy": b"\x93NUMPY\x09" + npy()[7:]}, "version 1 to 3"),
        ({"x.npy": b"\x93NUMPY\x02\x00\xff\xff\xff\x7f" + npy()[10:]}, "the header should have 2147483647 bytes"),
        ({"x.npy": npy(np.array([1, 2], "u1").view("?"))}, "a byte of a bool array is 2"),
        ({"data.pkl": b"\x80\x02."}, "member 'data.pkl': is no .npy\nHint: PyTorch's .pt files are"),
    ],
)
def test_a_member_that_is_no_array_of_numbers_is_refused(path, members, message):
    write_zip(path, members)
    with pytest.raises(FileFormatError, match=message) as caught:
        load_npz(path)
    assert str(caught.value).startswith(f"load_npz: {str(path)!r}: ")


def test_a_shape_that_overflows_is_refused(path):
    for shape in (b"(0, 9999999999999999999)", b"(" + b"1, " * 33 + b"0)"):
        header = b"{'descr': '<f8', 'fortran_order': False, 'shape': %s, }\n" % shape
        write_zip(path, {"x.npy": b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header})
        with pytest.raises(FileFormatError, match="is larger than an array can be"):
            load_npz(path)


def test_a_zip_bomb_is_refused_before_anything_is_unpacked(path):
    np.savez_compressed(path, x=np.zeros(10**6, "u1"), y=np.zeros(10**6, "u1"))
    size = path.stat().st_size
    assert size < 5000
    tracemalloc.start()
    try:
        with pytest.raises(FileFormatError, match=r"unpacks to 2000\d+ bytes, max_bytes is 1500000\nHint"):
            load_npz(path, max_bytes=1_500_000)
        assert tracemalloc.get_traced_memory()[1] < 200_000
    finally:
        tracemalloc.stop()
    assert len(load_npz(path, max_bytes=2_100_000)) == 2


def directory_entry(content, name):
    """Where the central directory describes the member."""
    return content.rindex(b"PK\x01\x02", 0, content.rindex(name))


def test_sizes_that_the_packed_bytes_cannot_give_are_refused(path):
    np.savez(path, x=np.zeros(3))
    content = bytearray(path.read_bytes())
    at = directory_entry(content, b"x.npy")
    content[at + 24 : at + 28] = (2**31).to_bytes(4, "little")  # the unpacked size
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match="152 bytes cannot unpack to 2147483648"):
        load_npz(path)


def test_a_stream_that_ends_before_the_size_it_declares_is_refused(path):
    member = npy(replace=[(b"(3,)", b"(4,)")])
    write_zip(path, {"x.npy": member})
    content = bytearray(path.read_bytes())
    at = directory_entry(content, b"x.npy")
    content[at + 24 : at + 28] = (len(member) + 4).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match=r"member 'x\.npy': ends after 12 bytes of 16"):
        load_npz(path)


def test_members_that_overlap_are_refused(path):
    np.savez(path, x=np.zeros(1000), y=np.zeros(1000))
    content = bytearray(path.read_bytes())
    for name in (b"x.npy", b"y.npy"):
        at = directory_entry(content, name)
        for field in (20, 24):  # the packed and the unpacked size
            content[at + field : at + field + 4] = (12_000).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match=r"members overlap: they take 24000 bytes, the file has \d+"):
        load_npz(path)


def test_other_compressions_and_doubled_names_are_refused(path):
    write_zip(path, {"x.npy": npy()}, zipfile.ZIP_LZMA)
    with pytest.raises(FileFormatError, match="is compressed by method 14, only 0 and 8 are read"):
        load_npz(path)
    with zipfile.ZipFile(path, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("x.npy", npy())
        archive.writestr("x.npy", npy())
    with pytest.raises(FileFormatError, match="occurs twice"):
        load_npz(path)


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (b"", "$"),
        (npy(), "\nHint: this looks like a NumPy .npy"),
        (b"\x80\x04.", "\nHint: this looks like a Python pickle"),
    ],
)
def test_what_is_no_zip_is_named(path, content, hint):
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match=f"not a readable zip archive: File is not a zip file{hint}"):
        load_npz(path)


def test_thousands_of_damaged_files_give_an_error_of_ours_or_arrays(path):
    np.savez_compressed(path, x=np.arange(300.0), y=np.array([True, False]), z=np.array(3, "i1"))
    whole = path.read_bytes()
    np.savez(path, x=np.arange(5, dtype="f4"))
    stored = path.read_bytes()
    rng = random.Random(3)
    accepted = 0
    tracemalloc.start()
    try:
        for _ in range(2000):
            content = bytearray(rng.choice([whole, stored]))
            for _ in range(rng.choice([1, 1, 2, 5])):
                i = rng.randrange(len(content))
                damage = rng.randrange(4)
                if damage < 2:
                    content[i] = rng.choice([0, 1, 255, content[i] ^ 1 << rng.randrange(8)])
                elif damage == 2:
                    content[i:i] = rng.randbytes(rng.randrange(1, 5))
                else:
                    del content[i : i + rng.choice([1, 4, len(content)])]
                content = content or bytearray(1)
            path.write_bytes(content)
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            try:
                load_npz(path)
                accepted += 1
            except FileFormatError as error:
                assert str(error).startswith("load_npz: ")
            assert tracemalloc.get_traced_memory()[1] - before < 1_000_000
    finally:
        tracemalloc.stop()
    assert 50 < accepted < 1500
