import math
import os
import pickle
import random
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
import safetensors.numpy as official
from hypothesis import given

import minigrad
from minigrad.errors import ArgumentError, DtypeError, FileFormatError
from minigrad.io.checkpoint import load, save
from minigrad.io.safetensors import save_file
from minigrad.tensor import Tensor
from tests.io.states import same, states
from tests.io.torch_files import saved, zip_bytes


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("checkpoint") / "state.safetensors"


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


def test_a_file_from_elsewhere_comes_back_as_a_dict_of_tensors(path):
    expected = {"b.weight": np.ones((2, 3), "f4"), "a.bias": np.zeros(3)}
    for metadata in (None, {"format": "pt"}):
        official.save_file(expected, path, metadata)
        assert same(load(path), {name: minigrad.from_numpy(expected[name]) for name in ("a.bias", "b.weight")})


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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "load: .*: state: not valid JSON at character 0"),
        ("[" * 10**5, "load: .*: state: brackets nest 100000 deep, 256 are allowed"),
        ('{"version": 1, "version": 1, "state": 3}', "the key 'version' is given twice"),
        ("[]", r"the state should be of version 1, it is \[\]"),
        ('{"version": 2, "state": 3}', "the state should be of version 1, it is {'state': 3, 'version': 2}"),
        ('{"version": 1}', "the state should be of version 1"),
    ],
)
def test_a_skeleton_of_another_kind_is_refused(path, text, message):
    save_file({}, path, {"minigrad": text})
    with pytest.raises(FileFormatError, match=message):
        load(path)


def test_a_pickle_of_python_objects_is_refused_and_never_run(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (open, (tmp_path / "exploded", "w"))

    for protocol in range(2, 6):
        (tmp_path / "a.pt").write_bytes(pickle.dumps(Bomb(), protocol))
        (tmp_path / "b.pt").write_bytes(zip_bytes(pickle.dumps(Bomb(), protocol), {}))
        for name in ("a.pt", "b.pt"):
            with pytest.raises(FileFormatError, match="the file asks to call 'pathlib"):
                load(tmp_path / name)
    assert sorted(os.listdir(tmp_path)) == ["a.pt", "b.pt"]
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "c")


def test_one_function_reads_safetensors_npz_and_both_formats_of_pytorch(tmp_path):
    array, folder = np.arange(6.0).reshape(2, 3), tmp_path
    save({"w": Tensor(array)}, folder / "a")
    np.savez(folder / "b", w=array)
    (folder / "c").write_bytes(saved({"w": array}))
    (folder / "d").write_bytes(saved({"w": array}, legacy=True))
    for name in ("a", "b.npz", "c", "d"):
        found = load(folder / name)["w"]
        assert isinstance(found, Tensor) and np.array_equal(found.array, array)
    for name in ("b.npz", "c", "d"):
        with pytest.raises(ArgumentError, match="only safetensors files can be mapped"):
            load(folder / name, mmap=True)


def test_the_length_of_a_header_is_not_taken_for_a_signature(path, file_bytes):
    spaces = b" " * (0x0280 - 2)  # so that the file begins with 80 02, as a pickle does
    path.write_bytes(file_bytes(b"{}" + spaces))
    assert path.read_bytes()[:2] == b"\x80\x02" and load(path) == {}


def test_what_cannot_be_saved_leaves_the_old_file(tmp_path):
    (tmp_path / "file").write_bytes(b"old")
    for state, error in (({"a": {1, 2}}, ArgumentError), ({"a": np.zeros(2, complex)}, DtypeError)):
        with pytest.raises(error, match="'a'"):
            save(state, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_loading_takes_little_memory_beyond_the_file_and_mapping_next_to_none(path):
    save({f"w{i}": np.zeros(250_000) for i in range(4)}, path)  # 2 MB each
    size = path.stat().st_size
    tracemalloc.start()
    try:
        for mmap, least, most in ((False, size - 1000, size + 200_000), (True, 0, 200_000)):
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            state = load(path, mmap=mmap)
            assert least < tracemalloc.get_traced_memory()[1] - before < most
            assert len(state) == 4
            del state
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
