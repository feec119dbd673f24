"""The launchers against the definition in double precision, with every kernel and tile that could be chosen."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import minigrad
from minigrad import ops
from minigrad.ops import conv as loops
from minigrad.ops.geometry import Geometry, window_count
from minigrad.testing.strategies import conv_geometries
from minigrad_kernels import registry
from tests.cusim.races import races_in
from tests.cusim.simcupy import LEDGER
from tests.cusim.simulator import SCHEDULES, scheduled
from tests.kernels.fuzz_conv import definition, random_problem

from .agreement import FOUND, LAYOUTS, assert_devices_agree, assert_same_bits, drawn, on_device, plant

TILES = [("FLOAT", i) for i in range(4)] + [("TENSOR", i) for i in range(3)]
WAYS = ["as chosen", TILES[3], TILES[6]]  # the smallest tiles: the others are the same text
TOLERANCE = {True: 2e-6, False: 2e-3}  # of the largest number; TF32 has 10 bits after the point
BLIND = settings(max_examples=settings.default.max_examples // 2, suppress_health_check=[HealthCheck.function_scoped_fixture])
PLAIN = Geometry((9, 7), (), (3, 3), (1, 1), (1, 1), (1, 1))


@pytest.fixture(params=WAYS, ids=str)
def way(request, twins, monkeypatch):
    return taken(twins("conv"), request.param, monkeypatch)


def taken(conv, way, monkeypatch):
    """Return the module, made to use one tile for everything, or left to choose."""
    if way != "as chosen":
        name, i = way
        own = getattr(conv, name)
        monkeypatch.setattr(registry.choice, "precision", "high" if name == "TENSOR" else "highest", raising=False)
        monkeypatch.setattr(conv, name, replace(own, tiles=own.tiles[i : i + 1]))
        monkeypatch.setattr(conv, "FEW_ROWS", (0,))
        monkeypatch.setattr(conv, "FEW_NUMBERS", 0)
    return conv


def problem(g, N=2, C=3, K=4, seed=0):
    """Return a geometry with its output, and arrays x, w, y, b for C channels and K filters in each group."""
    g = window_count("test", g, g.padding)
    shapes = (N, C * g.groups, *g.size), (K * g.groups, C, *g.kernel), (N, K * g.groups, *g.out), (K * g.groups,)
    return g, *(drawn(shape, seed + i) for i, shape in enumerate(shapes))


def faces(conv, g, x, w, y, b, move=on_device):
    x, w, y, b = (move(a) for a in (x, w, y, b))
    return conv.slide_loop(x, w, g, b), conv.paint_loop(y, w, g), conv.match_loop(x, y, g)


def check(conv, g, x, w, y, b, move=on_device):
    exact = registry.choice.precision == "highest"
    slid, painted, matched = definition(x, w, y, g)
    expected = slid + b.reshape(-1, *(1,) * len(g.size)), painted, matched
    for got, wanted in zip(faces(conv, g, x, w, y, b, move), expected, strict=True):
        scale = max(1.0, np.abs(wanted).max())
        assert got.shape == wanted.shape and got.dtype == np.float32
        np.testing.assert_allclose(got.get(), wanted, rtol=0, atol=TOLERANCE[exact] * scale)


@pytest.mark.parametrize("d", [1, 2, 3])
@BLIND
@given(data=st.data())
def test_all_three_faces_are_those_of_the_definition(twins, monkeypatch, d, data):
    way = data.draw(st.sampled_from(WAYS))
    shape = data.draw(conv_geometries(d))
    kind = shape.options
    g = Geometry(shape.input[2:], (), shape.weight[2:], *(kind[k] for k in ("stride", "padding", "dilation", "groups")))
    K = shape.weight[0] // g.groups
    with monkeypatch.context() as patch:
        module = taken(twins("conv"), way, patch)
        check(module, *problem(g, shape.input[0], shape.weight[1], K, data.draw(st.integers(0, 2**16))))


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("tile", ["as chosen", *TILES], ids=str)
def test_so_they_are_for_as_many_channels_and_pixels_as_fill_tiles(twins, monkeypatch, tile, seed):
    way, rng = taken(twins("conv"), tile, monkeypatch), np.random.default_rng(seed + 2 * ["as chosen", *TILES].index(tile))
    g, x, w, y = random_problem(rng, place=lambda a: a)
    keep = max(1, 3000 // max(x[0].size, y[0].size))
    check(way, g, x[:keep], w, y[:keep], drawn(len(w), seed))


EXTREMES = {
    "one pixel": (Geometry((1, 1), (), (1, 1), (1, 1), (0, 0), (1, 1)), 1, 1, 1),
    "padding beyond the kernel": (Geometry((4, 3), (), (3, 2), (1, 1), (5, 4), (1, 1)), 2, 3, 9),
    "only padding in some windows": (Geometry((2, 2), (), (2, 2), (4, 3), (6, 5), (1, 1)), 2, 3, 9),
    "borders that no window reaches": (Geometry((10, 9), (), (2, 2), (4, 5), (0, 0), (1, 1)), 2, 3, 9),
    "strides beyond the window": (Geometry((11, 8), (), (1, 2), (3, 4), (1, 0), (1, 1)), 2, 9, 9),
    "dilation that shares a factor with the stride": (Geometry((12, 13), (), (3, 3), (2, 3), (2, 4), (4, 6)), 2, 3, 9),
    "depthwise": (Geometry((9, 8), (), (3, 3), (1, 2), (1, 1), (1, 1), 6), 2, 1, 1),
    "depthwise with a multiplier": (Geometry((9, 8), (), (3, 3), (1, 1), (1, 1), (2, 1), 4), 2, 1, 3),
    "a long window": (Geometry((300,), (), (80,), (3,), (40,), (1,)), 2, 1, 9),
    "three axes": (Geometry((5, 6, 7), (), (3, 2, 3), (2, 1, 2), (1, 1, 2), (1, 2, 1)), 2, 3, 9),
    "more filters than a tile": (Geometry((4, 4), (), (3, 3), (1, 1), (1, 1), (1, 1)), 1, 5, 133),
    "more channels than a tile": (Geometry((4, 4), (), (1, 3), (1, 1), (0, 1), (1, 1)), 1, 133, 9),
    "channels in 32s": (Geometry((7, 9), (), (3, 2), (2, 1), (1, 1), (1, 2)), 2, 64, 32),
    "channels in 32s in groups": (Geometry((5, 4), (), (2, 3), (1, 1), (1, 0), (1, 1), 2), 2, 32, 9),
    "sums long enough to be shared": (Geometry((8, 4), (), (3, 3), (1, 2), (1, 1), (1, 1)), 2, 64, 60),
}


@pytest.mark.parametrize("name", EXTREMES)
def test_so_they_are_for_extreme_windows(way, name):
    g, *sizes = EXTREMES[name]
    check(way, *problem(g, *sizes))


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_order_of_threads_does_not_matter(way, schedule):
    with scheduled(*schedule):
        check(way, *problem(PLAIN._replace(stride=(2, 1), groups=2), 2, 9, 9))
        check(way, *problem(PLAIN._replace(groups=4), 3, 1, 1))


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_arrays_may_lie_in_memory_as_they_like(way, layout):
    def move(a):
        return on_device(a, layout=layout)

    check(way, *problem(PLAIN, 2, 4, 12), move=move)


def test_results_are_the_same_from_run_to_run_and_in_any_order(way):
    arrays, found = problem(PLAIN._replace(size=(20, 31)), 2, 2, 9), []
    for schedule in SCHEDULES:
        with scheduled(*schedule):
            found.append(faces(way, *arrays))
    for others in found[1:]:
        for a, b in zip(found[0], others, strict=True):
            assert_same_bits(a, b)


def test_without_a_bias_sums_start_at_zero(way):
    g, x, w, _, b = problem(PLAIN, 2, 3, 12)
    got = way.slide_loop(on_device(x), on_device(w), g).get()
    assert_same_bits(got, way.slide_loop(*on_device(x, w), g, on_device(0 * b)).get())


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_reaches_those_who_see_it_and_nobody_else(way, value):
    g, x, w, y, b = problem(PLAIN._replace(kernel=(3, 2)), 2, 5, 9)
    x[1, 2, 4, 3] = y[0, 5, 2, 2] = value
    with np.errstate(all="ignore"):
        expected = [loop.reference(*a, g) for loop, a in [(loops.slide_loop, (x, w)), (loops.paint_loop, (y, w)), (loops.match_loop, (x, y))]]
    for got, wanted in zip(faces(way, g, x, w, y, 0 * b), expected, strict=True):
        np.testing.assert_array_equal(np.isfinite(got.get()), np.isfinite(wanted))


@pytest.mark.parametrize("size", [(50, 41), (150, 90)])
def test_shares_of_the_spots_add_up(twins, monkeypatch, size):
    conv, arrays = twins("conv"), problem(PLAIN._replace(size=size), 1, 2, 9)
    monkeypatch.setattr(conv, "FEW_NUMBERS", 0)
    with LEDGER.counting() as counts:
        check(conv, *arrays)
    assert counts.launches == 4  # the shares of match are added by a kernel of their own


def test_shares_of_the_terms_add_up_and_have_the_bias_once(twins):
    conv, (g, x, w, y, b) = twins("conv"), problem(PLAIN, 1, 60, 9)
    with LEDGER.counting() as counts:
        got = conv.slide_loop(*on_device(x, w), g, on_device(b))
    assert counts.launches == 2
    wanted = definition(x, w, y, g)[0] + b.reshape(-1, 1, 1)
    np.testing.assert_allclose(got.get(), wanted, rtol=0, atol=2e-6 * np.abs(wanted).max())


def test_few_filters_need_no_tiles(twins, monkeypatch):
    conv = twins("conv")
    monkeypatch.setattr(conv, "FLOAT", None)
    for rows in range(1, 9):
        check(conv, *problem(PLAIN._replace(stride=(2, 1), kernel=(1, 3)), 2, rows, rows))


def test_tiles_are_chosen_by_what_they_leave_empty(twins):
    def chosen(rows, columns, count=1, terms=300):
        tile, number, shares, _ = conv.layout_for(conv.FLOAT, rows, columns, count, terms)
        return tile.M, tile.N, number, shares

    conv = twins("conv")
    assert chosen(128, 132 * 128) == (128, 128, 132, 1)
    assert chosen(64, 6 * 132 * 128) == (64, 128, 6 * 132, 1)
    assert chosen(48, 132 * 64) == (64, 64, 132, 1)
    assert chosen(32, 132 * 128) == (32, 128, 132, 1)
    assert chosen(256, 2304, 1, 10**6)[:3] == (128, 128, 36)
    assert chosen(64, 64, 1, 10**6) == (64, 64, 1, 521)


def test_tensor_cores_are_for_lower_precision_and_never_for_exact(twins, monkeypatch):
    conv = twins("conv")
    arrays = problem(PLAIN, 2, 9, 9)
    exact = [a.get() for a in faces(conv, *arrays)]
    for precision in "high", "medium":
        monkeypatch.setattr(registry.choice, "precision", precision, raising=False)
        rounded = [a.get() for a in faces(conv, *arrays)]
        assert all((a != b).any() for a, b in zip(exact, rounded, strict=True))
        with minigrad.kernels("exact"):
            for a, b in zip(exact, faces(conv, *arrays), strict=True):
                assert_same_bits(a, b)


def test_the_shared_memory_of_a_tile_is_three_slices_and_a_target_for_each_column(twins):
    for tile in twins("conv").TENSOR.tiles:
        assert tile.shared == 4 * (3 * 32 * (tile.M + tile.N) + tile.N)


@pytest.mark.parametrize("precision", ["highest", "high"])
def test_one_tap_on_large_images_is_a_product_of_matrices(twins, monkeypatch, precision):
    conv, plain = twins("conv"), Geometry((5, 3), (), (1, 1), (1, 1), (0, 0), (1, 1))
    monkeypatch.setattr(conv, "LARGE", 0)
    monkeypatch.setattr(registry.choice, "precision", precision, raising=False)
    g, x, w, y, b = problem(plain, 3, 9, 11)
    assert conv.one_tap(g, 1)
    for change in {"stride": (2, 1)}, {"padding": (0, 1)}, {"kernel": (1, 2)}, {"groups": 2}, {"out": (5, 2)}:
        assert not conv.one_tap(g._replace(**change), 1)
    check(conv, g, x, w, y, b)
    got, wanted = conv.slide_loop(*on_device(x, w), g).get(), definition(x, w, y, g)[0]
    np.testing.assert_allclose(got, wanted, rtol=0, atol=TOLERANCE[precision == "highest"] * np.abs(wanted).max())


def test_what_is_not_covered_is_handed_back(twins):
    conv, (g, x, w, y, b) = twins("conv"), problem(PLAIN, 2, 3, 4)
    for other in ([a.astype("float64") for a in (x, w, y, b)], [x[:0], w, y[:0], b]):
        assert all(result is NotImplemented for result in faces(conv, g, *other))
    far = g._replace(size=(2**20, 2**20, 2**20), out=(1, 1, 1), kernel=(1, 1, 1), padding=(1,) * 3, stride=(2**21,) * 3, dilation=(1,) * 3)
    x, w, y, b = (a.reshape(2, -1, 1, 1, 1)[:, :1] for a in (x, w, y, b[:4]))
    assert conv.slide_loop(*on_device(x, w[:1]), far) is NotImplemented
    assert conv.paint_loop(*on_device(y, w[:1]), far) is NotImplemented


@pytest.mark.parametrize("d", [1, 2, 3])
def test_on_the_device_an_op_gives_what_it_gives_on_the_host(cupy, d):
    conv = [ops.conv1d, ops.conv2d, ops.conv3d][d - 1]
    transposed = [ops.conv_transpose1d, ops.conv_transpose2d, ops.conv_transpose3d][d - 1]
    x, w, b = drawn((2, 4, *(5, 6, 4)[:d])), drawn((6, 2, *(3, 2, 2)[:d]), 1), drawn(6, 2)
    assert_devices_agree(lambda x, w, b: conv(x, w, b, stride=2, padding=1, groups=2), x, w, b)
    assert_devices_agree(lambda x, w: transposed(x, w, stride=2, padding=1), x, drawn((4, 3, *(3, 2, 2)[:d]), 3))


BUGS = {
    "FLOAT": [
        ("__syncthreads();\n      if (k + DEPTH < stop)", "if (k + DEPTH < stop)"),
        ("half ^= 1", "half ^= 0"),
        ("(place & ~(place - sizes) & guards) == guards", "(place & guards) == guards"),
        ("real = column < stop;", "real = true;"),
    ],
    "FEW": [
        ("__syncthreads();  // the last ones are in use", ""),
        ("b && m < part.rows", "b && m == 0"),
        ("threadIdx.x == 0 && first + t < part.terms", "threadIdx.x == 0"),
    ],
    "TENSOR": [
        ("cp_async_wait<STAGES - 2>();\n    __syncthreads();", "cp_async_wait<STAGES - 1>();\n    __syncthreads();"),
        ("from, real);", "from, true);"),
        ("from += STEP * apart", "from += apart"),
        ("order[n + j].filter", "n + j"),
    ],
}


@pytest.mark.parametrize(("program", "old", "new"), [(p, *bug) for p, bugs in BUGS.items() for bug in bugs])
def test_planted_bugs_are_found(twins, monkeypatch, program, old, new):
    conv = taken(twins("conv"), {"FLOAT": TILES[3], "TENSOR": TILES[6], "FEW": "as chosen"}[program], monkeypatch)
    planted, K = (conv.FEW, 3) if program == "FEW" else (getattr(conv, program).program, 9)
    plant(SimpleNamespace(PROGRAM=planted), old, new)
    planted.text = planted.text.replace("<{2, 2, 4, 2|2, 2, 2, 2|2, 1, 2, 2|", "<{").replace("<{64, 64, 2, 2|64, 32, 1, 4|", "<{")
    with pytest.raises(FOUND):
        for schedule in SCHEDULES:
            with scheduled(*schedule):
                check(conv, *problem(Geometry((7, 5, 6), (), (2, 3, 2), (1, 2, 1), (1, 1, 2), (1,) * 3, 2), 2, 5, K))
                check(conv, *problem(PLAIN, 3, 32, K - 1))


@pytest.mark.slow
def test_no_two_threads_race(way):
    arrays = problem(PLAIN._replace(size=(19, 17), stride=(2, 1)), 2, 5, 9)
    assert not races_in(lambda: faces(way, *arrays))
    assert not races_in(lambda: faces(way, *problem(PLAIN._replace(groups=3), 2, 1, 1)))
