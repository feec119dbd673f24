"""The stand-in for CuPy has CuPy's names and strictness: what it lets pass works on a GPU, as far as a CPU can tell."""

import copy
import pickle
import sys

import numpy as np
import pytest

from tests.cusim.simcupy import CUPYX, LEDGER, POOL, installed
from tests.cusim.simcupy.index import ATOMIC
from tests.cusim.simcupy.ledger import CUDARuntimeError
from tests.cusim.simcupy.memory import OutOfMemoryError
from tests.cusim.simcupy.names import LIST, described, entries
from tests.cusim.simulator import skip_without_compiler


@pytest.fixture(autouse=True)
def cp():
    with installed() as cupy:
        yield cupy


@pytest.fixture
def x(cp):
    return cp.asarray(np.arange(6.0).reshape(2, 3))


def test_the_list_of_names_is_that_of_the_cupy_that_is_installed(monkeypatch):
    for name in ("cupy", "cupyx", "cupy.cuda"):
        monkeypatch.delitem(sys.modules, name)
    cupy = pytest.importorskip("cupy", "14.2")
    import cupyx

    assert described(cupy, cupyx) == LIST.read_text(encoding="utf-8").splitlines()


def test_everything_that_is_offered_is_cupys(cp):
    rooms = {"": cp, "cuda.": cp.cuda, "cuda.runtime.": cp.cuda.runtime, "ndarray.": cp.ndarray, "cupyx.": CUPYX}
    offered = {prefix + name for prefix, room in rooms.items() for name in vars(room) if name[0] != "_"}
    inside = {"ndarray.array", "lib", "linalg", "cuda", "cuda.memory", "cuda.runtime"}
    assert offered - inside <= set(entries())


REFUSED = {
    "a conversion to NumPy": lambda cp, x: np.asarray(x),
    "an array of the host on the right": lambda cp, x: x + np.ones(3),
    "an array of the host on the left": lambda cp, x: np.ones(3) * x,
    "an array of the host without axes": lambda cp, x: x + np.array(2.0),
    "an array of the host in a function": lambda cp, x: cp.concatenate([x, np.ones((2, 3))]),
    "a list in a ufunc": lambda cp, x: cp.exp([1.0, 2.0]),
    "a list in a sum": lambda cp, x: x + [1.0, 2.0, 3.0],
    "a list where an array belongs": lambda cp, x: cp.sum([1.0, 2.0]),
    "a keyword of NumPy's": lambda cp, x: x.max(initial=0),
    "a keyword of a function": lambda cp, x: cp.sum(x, where=x > 0),
    "a keyword of a ufunc": lambda cp, x: cp.maximum(x, 0, where=x > 0),
    "an assigned array of the host": lambda cp, x: x.__setitem__(0, np.ones(3)),
    "an assigned list": lambda cp, x: x.__setitem__(0, [1, 2, 3]),
    "an index that is a list": lambda cp, x: x[[0, 1]],
    "an index of the host": lambda cp, x: x[np.array([0, 1])],
    "a bound of a slice on the device": lambda cp, x: x[: cp.asarray(1)],
    "a count on the device": lambda cp, x: range(cp.asarray(3)),
    "an object in an array": lambda cp, x: cp.asarray(np.array([None, 1])).__len__(),
    "a kind of sorting": lambda cp, x: cp.sort(x, kind="mergesort"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_a_gpu_does_not_take_is_refused(what, cp, x):
    with pytest.raises((TypeError, ValueError)):
        REFUSED[what](cp, x)


@pytest.mark.parametrize("name", ["vecdot", "block", "insert", "nanquantile", "seterr", "nothing_at_all"])
def test_a_name_that_cupy_lacks_is_no_attribute(name, cp):
    with pytest.raises(AttributeError, match=f"module 'cupy' has no attribute '{name}'"):
        getattr(cp, name)


@pytest.mark.parametrize("name", ["argpartition", "ctypes", "setflags", "to_device"])
def test_methods_are_those_of_cupy(name, cp):
    assert hasattr(cp.ndarray, name) == (f"ndarray.{name}" in entries())


def test_reductions_give_arrays_without_axes(cp, x):
    for y in (x.sum(), cp.max(x), x[1, 2], x.mean(), cp.linalg.norm(x)):
        assert isinstance(y, cp.ndarray) and y.shape == ()


def test_scalars_of_python_and_numpy_mix_with_arrays(cp):
    x = cp.ones(3, "float32")
    for y in (2 * x, x - 2.0, np.float32(2) * x, x / np.float32(3), cp.maximum(x, 0), cp.where(x > 0, x, 0.0)):
        assert y.dtype == "float32"
    assert (x + np.float64(1)).dtype == "float64"


def test_a_result_has_the_type_of_cupys_loop(cp):
    assert cp.sqrt(cp.ones(2, "int8")).dtype == "float16" and (cp.ones(2, "int32") / 2).dtype == "float64"
    assert cp.isnan(cp.ones(2, "int64")).dtype == bool
    with pytest.raises(TypeError):
        cp.bitwise_and(cp.ones(2), cp.ones(2))


def test_numpys_functions_hand_over_to_cupy(cp, x):
    for y in (np.ones_like(x), np.maximum(x, 1.0), np.sum(x, axis=0)):
        assert isinstance(y, cp.ndarray)


def test_views_know_the_array_they_show(cp, x):
    for y in (
        x[0],
        x.T,
        x.reshape(-1),
        x[:, ::2],
        x[1, 2],
        cp.diagonal(x),
        cp.broadcast_to(x, (4, 2, 3)),
        x.ravel(),
        x.view(),
        x[0][1:],
    ):
        assert y.base is x
    for y in (x + 1, x.copy(), x[cp.asarray([0])], x[x > 1], cp.ascontiguousarray(x.T)):
        assert y.base is None
    assert cp.asarray(x) is x and x.astype("float64", copy=False) is x and cp.ascontiguousarray(x) is x


def test_an_index_beyond_the_end_wraps_around_in_silence(cp, x):
    assert x[cp.asarray([3])].tolist() == x[cp.asarray([1])].tolist() == x.take(cp.asarray([-3]), 0).tolist()
    with pytest.raises(IndexError):
        x[2]


def test_of_two_values_for_one_element_not_the_last_stays(cp):
    x = cp.zeros(2)
    x[cp.asarray([1, 1])] = cp.asarray([5.0, 7.0])
    assert x.tolist() == [0, 5]


def test_values_are_scattered_once_for_every_time_a_place_is_named(cp):
    x = cp.zeros(3)
    cp.add.at(x, cp.asarray([2, 0, 2]), cp.asarray([1.0, 2, 3]))
    cp.maximum.at(x, cp.asarray([1, 1]), cp.asarray([9.0, 8.0]))
    assert x.tolist() == [2, 9, 4]
    assert "int8" not in ATOMIC["add"]
    with pytest.raises(TypeError, match=r"cupy.add.at only supports int32, int64"):
        cp.add.at(cp.zeros(3, "int8"), cp.asarray([0]), 1)
    with pytest.warns(DeprecationWarning, match=r"cupy\.add\.at"):
        CUPYX.scatter_add(x, cp.asarray([0]), 1.0)


WAITS = {
    "item": lambda cp, x: x[0, 0].item(), "bool": lambda cp, x: bool(x.any()), "float": lambda cp, x: float(x.sum()), "int": lambda cp, x: int(x.sum()),
    "get": lambda cp, x: x.get(), "mask": lambda cp, x: x[x > 1], "nonzero": lambda cp, x: cp.nonzero(x), "unique": lambda cp, x: cp.unique(x),
    "where": lambda cp, x: cp.where(x > 0), "repr": lambda cp, x: repr(x), "tolist": lambda cp, x: x.tolist(), "synchronize": lambda cp, x: cp.cuda.Device().synchronize(),
}  # fmt: skip


@pytest.mark.parametrize("why", WAITS)
def test_a_wait_of_the_host_is_counted(why, cp, x):
    with LEDGER.counting():
        WAITS[why](cp, x)
        assert LEDGER.waits[why] == 1


def test_work_that_the_device_does_in_its_own_time_is_no_wait(cp, x):
    with LEDGER.counting():
        y = cp.where(x > 1, cp.exp(x), x) @ x.T
        y[0] = 1
        y += y.sum(0)
        assert not LEDGER.waits and LEDGER.operations == 7  # where, >, exp, @, [0] = 1, sum, +=
        assert LEDGER.uploads == 0


def test_views_and_arrays_that_stay_as_they_are_are_no_work(cp, x):
    with LEDGER.counting():
        x.T, x.reshape(3, 2), x[0], cp.asarray(x), x.astype("float64", copy=False), cp.ascontiguousarray(x)
        assert LEDGER.operations == 0


def test_new_memory_is_full_of_nonsense(cp):
    assert np.isnan(cp.empty(3).get()).all() and (cp.empty((2, 2), "int32").get() == -1).all()
    assert (cp.empty_like(cp.zeros(2, "uint8")).get() == 255).all() and not cp.zeros(3).any()


def test_memory_is_counted_and_limited(cp):
    before = POOL.used_bytes()
    x = cp.zeros(1000)
    view = x[10:]
    assert POOL.used_bytes() == before + 8192
    del x
    assert POOL.used_bytes() == before + 8192  # the view needs it
    del view
    assert POOL.used_bytes() == before <= POOL.total_bytes()
    POOL.set_limit(size=before + 1000)
    try:
        with cp.cuda.using_allocator(None), pytest.raises(OutOfMemoryError, match="Out of memory allocating 8,192 bytes"):
            cp.zeros(1000)
    finally:
        POOL.set_limit(size=0)


def test_a_solver_that_fails_says_nothing_unless_asked(cp):
    singular = cp.asarray([[1.0, 2.0], [2.0, 4.0]])
    assert np.isnan(cp.linalg.inv(singular).get()).all()
    with CUPYX.errstate(linalg="raise"), pytest.raises(np.linalg.LinAlgError):
        cp.linalg.inv(singular)
    both = cp.linalg.inv(cp.stack([singular, cp.eye(2)])).get()
    assert np.isnan(both[0]).all() and (both[1] == np.eye(2)).all()


def test_copies_go_both_ways_and_through_pickle(cp, x):
    host = cp.asnumpy(x)
    assert type(host) is np.ndarray and host.tolist() == x.get().tolist()
    x.set(host + 1)
    assert copy.deepcopy(x).tolist() == pickle.loads(pickle.dumps(x)).tolist() == (host + 1).tolist()
    with pytest.raises(TypeError, match="float32 array cannot be set to float64 array"):
        x.set(host.astype("float32"))


def test_dlpack_takes_arrays_of_the_device_alone(cp, x):
    twin = cp.from_dlpack(x)
    twin[0] = 7
    assert x[0].tolist() == [7, 7, 7] and x.__dlpack_device__() == (2, 0)
    with pytest.raises(ValueError, match="CPU arrays cannot be directly imported"):
        cp.from_dlpack(np.ones(3))


def recorded(cp, work):
    stream = cp.cuda.Stream(non_blocking=True)
    with stream:
        stream.begin_capture()
        try:
            return work(), stream.end_capture()
        except BaseException:
            stream.end_capture()
            raise


def test_a_graph_does_nothing_until_it_is_launched_and_then_the_same_again(cp):
    x, total = cp.ones(3), cp.zeros(3)

    def work():
        y = cp.exp(x) * 2
        total.__iadd__(y[::-1])
        total[cp.argmax(x).reshape(1)] = 0
        return y

    y, graph = recorded(cp, work)
    assert np.isnan(y.get()).all() and total.tolist() == [0, 0, 0]
    for power in (1, 2):
        x[...] = power
        graph.launch()
        np.testing.assert_allclose(y.get(), 2 * np.exp([power] * 3))
    np.testing.assert_allclose(total.get(), [0, *[2 * np.exp(1) + 2 * np.exp(2)] * 2])


@pytest.mark.parametrize(
    "work",
    [lambda cp, x: x.get(), lambda cp, x: bool(x.any()), lambda cp, x: cp.asarray(np.ones(3)), lambda cp, x: x[x > 0]],
)
def test_a_graph_holds_no_wait_and_no_copy_from_the_host(work, cp, x):
    with pytest.raises(CUDARuntimeError, match="cudaErrorStreamCaptureUnsupported"):
        recorded(cp, lambda: work(cp, x))


def test_the_default_stream_is_not_recorded(cp):
    with pytest.raises(RuntimeError, match="cannot capture on the default"):
        cp.cuda.Stream.null.begin_capture()


KERNEL = 'extern "C" __global__ void double_it(const float* x, float* y, int n) { int i = blockIdx.x * blockDim.x + threadIdx.x; if (i < n) y[i] = 2 * x[i]; }'


@skip_without_compiler
def test_a_raw_kernel_runs_on_arrays_of_the_device(cp):
    kernel = cp.RawModule(code=KERNEL, options=("-std=c++17",)).get_function("double_it")
    x, y = cp.arange(5, dtype="float32"), cp.zeros(5, "float32")
    with LEDGER.counting():
        kernel((1,), (32,), (x, y, np.int32(5)))
        assert LEDGER.launches == 1 and not LEDGER.waits
    assert y.tolist() == [0, 2, 4, 6, 8]
    with pytest.raises(TypeError, match=r"You are trying to pass a numpy.ndarray of shape \(5,\)"):
        kernel((1,), (32,), (x, np.zeros(5, "float32"), np.int32(5)))


def test_after_the_block_python_finds_what_it_found_before():
    before = {name: sys.modules[name] for name in ("cupy", "cupyx", "cupy.cuda")}  # the fixture's
    with installed():
        pass
    assert {name: sys.modules[name] for name in before} == before
