import random
import tracemalloc
import zipfile

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.errors import FileFormatError
from minigrad.io.torch_file import MAX_DEPTH, load_torch, read_torch
from tests.io.states import same
from tests.io.torch_files import Raw, Ref, identifier, legacy_bytes, opcodes, saved, tensor, whole, zip_bytes

dtypes = st.sampled_from(["u1", "i1", "i2", "i4", "i8", "f2", "f4", "f8", "?"])
arrays = hnp.arrays(dtypes, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
numbers = st.none() | st.booleans() | st.integers(-(2**100), 2**100) | st.floats() | st.text(max_size=4)
states = st.recursive(
    numbers | arrays,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=4) | st.integers() | st.tuples(st.integers()), inner, max_size=3)
    ),
    max_leaves=8,
)
W = np.arange(6, dtype="f4")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("torch_file") / "model.pt"


def load_bytes(path, content):
    path.write_bytes(content)
    return load_torch(path)


@given(states, st.booleans())
def test_any_nested_state_comes_back_from_both_formats(path, state, legacy):
    assert same(load_bytes(path, saved(state, legacy)), state)


def test_every_tensor_is_wrapped_once(path):
    path.write_bytes(saved({"a": W, "b": [W[:2]]}))
    assert str(read_torch(path, lambda array: ("wrapped", array.size))) == "{'a': ('wrapped', 6), 'b': [('wrapped', 2)]}"


def test_a_file_of_a_big_endian_machine_is_read(path):
    swapped = W.astype(">f4")
    assert same(load_bytes(path, zip_bytes({"w": whole(W, "0")}, {"0": swapped}, byteorder=b"big")), {"w": W})


def test_the_folder_in_the_archive_may_have_any_name_or_none(path):
    assert same(load_bytes(path, zip_bytes({"w": whole(W, "0")}, {"0": W}, root="my/model")), {"w": W})


def test_a_compressed_archive_is_read(path):
    whole_file = zip_bytes({"w": whole(W, "0")}, {"0": W})
    path.write_bytes(whole_file)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    assert same(load_torch(path), {"w": W})


def test_a_program_is_named_as_what_it_is(path):
    for content in (
        zip_bytes({}, {}, members={"archive/constants.pkl": b""}),
        zip_bytes({}, {}, members={"other/data.pkl": b""}),
    ):
        with pytest.raises(FileFormatError, match=r"members data.pkl(?s:.)*Hint: a TorchScript archive holds a program"):
            load_bytes(path, content)


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({"w": tensor("f4", "7", 6, 0, (6,), (1,))}, "storage '7' should have 6 elements of float32, the archive has none"),
        ({"w": tensor("f4", "0", 7, 0, (6,), (1,))}, "should have 7 elements of float32, the archive has 24 bytes"),
        ({"w": tensor("f8", "0", 6, 0, (6,), (1,))}, "should have 6 elements of float64, the archive has 24 bytes"),
        ([tensor("f4", "0", 6, 0, (6,), (1,)), tensor("i4", "0", 6, 0, (6,), (1,))], "6 elements of int32, the archive has 24"),
        ({"f": Ref("builtins", "eval")}, r"Name\(module='builtins', attribute='eval'\) stands where a value should be"),
        ({"f": Ref("torch", "FloatStorage")}, "StorageType.* stands where a value should be"),
        ([identifier("f4", "0", 6)], "Storage object .* stands where a value should be"),
        (Raw(b"K\1.K\2"), "'archive/data.pkl' goes on behind the end of the pickle"),
        (Raw(b"]q\0h\0a"), "a container holds itself"),
        (Raw(b"]" * (MAX_DEPTH + 1) + b"a" * MAX_DEPTH), f"containers nest {MAX_DEPTH + 1} deep"),
        (Raw(b"]" * 100_000 + b"a" * 99_999), "containers nest 65 deep"),
        (Raw(b"]" + b"".join(b"q\0](h\0h\0e" for _ in range(40))), "deep with .* items, allowed are"),
    ],
)  # fmt: skip
def test_what_the_file_claims_has_to_be_there_and_be_a_value(path, tree, message):
    with pytest.raises(FileFormatError, match=message):
        load_bytes(path, zip_bytes(tree, {"0": W}))


def test_a_shared_container_is_no_cycle(path):
    shared = Raw(b"]q\0(K\1e")
    assert load_bytes(path, zip_bytes([shared, Raw(b"h\0"), Raw(b"h\0")], {})) == [[1], [1], [1]]


def test_more_than_max_bytes_is_refused_before_it_is_unpacked(path):
    path.write_bytes(zip_bytes({"w": whole(np.zeros(1000), "0")}, {"0": np.zeros(1000)}))
    with pytest.raises(FileFormatError, match=r"unpacks to 8\d\d\d bytes, max_bytes is 8000"):
        load_torch(path, max_bytes=8000)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a readable zip archive"), (b"PK", "not a readable zip archive"),
        (b"\x93NUMPY", "Hint: this looks like a NumPy .npy file"), (b"\x80", "it should go on for 1 bytes, of which only 0"),
    ],
)  # fmt: skip
def test_what_is_no_pytorch_file_is_named(path, content, message):
    with pytest.raises(FileFormatError, match=f"^load_torch: (?s:.)*{message}"):
        load_bytes(path, content)


def damaged(whole_file, rng):
    content = bytearray(whole_file)
    for _ in range(rng.choice([1, 1, 2, 5])):
        i = rng.randrange(len(content))
        damage = rng.randrange(5)
        if damage < 3:
            content[i] = rng.choice([0, 1, 127, 255, content[i] ^ 1 << rng.randrange(8)])
        elif damage == 3:
            content[i:i] = rng.randbytes(rng.randrange(1, 5))
        else:
            del content[i : i + rng.choice([1, 4, len(content)])]
        content = content or bytearray(1)
    return bytes(content)


@pytest.mark.parametrize("legacy", [False, True])
def test_thousands_of_damaged_files_give_an_error_of_ours_or_values(path, legacy):
    state = {"a": np.arange(300.0), "b": {"c": [np.ones((2, 3), "f4"), (1, 2.5, "text", None)]}, "d": np.ones(3, "?")}
    storages = {"0": state["a"], "1": state["b"]["c"][0], "2": state["d"]}
    if legacy:
        build = lambda pickled: pickled
        start = saved(state, legacy=True)
    else:  # damage the pickle inside the archive too: there the checksum of the zip would catch everything
        build = lambda pickled: zip_bytes(pickled, storages)
        with zipfile.ZipFile(write(path, saved(state))) as archive:
            start = archive.read("archive/data.pkl")
    rng = random.Random(5)
    accepted = 0
    tracemalloc.start()
    try:
        for i in range(1000):
            path.write_bytes(build(damaged(start, rng)) if legacy or i % 2 else damaged(build(start), rng))
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            try:
                load_torch(path)
                accepted += 1
            except FileFormatError as error:
                assert str(error).startswith("load_torch: ")
            assert tracemalloc.get_traced_memory()[1] - before < 1_000_000
    finally:
        tracemalloc.stop()
    assert 20 < accepted < 800


def write(path, content):
    path.write_bytes(content)
    return path


@given(st.binary(max_size=30), st.lists(st.sampled_from([b"}", b"]", b")", b"(", b"t", b"u", b"e", b"s", b"a", b"R", b"Q", b"b",
    b"N", b"K\1", b"X\1\0\0\0a", b"q\0", b"h\0", b"\x85", b"\x86", b"ctorch\nSize\n", b"ctorch\nFloatStorage\n",
    opcodes(identifier("f4", "0", 6)), opcodes(("storage",))]), max_size=12))  # fmt: skip
def test_any_program_ends_in_a_value_or_an_error_of_ours(path, noise, words):
    for content in (noise, b"".join(words) + b"."):
        for build in (lambda c: zip_bytes(c, {"0": W}), lambda c: legacy_bytes(Raw(c[:-1]), {"0": W})):
            try:
                load_bytes(path, build(content))
            except FileFormatError as error:
                assert str(error).startswith("load_torch: ")
