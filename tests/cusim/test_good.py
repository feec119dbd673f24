"""Kernels that are right give what NumPy gives, in whatever order their threads run."""

import numpy as np
import pytest

from tests.cusim.samples import good, normal, unset
from tests.cusim.simulator import SCHEDULES, scheduled, skip_without_compiler

pytestmark = skip_without_compiler
i4 = np.int32


@pytest.fixture(params=SCHEDULES, ids=lambda schedule: f"{schedule[0]} {schedule[1]}", autouse=True)
def schedule(request):
    with scheduled(*request.param):
        yield


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_template_works_for_each_type(dtype):
    x, y = normal(1000, dtype=dtype), unset(1000, dtype=dtype)
    name = {"float32": "scale<float>", "float64": "scale<double>"}[dtype]
    good(name)((4,), (256,), (x, y, i4(1000), y.dtype.type(1.5)))
    assert np.array_equal(y, x * x.dtype.type(1.5))


@pytest.mark.parametrize("threads", [64, 128])
def test_softmax_by_shuffles_and_shared_memory(threads):
    x, y = 4 * normal(5, 301), unset(5, 301)
    good(f"softmax<{threads}>")((5,), (threads,), (x, y, i4(301)))
    e = np.exp(x.astype("float64") - x.max(1, keepdims=True))
    np.testing.assert_allclose(y, e / e.sum(1, keepdims=True), rtol=1e-5)


def test_a_sum_by_dynamic_shared_memory_and_atomics():
    x, out = normal(10007), np.zeros(1, "float32")
    good("total")((7,), (256,), (x, out, i4(x.size)), shared_mem=1024)
    np.testing.assert_allclose(out[0], x.sum(dtype="float64"), atol=1e-3)


def test_a_transpose_by_tiles_of_two_dimensions():
    x, y = normal(37, 50), unset(50, 37)
    good("transpose")((4, 3), (16, 16), (x, y, i4(37), i4(50)))
    assert np.array_equal(y, x.T)


@pytest.mark.parametrize("n", [1, 33, 1000])
def test_running_sums_in_two_buffers(n):
    x, y = np.arange(n, dtype=i4) % 7 - 2, np.zeros(n, i4)
    good("running_sums")((1,), (n,), (x, y))
    assert np.array_equal(y, np.cumsum(x))


def test_counts_and_a_maximum_by_atomics():
    x, counts = np.random.default_rng(0).integers(0, 16, 1000).astype(i4), np.zeros(16, i4)
    z, largest = np.abs(normal(1000)), np.zeros(1, "float32")
    good("count_values")((3,), (128,), (x, counts, z, largest, i4(1000)))
    assert np.array_equal(counts, np.bincount(x, minlength=16)) and largest[0] == z.max()


def test_votes_place_the_positive_numbers():
    x, indices, count = normal(64), np.full(64, -1, i4), np.zeros(1, i4)
    good("positive")((1,), (64,), (x, indices, count))
    expected = np.flatnonzero(x > 0)
    assert count[0] == expected.size and np.array_equal(indices[: expected.size], expected)


@pytest.mark.parametrize("n", [0, 3, 4, 131])
def test_a_copy_by_vectors_of_four(n):
    x, y = normal(n), unset(n)
    good("copy_by_fours")((1,), (64,), (x, y, i4(n)))
    assert np.array_equal(y, x)


def test_structs_addresses_raw_memory_and_16_bits():
    line = np.array([(0.5, 3.0, 20)], [("slope", "f4"), ("start", "f4"), ("n", "i4")])[0]
    bf16, offsets, targets = np.zeros(20, "uint16"), normal(20), [unset(20), unset(20)]
    table = np.array([target.ctypes.data for target in targets], "uint64")
    good("line")((1,), (32,), (line, bf16, table, offsets))
    expected = (0.5 * np.arange(20) + 3.0).astype("float32")
    assert np.array_equal((bf16.astype("uint32") << 16).view("float32"), expected)  # exact in bfloat16
    assert np.array_equal(targets[0][::2], (expected + offsets)[::2])
    assert np.array_equal(targets[1][1::2], (expected + offsets)[1::2])


@pytest.mark.parametrize(("kind", "step", "tolerance"), [("Tf32", 8, 1e-3), ("Bf16", 16, 1e-2), ("F16", 16, 1e-3)])
def test_a_product_on_tensor_cores_from_asynchronous_copies(kind, step, tolerance):
    k = 5 * step - 4  # the last tile is not full: its copies write zeros
    a, b, c = normal(16, k), normal(k, 8), unset(16, 8)
    good(f"product<{kind}>")((1,), (32,), (a, b, c, i4(k)))
    expected = a.astype("float64") @ b
    assert np.linalg.norm(c - expected) < tolerance * np.linalg.norm(expected)
