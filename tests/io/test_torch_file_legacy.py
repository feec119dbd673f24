import numpy as np
import pytest

from minigrad.errors import FileFormatError
from minigrad.io.torch_file import load_torch
from tests.io.states import same
from tests.io.torch_files import Persistent, Raw, Ref, identifier, legacy_bytes, saved, tensor, whole

W = np.arange(6, dtype="f4")
TREE = {"w": whole(W, "k", legacy=True)}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.pth"


def load_bytes(path, content):
    path.write_bytes(content)
    return load_torch(path)


def test_storages_are_found_behind_the_pickles(path):
    state = {"a": W, "b": [np.ones(3, "i8"), np.array(2.5)], "c": np.zeros((0, 2))}
    assert same(load_bytes(path, saved(state, legacy=True)), state)


def test_tensors_of_one_storage_share_memory(path):
    tree = [tensor("f4", "k", 6, 0, (6,), (1,), legacy=True), tensor("f4", "k", 6, 4, (2,), (1,), legacy=True)]
    first, second = load_bytes(path, legacy_bytes(tree, {"k": W}))
    second[:] = -1
    assert first.tolist() == [0, 1, 2, 3, -1, -1]


def test_a_big_endian_file_is_read(path):
    assert same(load_bytes(path, legacy_bytes(TREE, {"k": W.astype(">f4")}, machine={"little_endian": False})), {"w": W})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (legacy_bytes(TREE, {"k": W}, magic=7), r"a pickle, but not one of torch.save(?s:.)*never unpickles Python objects"),
        (legacy_bytes(TREE, {"k": W}, version=1002), "a pickle, but not one of torch.save: it should .* and version 1001"),
        (legacy_bytes(TREE, {"k": W}, magic=True), "not one of torch.save"),
        (legacy_bytes(TREE, {"k": W}, machine={"little_endian": 1}), "little_endian should be True or False, it is 1"),
        (legacy_bytes(TREE, {"k": W}, machine=[1]), "little_endian should be True or False, it is None"),
        (legacy_bytes(TREE, {"k": W}, machine=[identifier("f4", "x", 1, legacy=True)]), "little_endian should"),
        (legacy_bytes(TREE, {"k": W}, keys=["other"]), r"the storages \['other'\] follow, the tensors need \['k'\]"),
        (legacy_bytes(TREE, {"k": W}, keys="k"), "the storages 'k' follow"),
        (legacy_bytes(TREE, {"k": W}, keys=["k", "k"]), "follow, the tensors need"),
        (legacy_bytes(TREE, {"k": W[:5]}), "the storages need 32 bytes, 28 follow"),
        (legacy_bytes(TREE, {"k": W}) + b"0", "the storages need 32 bytes, 33 follow"),
        (legacy_bytes(TREE, {"k": W.view("u1")}), "storage 'k' has 24 elements, the tensors need 6"),
        (legacy_bytes([tensor("f4", "k", 2**60, 0, (1,), (1,), legacy=True)], {"k": W}), "storages need 4611686018427387912"),
        (legacy_bytes([whole(W, "k", legacy=True), identifier("f4", "k", 5, legacy=True)], {"k": W}), "described in two ways"),
        (legacy_bytes([identifier("f4", "k", 6)], {"k": W}), "a legacy|does not name a storage|stands where"),
        (legacy_bytes([Persistent(("storage", Ref("torch", "FloatStorage"), "k", "cpu", 6, ("v", 0, 6)))], {"k": W}), "are part of others are not read"),
        (legacy_bytes([Persistent(("module", Ref("a", "B"), "a.py", "class B"))], {}), r"a whole model(?s:.)*state_dict\(\)"),
        (legacy_bytes([Persistent(7)], {}), "7 does not name a storage"),
        (legacy_bytes(Raw(b"NN"), {})[:-1], "it should go on for"),
    ],
)  # fmt: skip
def test_what_does_not_agree_with_the_bytes_is_refused(path, content, message):
    with pytest.raises(FileFormatError, match=f"^load_torch: (?s:.)*(?:{message})"):
        load_bytes(path, content)
