"""Small integers are exact in every format here, so most products are held to the bit."""

import importlib
from types import SimpleNamespace

import numpy as np
import pytest

import minigrad
from minigrad.ops.matmul import matmul_loop as loop
from minigrad_kernels import registry
from tests.cusim.races import races_in
from tests.cusim.simulator import SCHEDULES, SimModule, scheduled

from .agreement import FOLDER, FOUND, assert_devices_agree, drawn, narrow, on_device, plant, unaligned

KERNELS = ["sgemm", "gemm_tf32", "gemm_bf16"]
EVERY_KERNEL = pytest.mark.parametrize("kernel", KERNELS)
BOUNDS = {"sgemm": (0, 1e-6), "gemm_tf32": (1e-5, 1e-3), "gemm_bf16": (1e-3, 1e-2), "gemm_f16": (1e-5, 1e-3)}
LAYOUTS = {"NN": (False, False), "NT": (False, True), "TN": (True, False), "TT": (True, True)}
RAGGED = [(1, 1, 1), (65, 71, 33), (64, 128, 64), (3, 130, 70), (70, 1, 129), (641, 130, 4)]
OVER_128 = [(129, 260, 37), (130, 12, 64)]


@pytest.fixture
def gemm(twins, monkeypatch):
    """The launcher, with its own kernels chosen, and bf16 for narrow products too."""
    module = twins("matmul")
    monkeypatch.setattr(module, "BROAD", 1)
    with module.own_products():
        yield module


def whole(shape, seed=0, dtype="f4"):
    return np.random.default_rng(seed).integers(-3, 4, shape).astype(dtype)


def transposed(x):
    """Return x on the device as a transposed view of its transpose."""
    return on_device(x.swapaxes(-1, -2).copy()).swapaxes(-1, -2)


def placed(x, w, layout="NN"):
    return [transposed(m) if turned else on_device(m) for m, turned in zip((x, w), LAYOUTS[layout], strict=True)]


def assert_product(gemm, kernel, x, w, layout="NN"):
    got = gemm.product(kernel, *placed(x, w, layout)).get()
    assert got.dtype == x.dtype
    np.testing.assert_array_equal(got, x @ w)


@EVERY_KERNEL
@pytest.mark.parametrize("layout", LAYOUTS)
def test_products_of_every_size_and_layout_are_right(gemm, kernel, layout):
    for M, N, K in RAGGED:
        assert_product(gemm, kernel, whole((M, K)), whole((K, N), 1), layout)


@EVERY_KERNEL
@pytest.mark.parametrize("layout", ["NN", "NT", "TN"])
def test_so_are_those_in_large_tiles(gemm, monkeypatch, kernel, layout):
    monkeypatch.setattr(gemm, "ENOUGH", 1)
    monkeypatch.setattr(gemm, "WASTE", 1e9)
    for M, N, K in OVER_128:
        assert_product(gemm, kernel, whole((M, K)), whole((K, N), 1), layout)


@pytest.mark.parametrize("kernel", ["sgemm", "gemm_tf32"])
@pytest.mark.parametrize("schedule", SCHEDULES, ids=str)
def test_the_order_of_threads_and_blocks_changes_nothing(gemm, kernel, schedule):
    with scheduled(*schedule):
        for layout in "NN", "TN":
            assert_product(gemm, kernel, whole((70, 150)), whole((150, 65), 1), layout)


@pytest.mark.parametrize("kernel", BOUNDS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_factors_are_rounded_to_their_format_and_no_further(gemm, kernel, layout):
    dtype = "f2" if kernel == "gemm_f16" else "f4"
    x, w = drawn((64, 200)).astype(dtype), drawn((200, 72), 1).astype(dtype)
    got = gemm.product(kernel, *placed(x, w, layout)).get().astype("f8")
    exact = x.astype("f8") @ w.astype("f8")
    least, most = BOUNDS[kernel]
    assert least < np.linalg.norm(got - exact) / np.linalg.norm(exact) < most


def test_float16_is_multiplied_in_whole_eights_only(gemm):
    for shape, other in (((24, 40), (40, 16)), ((136, 72), (72, 264))):
        for layout in "NN", "NT", "TN":
            assert_product(gemm, "gemm_f16", whole(shape, dtype="f2"), whole(other, 1, "f2"), layout)
    for shape, other in (((8, 12), (12, 8)), ((8, 8), (8, 12))):
        assert gemm.matmul_loop(*on_device(np.ones(shape, "f2"), np.ones(other, "f2"))) is NotImplemented
    assert gemm.matmul_loop(unaligned(np.ones((8, 8), "f2")), on_device(np.ones((8, 8), "f2"))) is NotImplemented


@EVERY_KERNEL
@pytest.mark.parametrize("layout", ["dense", "unaligned", "columns first", "every other", "backwards"])
def test_operands_may_lie_anyhow(gemm, kernel, layout):
    x, w = whole((68, 36)), whole((36, 64), 1)
    np.testing.assert_array_equal(gemm.product(kernel, *on_device(x, w, layout=layout)).get(), x @ w)


@EVERY_KERNEL
@pytest.mark.parametrize(
    ("lead", "other"), [((3,), (3,)), ((2, 3), (2, 3)), ((3,), ()), ((), (2,)), ((2, 1), (1, 3)), ((1, 3), (2, 3))], ids=str
)
def test_stacks_are_multiplied_pairwise_and_broadcast(gemm, kernel, lead, other):
    x, w = whole((*lead, 5, 20)), whole((*other, 20, 12), 1)
    for layout in "NN", "NT", "TN":
        assert_product(gemm, kernel, x, w, layout)


def test_repeated_matrices_are_not_copied(gemm, cupy):
    x = on_device(whole((5, 20)))
    for view, turned in ((cupy.broadcast_to(x, (2, 3, 5, 20)), False), (cupy.broadcast_to(x, (4, 5, 20)).swapaxes(-1, -2), True)):
        found = gemm.operand(view, view.shape[:-2])
        assert (found.array.data.ptr, found.turned, found.step) == (x.data.ptr, turned, 0)
    assert gemm.operand(transposed(whole((3, 5, 20))), (3,))[1:] == (True, 100)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("sizes", [(5, 7, 700), (64, 130, 513), (1, 1, 3000)], ids=str)
def test_few_tiles_and_a_long_sum_are_made_in_parts_and_the_same_each_time(gemm, kernel, sizes):
    M, N, K = sizes
    assert gemm.tiling(kernel, 1, *sizes)[2] < K
    x, w = drawn((2, M, K)), drawn((2, K, N), 1)
    results = []
    for schedule in SCHEDULES[:3]:
        with scheduled(*schedule):
            results.append(gemm.product(kernel, *on_device(x, w)).get())
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])
    assert (np.abs(results[0] - x.astype("f8") @ w) < BOUNDS[kernel][1] * (np.abs(x) @ np.abs(w))).all()


def test_tiles_are_large_where_they_fill_the_gpu_and_matrices_fill_them(gemm):
    large, small = gemm.TILES["sgemm"]
    assert gemm.tiling("sgemm", 1, 4096, 4096, 4096) == (large, 1024, 4096)
    assert gemm.tiling("sgemm", 1, 1024, 1024, 1024) == (small, 256, 1024)
    assert gemm.tiling("sgemm", 200, 64, 64, 64) == (small, 200, 64)
    assert gemm.tiling("sgemm", 1, 64, 10, 60000) == (small, 1, 320)


def test_special_numbers_travel(gemm):
    x, w = whole((70, 40)), whole((40, 66), 1)
    x[3, 39], x[66, 0], w[39, 65] = np.nan, np.inf, -np.inf
    with np.errstate(invalid="ignore"):
        expected = x @ w
    for kernel in KERNELS:
        np.testing.assert_array_equal(gemm.product(kernel, *on_device(x, w)).get(), expected)


def test_what_no_kernel_covers_is_left_to_the_reference(gemm):
    for shapes in ((0, 3), (3, 4)), ((3, 0), (0, 4)), ((0, 2, 3), (0, 3, 4)):
        assert gemm.matmul_loop(*map(on_device, map(np.zeros, shapes))) is NotImplemented
        assert gemm.matmul_loop(*(on_device(np.zeros(s, "f4")) for s in shapes)) is NotImplemented
    x, w = on_device(np.ones((2, 2))), on_device(np.ones((2, 2), "f4"))
    assert gemm.matmul_loop(x, x) is gemm.matmul_loop(w, x) is NotImplemented
    assert gemm.matmul_loop(on_device(np.ones((3, 0), "f4")), on_device(np.ones((0, 4), "f4"))) is NotImplemented
    assert not loop(on_device(np.ones((3, 0), "f4")), on_device(np.ones((0, 4), "f4"))).any()


@pytest.mark.parametrize(
    ("mode", "precision", "kernel", "for_half"),
    [
        ("auto", "highest", None, None), ("auto", "high", "gemm_tf32", None), ("auto", "medium", "gemm_bf16", None),
        ("own", "highest", "sgemm", "gemm_f16"), ("own", "high", "gemm_tf32", "gemm_f16"),
        ("own", "medium", "gemm_bf16", "gemm_f16"), ("cublas", "high", None, None),
    ],
)  # fmt: skip
def test_the_mode_and_the_precision_choose_who_multiplies(gemm, monkeypatch, mode, precision, kernel, for_half):
    gemm.set_gemm(mode)
    monkeypatch.setattr(registry.choice, "precision", precision)
    assert gemm.kernel_for(np.dtype("f4")) == kernel
    assert gemm.kernel_for(np.dtype("f2")) == for_half
    assert gemm.kernel_for(np.dtype("f8")) is None
    with minigrad.kernels("exact"):
        assert gemm.kernel_for(np.dtype("f4")) == ("sgemm" if mode == "own" else None)


def test_own_products_are_made_inside_a_block_only(gemm):
    gemm.set_gemm("auto")
    x = on_device(np.ones((2, 2), "f4"))
    with gemm.own_products():
        assert gemm.matmul_loop(x, x) is not NotImplemented
    assert gemm.matmul_loop(x, x) is NotImplemented


def test_narrow_products_are_not_rounded_to_bf16(gemm, monkeypatch):
    monkeypatch.setattr(gemm, "BROAD", 256)
    launched = []
    monkeypatch.setattr(gemm.TENSOR, "launch", lambda instance, *_, **__: launched.append(instance.partition("<")[0]))
    for M in 255, 256:
        gemm.product("gemm_bf16", *on_device(np.ones((M, 8), "f4"), np.ones((8, 256), "f4")))
    assert launched == ["gemm_tf32", "round_lines", "round_lines", "gemm_bf16"]


def test_an_unknown_mode_says_which_there_are(gemm, monkeypatch):
    said = r"{}: 'fast' is unknown; use one of auto, own, cublas"
    with pytest.raises(ValueError, match=said.format("set_gemm")):
        gemm.set_gemm("fast")
    with pytest.raises(ValueError, match=said.format("MINIGRAD_GEMM")):
        monkeypatch.setenv("MINIGRAD_GEMM", "fast")
        importlib.reload(gemm)


@pytest.mark.parametrize(("precision", "tolerance"), [("highest", 1e-5), ("high", 3e-3), ("medium", 3e-3)])
def test_on_the_device_matmul_gives_what_it_gives_on_the_host(gemm, monkeypatch, precision, tolerance):
    monkeypatch.setattr(registry.choice, "precision", precision)
    monkeypatch.setattr(gemm, "BROAD", 256)
    for shapes in ((5, 7), (7, 3)), ((2, 5, 7), (2, 7, 3)), ((2, 1, 5, 7), (3, 7, 4)), ((7,), (7, 3)):
        assert_devices_agree(minigrad.matmul, *map(drawn, shapes), rtol=tolerance, atol=tolerance)


def panel_places(kind, side, deep):
    """Return the byte at which piece p of line l starts, as [l, p]."""
    panel = f"Panel<{kind}, {side}, {str(deep).lower()}>"
    code = f"""#include "tensor_tile.cuh"
    extern "C" __global__ void places(int* out) {{
      using P = {panel};
      for (int i = 0; i < P::LINES * P::PIECES; i++) out[i] = P::at(i / P::PIECES, i % P::PIECES) * sizeof(P::Element);
    }}"""
    element = 4 if kind == "Tf32" else 2
    line = 128 if deep else side * element
    out = np.full((side * 128 // line, line // 16), -1, np.int32)
    SimModule(code, include_dirs=[FOLDER]).get_function("places")((1,), (1,), (out,))
    return out


@pytest.mark.parametrize(("kind", "side", "deep"), [("Tf32", 64, True), ("Tf32", 256, False), ("Bf16", 128, True), ("Bf16", 64, False)])
def test_panels_are_read_and_written_without_conflicts_of_banks(cupy, kind, side, deep):
    places = panel_places(kind, side, deep)
    assert sorted(places.ravel()) == list(range(0, side * 128, 16))
    bank = places // 16 % 8  # of 16 bytes: 4 of the 32
    eights = bank.reshape(len(bank), -1, 8)
    assert (np.sort(eights, -1) == np.arange(8)).all()  # copies: eight pieces of a line
    if deep or kind == "Bf16":  # ldmatrix: one piece of eight lines
        assert (np.sort(bank.reshape(-1, 8, bank.shape[1]), 1) == np.arange(8)[:, None]).all()
    else:  # words: two pieces of four lines
        fours = bank.reshape(-1, 4, bank.shape[1] // 2, 2).transpose(0, 2, 1, 3)
        assert (np.sort(fours.reshape(*fours.shape[:2], 8), -1) == np.arange(8)).all()


BUGS = [
    ("sgemm<2, 1, 2, 2, true, false>", "__syncthreads();", ""),
    ("sgemm<2, 1, 2, 2, true, false>", "rest > k);\n    from += DEPTH;", "true);\n    from += DEPTH;"),
    ("sgemm<2, 1, 2, 2, true, false>", "if (i < below)", "if (i <= below)"),
    ("gemm_tf32<32, 32, 2, 2, true, false>", "cp_async_wait<STAGES - 2>();", "cp_async_wait<STAGES - 1>();"),
    ("gemm_tf32<32, 32, 2, 2, true, false>", "i + r / 2 * 8 + lane / 4", "i + r % 2 * 8 + lane / 4"),
]


@pytest.mark.parametrize(("instance", "old", "new"), BUGS)
def test_planted_bugs_are_found(gemm, monkeypatch, instance, old, new):
    kernel = instance.partition("<")[0]
    name, stem = ("SIMPLE", "matmul") if kernel == "sgemm" else ("TENSOR", "matmul_tensor")
    program = gemm.Program(stem)
    narrow(SimpleNamespace(PROGRAM=program), instance)
    plant(SimpleNamespace(PROGRAM=program), old, new)
    monkeypatch.setattr(gemm, name, program)
    with pytest.raises(FOUND):
        for schedule in SCHEDULES:
            with scheduled(*schedule):
                assert_product(gemm, kernel, whole((65, 99)), whole((99, 70), 1))


@pytest.mark.slow
@pytest.mark.parametrize("kernel", KERNELS)
def test_threads_do_not_race(gemm, monkeypatch, kernel):
    monkeypatch.setattr(gemm, "SHORTEST", 64)
    x, w = on_device(whole((65, 150)), whole((150, 70), 1))
    assert not races_in(lambda: gemm.product(kernel, x, w))
