"""The vocabulary, spoken in small intrinsics: each computes what NumPy computes."""

import os
import subprocess
import sys

import numpy as np
import pytest
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from minigrad_kernels.cpu import simd
from minigrad_kernels.cpu.simd import (
    LANES,
    at,
    code,
    either,
    int64,
    load,
    loop,
    multiply_add,
    shuffle,
    spread,
    store,
    total,
)


def compiled_from(emit):
    """Return run(a, b, c, n): a kernel of one intrinsic over arrays a, b and c, which emit(builder, o) writes."""

    @intrinsic
    def body(typing, a, b, c, n):
        return types.void(a, b, c, types.int64), code("a b c n", emit)

    @njit
    def run(a, b, c, n):
        body(a, b, c, n)

    return run


def arrays(seed=0, count=3, size=4 * LANES):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=size).astype("float32") for _ in range(count)]


def test_vectors_are_multiplied_and_added():
    a, b, c = arrays()
    expected = c.copy()
    expected[3 : 3 + LANES] += a[1 : 1 + LANES] * b[2]

    def emit(builder, o):
        here = at(builder, o.c, 3)
        number = spread(builder, builder.load(at(builder, o.b, o.n)))
        store(builder, multiply_add(builder, load(builder, at(builder, o.a, 1)), number, load(builder, here)), here)

    compiled_from(emit)(a, b, c, 2)
    np.testing.assert_allclose(c, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("lanes", [4, LANES])
def test_the_lanes_of_a_vector_are_added_up(lanes):
    a, b, c = arrays(1)

    def emit(builder, o):
        builder.store(total(builder, load(builder, o.a, lanes)), o.c)

    compiled_from(emit)(a, b, c, 0)
    np.testing.assert_allclose(c[0], a[:lanes].sum(), rtol=1e-5)


def test_lanes_are_shuffled_from_two_vectors():
    a, b, c = arrays(2)
    lanes = [LANES, 0, LANES + 1, 1]

    def emit(builder, o):
        store(builder, shuffle(builder, load(builder, o.a), load(builder, o.b), lanes), o.c)

    compiled_from(emit)(a, b, c, 0)
    np.testing.assert_array_equal(c[:4], [b[0], a[0], b[1], a[1]])


@pytest.mark.parametrize("n", [1, 2, 7])
def test_a_loop_carries_its_values_along(n):
    a, b, c = arrays(3)

    def emit(builder, o):
        def step(k, sums):
            return [builder.fadd(sums[0], builder.load(at(builder, o.a, k))), builder.fmul(sums[1], sums[1])]

        two = ir.Constant(simd.FLOAT, 1.5)
        first, second = loop(builder, o.n, [builder.load(o.b), two], step)
        builder.store(first, o.c)
        builder.store(second, at(builder, o.c, 1))

    compiled_from(emit)(a, b, c, n)
    np.testing.assert_allclose(c[:2], [b[0] + a[:n].sum(), np.float32(1.5) ** (2**n)], rtol=1e-5)


@pytest.mark.parametrize(("n", "index"), [(0, 4), (1, 5)])
def test_either_of_two_values_is_chosen_when_the_kernel_runs(n, index):
    a, b, c = arrays(4)

    def emit(builder, o):
        other = builder.load(at(builder, o.a, 4))
        condition = builder.icmp_signed("==", o.n, int64(1))
        chosen = either(builder, condition, lambda: [builder.load(at(builder, o.a, 5))], [other])
        builder.store(chosen[0], o.c)

    compiled_from(emit)(a, b, c, n)
    assert c[0] == a[index]


def test_the_width_of_vectors_follows_the_cpu(monkeypatch):
    monkeypatch.delenv("MINIGRAD_LANES", raising=False)
    assert [simd._lanes({name: True}) for name in ("avx512f", "avx2", "neon")] == [16, 8, 4]
    monkeypatch.setenv("MINIGRAD_LANES", "8")
    assert simd._lanes({"avx512f": True}) == 8


@pytest.mark.slow
@pytest.mark.parametrize("lanes", ["4", "8", "16"])
def test_every_vector_width_gives_right_convolutions(lanes):
    environment = {**os.environ, "MINIGRAD_LANES": lanes, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "tests.kernels.fuzz_conv", "--examples", "60"]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "all within tolerance" in done.stdout
