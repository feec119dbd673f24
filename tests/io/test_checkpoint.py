import collections
import enum
import json
import math
import os
import pickle
import random
import subprocess
import sys
import tracemalloc

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
import safetensors.numpy as official
from hypothesis import given
from hypothesis import strategies as st

import minigrad
from minigrad.errors import ArgumentError, DtypeError, FileFormatError
from minigrad.io.checkpoint import MAX_DEPTH, load, save
from minigrad.io.safetensors import load_file, save_file
from minigrad.tensor import Tensor

shapes = hnp.array_shapes(min_dims=0, max_dims=2, min_side=0)
arrays = hnp.arrays(st.sampled_from(["f4", "f8", "i8", "u1", "?"]), shapes)
numbers = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)
any_text = st.text(st.characters(), max_size=5) | st.sampled_from(["$tensor", "$", "a.b", "a", "", "__metadata__"])
keys = st.recursive(numbers | any_text, lambda inner: st.tuples(inner, inner), max_leaves=3)
states = st.recursive(
    numbers | any_text | st.just(math.nan) | arrays | arrays.map(minigrad.from_numpy),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(any_text, inner, max_size=3)
        | st.dictionaries(keys, inner, max_size=3)
    ),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("checkpoint") / "state.safetensors"


def same(a, b):
    """The same nesting of the same types, the same bits in arrays, the same order of dict keys."""
    if type(a) is not type(b):
        return False
    if isinstance(a, Tensor):
        return same(a.array, b.array)
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        return same(list(a), list(b)) and all(map(same, a.values(), b.values()))
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return repr(a) == repr(b)  # tells -0.0 from 0.0, and takes NaN for itself


@given(states)
def test_any_nested_state_comes_back_as_it_was(path, state):
    save(state, path)
    assert same(load(path), state)
    assert same(load(path, mmap=True), state)
    official.load_file(path)


def test_the_state_of_a_training_run_comes_back(path):
    state = {
        "model": {"conv1.weight": minigrad.from_numpy(np.ones((2, 3), "f4")), "steps": Tensor(7)},
        "optimizer": {
            "state": {0: {"step": 3, "exp_avg": Tensor([0.5])}, 1: {"step": 3, "exp_avg": Tensor([1.5])}},
            "param_groups": [{"params": [0, 1], "betas": (0.9, 0.999), "foreach": None, "lr": 1e-3}],
        },
        "best": math.inf,
        "history": [{"loss": math.nan, "accuracy": 0.1}],
        "rng": minigrad.Generator(2**64 - 1).get_state(),
        "numpy": np.random.RandomState(0).get_state(),
        "pcg": np.random.default_rng(0).bit_generator.state,
        "python": random.Random(0).getstate(),
    }
    save(state, path)
    found = load(path)
    assert same(found, {**state, "rng": (2**64 - 1, 0)})
    assert minigrad.Generator().set_state(found["rng"]).get_state() == state["rng"]
    np.random.RandomState().set_state(found["numpy"])
    np.random.default_rng().bit_generator.state = found["pcg"]
    random.Random().setstate(found["python"])


def test_other_libraries_find_the_tensors_under_familiar_names(path):
    state = {"model": {"conv1.weight": Tensor([1.0])}, "optimizer": {"state": {0: [Tensor([2.0])]}}}
    save(state, path)
    assert {name: array.tolist() for name, array in official.load_file(path).items()} == {
        "model.conv1.weight": [1.0],
        "optimizer.state.0.0": [2.0],
    }
    save(state["model"], path)
    assert list(official.load_file(path)) == ["conv1.weight"]


@pytest.mark.parametrize(
    ("state", "names"),
    [
        ({"a": {"b": np.array(1)}, "a.b": np.array(2)}, ["a.b", "a.b#2"]),
        ({"a.b": np.array(1), "a.b#2": np.array(2), "a": {"b": np.array(3)}}, ["a.b", "a.b#2", "a.b#3"]),
        ({0: np.array(1), "0": np.array(2)}, ["0", "0#2"]),
        ({"__metadata__": np.array(1)}, ["__metadata__#2"]),
        ({"\ud800": np.array(1)}, ["\\ud800"]),
        (np.array(1), ["tensor"]),
        ({"": {"": np.array(1)}}, ["."]),
    ],
)
def test_names_that_clash_or_are_taken_get_a_number(path, state, names):
    save(state, path)
    assert sorted(load_file(path)) == names
    assert same(load(path), state)


def test_a_file_from_elsewhere_comes_back_as_a_dict_of_tensors(path):
    expected = {"b.weight": np.ones((2, 3), "f4"), "a.bias": np.zeros(3)}
    for metadata in (None, {"format": "pt"}):
        official.save_file(expected, path, metadata)
        assert same(load(path), {name: minigrad.from_numpy(expected[name]) for name in ("a.bias", "b.weight")})


def test_what_comes_back_is_plain_writable_and_independent(path):
    class Colour(enum.IntEnum):
        RED = 3

    shared = Tensor([1.0], requires_grad=True)
    state = {
        "a": shared,
        "b": shared,
        "ordered": collections.OrderedDict(x=np.float32(0.5), y=np.int16(2), z=np.bool_(True), s=np.str_("s")),
        "enum": Colour.RED,
        np.int64(5): np.float64("-inf"),
    }
    save(state, path)
    found = load(path)
    plain = {"x": 0.5, "y": 2, "z": True, "s": "s"}
    expected = {"a": Tensor([1.0]), "b": Tensor([1.0]), "ordered": plain, "enum": 3, 5: -math.inf}
    assert same(found, expected)
    assert not found["a"].requires_grad
    found["a"].array[0] = 9
    assert found["b"].array[0] == 1


def test_the_device_of_the_tensors_is_map_location(path):
    save({"a": Tensor([1.0])}, path)
    assert same(load(path, map_location="cpu"), {"a": Tensor([1.0])})
    with pytest.raises(ArgumentError, match="'tpu' is unknown"):
        load(path, map_location="tpu")


def test_the_same_state_gives_the_same_bytes(path):
    state = {"w": np.arange(3.0), 1: (math.nan, [None])}
    save(state, path)
    first = path.read_bytes()
    save(load(path), path)
    assert path.read_bytes() == first


def test_containers_may_nest_deep_but_not_endlessly(path):
    def nested(levels, wrap):
        value = np.array(1)
        for _ in range(levels):
            value = wrap(value)
        return value

    for wrap in (lambda v: [v], lambda v: (v,), lambda v: {"k": v}, lambda v: {0: v}):
        save(nested(MAX_DEPTH, wrap), path)
        assert same(load(path), nested(MAX_DEPTH, wrap))
        with pytest.raises(ArgumentError, match="nest more than 64 deep; does one of them hold itself"):
            save(nested(MAX_DEPTH + 1, wrap), path)
    key = nested(MAX_DEPTH // 2, lambda v: (v,) if isinstance(v, tuple) else ())
    state = nested(MAX_DEPTH // 2, lambda v: {key: v})
    save(state, path)
    assert same(load(path), state)


class Model:
    def state_dict(self):
        return {}


loop = []
loop.append(loop)


@pytest.mark.parametrize(
    ("state", "error", "message"),
    [
        ({"model": Model()}, ArgumentError, "save: at 'model': a Model cannot be saved.*\nHint: save its state_dict()"),
        ({"a": [0, {1, 2}]}, ArgumentError, "save: at 'a.1': a set cannot be saved"),
        (b"bytes", ArgumentError, "save: at the top: a bytes cannot be saved"),
        ({"a": 1j}, ArgumentError, "save: at 'a': a complex cannot be saved"),
        ({"a": np.datetime64("2024-01-01")}, ArgumentError, "save: at 'a': a date cannot be saved"),
        ({"a": len}, ArgumentError, "save: at 'a': a builtin_function_or_method cannot be saved"),
        ({frozenset(): 1}, ArgumentError, "save: at the top: a dict key is a frozenset"),
        ({"a": {(1, b""): 1}}, ArgumentError, "save: at 'a': a dict key is a tuple"),
        ({"a": 10**1000}, ArgumentError, "save: at 'a': an integer has more than 1000 digits"),
        ({"a": loop}, ArgumentError, "save: at 'a.0.0.0.0.0': containers nest more than 64 deep"),
        ({"a": np.array(["text"])}, DtypeError, "entry 'a' has dtype <U4"),
        ({"a": np.array([None])}, DtypeError, "entry 'a' has dtype object"),
        ({"a": np.zeros(2, complex)}, DtypeError, "entry 'a' has dtype complex128"),
    ],
)
def test_what_cannot_be_saved_is_named_and_leaves_the_old_file(tmp_path, state, error, message):
    (tmp_path / "file").write_bytes(b"old")
    with pytest.raises(error, match=f"(?s){message}"):
        save(state, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def with_state(path, state, version=1, **tensors):
    save_file(tensors, path, {"minigrad": json.dumps({"version": version, "state": state})})


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"$tensor": "b"}, "the state refers to 'b', which is no entry"),
        ([{"$tensor": "a"}, {"$array": "a"}], "the state refers to 'a', which is no entry, or twice to it"),
        ({"$tensor": 3}, "the state refers to 3, which is no entry"),
        ({}, r"1 entries belong to no part of the state: \['a'\]"),
        ({"$code": "import os"}, "{'\\$code': 'import os'} is not part of a state as version 1 writes it"),
        ({"$tensor": "a", "more": 1}, "is not part of a state"),
        ({"$float": "1.5"}, "is not part of a state"),
        ({"$float": []}, "is not part of a state"),
        ({"$tuple": {}}, "is not part of a state"),
        ({"$dict": {}}, "is not part of a state"),
        ({"$dict": [[1, 2], [1]]}, r"should hold \[key, value\] pairs, not \[1\]"),
        ({"$dict": [3]}, r"should hold \[key, value\] pairs, not 3"),
        ({"$dict": [[1, 2], [1, 3]]}, "the dict key 1 is given twice or is no key"),
        ({"$dict": [[[], 2]]}, r"the dict key \[\] is given twice or is no key"),
        ({"$dict": [[{"$tensor": "a"}, 2]]}, "the dict key .* is given twice or is no key"),
        ({"$dict": [[{"$tuple": [[]]}, 2]]}, "the dict key .* is given twice or is no key"),
    ],
)
def test_a_state_that_does_not_fit_its_entries_is_refused(path, state, message):
    with_state(path, state, a=np.zeros(2))
    with pytest.raises(FileFormatError, match=message) as caught:
        load(path)
    assert str(caught.value).startswith(f"load: {str(path)!r}: ")


@pytest.mark.parametrize(
    ("skeleton", "message"),
    [
        ("", "load: .*: state: not valid JSON at character 0"),
        ("[" * 10**5, "load: .*: state: brackets nest 100000 deep, 256 are allowed"),
        ('{"version": 1, "version": 1, "state": 3}', "the key 'version' is given twice"),
        ("[]", r"the state should be of version 1, it is \[\]"),
        ('{"version": 2, "state": 3}', "the state should be of version 1, it is {'state': 3, 'version': 2}"),
        ('{"version": 1}', "the state should be of version 1"),
    ],
)
def test_a_skeleton_of_another_kind_is_refused(path, skeleton, message):
    save_file({}, path, {"minigrad": skeleton})
    with pytest.raises(FileFormatError, match=message):
        load(path)


def test_pickles_and_zips_are_refused_not_opened(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (open, (tmp_path / "exploded", "w"))

    (tmp_path / "a.pt").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(FileFormatError, match="a Python pickle; minigrad never unpickles"):
        load(tmp_path / "a.pt")
    np.savez(tmp_path / "b.npz", a=np.array([1]))
    with pytest.raises(FileFormatError, match="a zip archive"):
        load(tmp_path / "b.npz")
    assert sorted(os.listdir(tmp_path)) == ["a.pt", "b.npz"]
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "c")


def test_thousands_of_damaged_skeletons_give_an_error_of_ours_or_a_state(path):
    state = {"a": [1, 2.5, (True, None)], 7: {"b": math.nan}, "w": np.zeros(2), "t": Tensor([1.0])}
    save(state, path)
    _, metadata = minigrad.io.safetensors.read_file(path)
    tensors, skeleton = load_file(path), metadata["minigrad"]
    rng = random.Random(7)
    accepted = 0
    for _ in range(1000):
        i, j = sorted(rng.randrange(len(skeleton) + 1) for _ in range(2))
        piece = rng.choice(["", skeleton[i:j], "$", "[", "]", "{}", '"', "9" * 50, "null", "-", "\\", "\ufffd"])
        save_file(tensors, path, {"minigrad": skeleton[:i] + piece + skeleton[min(j, i + rng.randrange(4)) :]})
        try:
            load(path)
            accepted += 1
        except FileFormatError as error:
            assert str(error).startswith("load: ")
    assert 50 < accepted < 900


def test_loading_takes_little_memory_beyond_the_file(path):
    save({f"w{i}": np.zeros(250_000) for i in range(4)}, path)  # 2 MB each
    tracemalloc.start()
    try:
        state = load(path)
        assert tracemalloc.get_traced_memory()[1] < path.stat().st_size + 200_000
        assert len(state) == 4
    finally:
        tracemalloc.stop()


KILLED = """
import itertools, os, signal, sys
import numpy as np
from minigrad.io import safetensors, save

calls, write_bytes = itertools.count(), safetensors._bytes_of
def killer(*args):
    if next(calls) == 1:  # the first array is written, the second is not
        os.kill(os.getpid(), signal.SIGKILL)
    return write_bytes(*args)
safetensors._bytes_of = killer
save({"a": np.ones(100_000), "b": np.ones(100_000)}, sys.argv[1])
"""


@pytest.mark.skipif(os.name == "nt", reason="kills by a POSIX signal")
def test_a_save_that_is_killed_half_way_leaves_the_last_checkpoint(tmp_path):
    path = tmp_path / "state"
    save({"epoch": 1}, path)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run([sys.executable, "-c", KILLED, path], env=environment, check=False)
    assert run.returncode == -9
    assert len(os.listdir(tmp_path)) == 2
    assert load(path) == {"epoch": 1}
    save({"epoch": 2}, path)
    assert os.listdir(tmp_path) == ["state"]
