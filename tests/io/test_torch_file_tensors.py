import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.errors import FileFormatError
from minigrad.io.torch_file import load_torch
from tests.io.torch_files import ORDERED_DICT, REBUILD, Call, Persistent, Raw, Ref, identifier, tensor, zip_bytes

DATA = np.arange(24, dtype="f4")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("torch_file_tensors") / "model.pt"


@pytest.fixture
def load(path):
    def read(tree, **storages):
        path.write_bytes(zip_bytes(tree, {"0": DATA, **storages}))
        return load_torch(path)

    return read


def inside(offset, size, stride, n=24):
    """By listing every element: does the window stay in a storage of n?"""
    places = [offset + sum(i * s for i, s in zip(index, stride, strict=True)) for index in itertools.product(*map(range, size))]
    return offset <= n and all(place < n for place in places), places


@given(st.integers(0, 26), st.lists(st.tuples(st.integers(0, 4), st.integers(0, 12)), max_size=3))
def test_a_window_holds_the_elements_its_strides_say_or_is_refused(path, offset, axes):
    size, stride = tuple(n for n, _ in axes), tuple(s for _, s in axes)
    path.write_bytes(zip_bytes(tensor("f4", "0", 24, offset, size, stride), {"0": DATA}))
    fits, places = inside(offset, size, stride)
    if fits:
        found = load_torch(path)
        assert found.shape == size and found.dtype == np.float32
        assert found.ravel().tolist() == places
        assert len(set(places)) == len(places) or not found.flags.writeable
    else:
        with pytest.raises(FileFormatError, match=r"reaches element \d+, its storage has 24"):
            load_torch(path)


def test_tensors_of_one_storage_share_memory(load):
    whole, transposed = load([tensor("f4", "0", 24, 0, (4, 6), (6, 1)), tensor("f4", "0", 24, 0, (6, 4), (1, 6))])
    whole[1, 2] = -7
    assert transposed[2, 1] == -7


def test_an_expanded_tensor_is_read_only_and_costs_nothing(load):
    expanded = load(tensor("f4", "0", 24, 3, (10**9, 10**6), (0, 0)))
    assert expanded.shape == (10**9, 10**6) and expanded[-1, -1] == 3
    assert not expanded.flags.writeable


def test_windows_that_overlap_are_read_only(load):
    overlapping, apart = load([tensor("f4", "0", 24, 0, (2, 3), (2, 1)), tensor("f4", "0", 24, 0, (2, 3), (3, 1))])
    assert overlapping.tolist() == [[0, 1, 2], [2, 3, 4]]
    assert (overlapping.flags.writeable, apart.flags.writeable) == (False, True)


def test_the_stride_of_an_axis_of_one_does_not_count(load):
    assert load(tensor("f4", "0", 24, 1, (1, 2), (2**70, 1))).tolist() == [[1, 2]]


def test_bfloat16_is_widened_exactly(load):
    exact = np.array([1.5, -2.0, 0.0078125, np.inf], "f4")
    halves = (exact.view("u4") >> 16).astype("u2")
    found = load(tensor("BFloat16Storage", "1", 4, 1, (3,), (1,)), **{"1": halves})
    assert found.dtype == np.float32 and found.tolist() == exact[1:].tolist()


def test_types_without_a_storage_class_are_read(load):
    storage = Persistent(("storage", Ref("torch.storage", "UntypedStorage"), "1", "cpu", 16))
    call = Call(Ref("torch._utils", "_rebuild_tensor_v3"), (storage, 1, (3,), (1,), False, ORDERED_DICT, Ref("torch", "uint32")))
    assert load(call, **{"1": np.arange(4, dtype="u4") + 2**31}).tolist() == [2**31 + 1, 2**31 + 2, 2**31 + 3]


def test_parameters_sizes_dtypes_and_devices_become_plain_values(load):
    weight = tensor("f4", "0", 24, 1, (2,), (1,))
    tree = {
        "parameter": Call(Ref("torch._utils", "_rebuild_parameter"), (weight, True, ORDERED_DICT)),
        "first": Call(Ref("torch._utils", "_rebuild_tensor"), (identifier("f4", "0", 24), 2, (1,), (1,))),
        "size": Call(Ref("torch", "Size"), ((2, 3),)),
        "dtype": [Ref("torch", "int16"), Ref("torch", "bfloat16")],
        "device": [Call(Ref("torch", "device"), ("cuda", 1)), Call(Ref("torch", "device"), ("cpu",))],
        "dict": Call(Ref("collections", "OrderedDict"), ([["a", 1], ["b", 2]],)),
        "state": Call(Ref("collections", "OrderedDict"), (), {"_metadata": 3}),
    }
    found = load(tree)
    assert found.pop("parameter").tolist() == [1, 2] and found.pop("first").tolist() == [2]
    assert found == {
        "size": (2, 3),
        "dtype": [np.dtype("int16"), np.dtype("float32")],
        "device": ["cuda:1", "cpu"],
        "dict": {"a": 1, "b": 2},
        "state": {},
    }


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        (tensor("f4", "0", 24, 0, (2,), (1, 1)), "size and stride should both have the same 32 axes or fewer"),
        (tensor("f4", "0", 24, 0, (1,) * 33, (1,) * 33), "32 axes or fewer"),
        (tensor("f4", "0", 24, 0, (-1,), (1,)), r"a tensor's size should be non-negative integers, it is \(-1,\)"),
        (tensor("f4", "0", 24, 0, (1,), (-1,)), "a tensor's stride should be non-negative"),
        (tensor("f4", "0", 24, -1, (1,), (1,)), "a tensor's offset should be non-negative"),
        (tensor("f4", "0", 24, 0, (True,), (1,)), "a tensor's size should be non-negative integers"),
        (tensor("f4", "0", 24, 0, (2.0,), (1,)), "a tensor's size should be non-negative integers"),
        (tensor("f4", "0", 24, 0, 24, (1,)), "a tensor's size should be non-negative integers"),
        (tensor("f4", "0", 24, 0, (2**40, 2**40), (0, 0)), "is larger than memory can be"),
        (tensor("f4", "0", 24, 0, (0, 2**62), (1, 1)), "is larger than memory can be"),
        (tensor("f4", "0", 24, 0, (2,), (2**70,)), "reaches element 1180591620717411303424, its storage has 24"),
        (tensor("f4", "0", 24, 25, (0,), (1,)), "reaches element 25, its storage has 24"),
        (tensor("b1", "1", 2, 0, (2,), (1,)), "a byte of a bool array is 7, only 0 and 1 are allowed"),
        (Call(REBUILD, (3, 0, (1,), (1,))), "a tensor is made of 3 and None, not of a storage and a type"),
        (Call(REBUILD, (1, 2)), "_rebuild_tensor_v2 is called with 2 arguments, it takes another number"),
        (Call(Ref("posix", "system"), ("true",)), r"asks to call 'posix.system'(?s:.)*save model.state_dict\(\), not the model"),
        (Call(Ref("torch._utils", "_rebuild_sparse_tensor"), ()), "asks to call 'torch._utils._rebuild_sparse_tensor'"),
        (Call(Ref("torch", "FloatStorage"), (5,)), "asks to call"),
        (Call(Ref("torch", "Size"), (((),),)), r"torch.Size should be non-negative integers, it is \(\(\),\)"),
        (Call(Ref("torch", "device"), ([],)), r"torch.device is given \[\] and None"),
        (Call(Ref("collections", "OrderedDict"), ([1],)), r"an OrderedDict is made of pairs, not of \[1\]"),
        (Call(Ref("collections", "OrderedDict"), ([[[], 1]],)), "a dict key of .* is no string"),
        (Call(Ref("collections", "OrderedDict"), (tensor("f4", "0", 24, 0, (2,), (1,)),)), "an OrderedDict is made of pairs"),
        (Persistent(("storage", Ref("torch", "ComplexFloatStorage"), "0", "cpu", 1)), "elements of 'torch.ComplexFloatStorage' are not read; readable are uint8"),
        (Persistent(("storage", Ref("torch", "FloatStorage"), 0, "cpu", 1)), "does not name a storage"),
        (Persistent(("storage", Ref("torch", "FloatStorage"), "0", "cpu", -1)), "does not name a storage"),
        (Persistent(("stored", Ref("torch", "FloatStorage"), "0", "cpu", 1)), "does not name a storage"),
        (Persistent(("storage", Raw(b"}"), "0", "cpu", 1)), "elements of '{}' are not read"),
    ],
)  # fmt: skip
def test_a_claim_that_the_bytes_do_not_bear_out_is_refused(load, tree, message):
    with pytest.raises(FileFormatError, match=f"^load_torch: (?s:.)*{message}"):
        load(tree, **{"1": np.array([1, 7], "u1")})
