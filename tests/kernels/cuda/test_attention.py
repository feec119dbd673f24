"""Attention on the simulated GPU against the definition in float64: by CUDA cores and by tensor cores."""

import numpy as np
import pytest

import minigrad
from minigrad import Tensor
from minigrad.nn.functional import scaled_dot_product_attention as attend
from minigrad_kernels import registry
from tests.cusim.simcupy import LEDGER
from tests.cusim.simulator import SCHEDULES, scheduled

from .agreement import LAYOUTS, assert_same_bits, cupy, drawn, on_device
from .attending import (
    DROPPED,
    NEEDED,
    SEES_ALL,
    TOLERANCE,
    assert_close,
    assert_right,
    definition,
    launched,
    operands,
    prepared,
)

EVERY_KIND = pytest.mark.parametrize("kind", TOLERANCE)


@pytest.fixture
def module(twins, monkeypatch):
    """A function that returns the launcher, made to multiply in one way."""
    return lambda kind, width=None: prepared(twins("attention"), monkeypatch, kind, width)


RAGGED = [((2,), 70, 90, 32, 32), ((1, 2), 5, 130, 7, 31), ((), 129, 33, 28, 3), ((1, 1), 1, 1, 1, 1)]


@EVERY_KIND
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("sizes", RAGGED, ids=str)
def test_values_and_gradients_are_right_at_every_size(module, kind, causal, sizes):
    assert_right(module(kind), kind, operands(*sizes, kind), causal=causal)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "width"), [("highest", 64), *((kind, 128) for kind in TOLERANCE)])
def test_so_they_are_in_wider_tiles(module, kind, width):
    attention = module(kind, width)
    for causal, E, F in ((False, width, width), (True, width - 5, 3), (False, 9, width - 1)):
        assert_right(attention, kind, operands((2,), 70, 90, E, F, kind), causal=causal, scale=E**-0.5)
    mask = drawn((2, 1, 90), 5) > 0
    assert_right(attention, kind, operands((2,), 70, 90, width, width, kind), mask=mask, dropped=DROPPED, scale=0.1)


SHAPES = [(37, 41), (1, 41), (37, 1), (41,), (3, 37, 41), (3, 1, 41), (2, 1, 1, 41), (2, 1, 37, 41), (2, 3, 37, 41)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("sort", ["bool", "numbers", "hiding numbers"])
def test_masks_of_every_shape_and_sort_are_right(module, shape, sort):
    mask = drawn(shape, 5)
    if sort != "numbers":
        mask = mask > -0.5
    if sort == "hiding numbers":
        mask = np.where(mask, drawn(shape, 6), -np.inf).astype("f4")
    for causal in (False, True):
        assert_right(module("highest"), "highest", operands((2, 3), 37, 41, 8, 16), mask=mask, causal=causal)


@pytest.mark.parametrize("kind", ["high", "medium", "float16"])
def test_masks_reach_the_scores_of_tensor_cores(module, kind):
    attention, arrays = module(kind), operands((2, 3), 37, 41, 8, 16, kind)
    assert_right(attention, kind, arrays, mask=drawn((3, 37, 41), 5) > -0.5)
    assert_right(attention, kind, arrays, mask=drawn((2, 1, 1, 41), 5, scale=1).astype(arrays[0].dtype), causal=True)


@pytest.mark.parametrize("lead", [(3,), (2, 2, 3)], ids=str)
def test_a_mask_finds_its_heads_among_any_number_of_leading_axes(module, lead):
    arrays = operands(lead, 9, 11, 4, 4)
    for front in (lead, (1,) * len(lead), (*lead[:-1], 1), (1, *lead[1:])):
        assert_right(module("highest"), "highest", arrays, mask=drawn((*front, 9, 11), 5))


@EVERY_KIND
def test_a_query_that_sees_nothing_gets_zero_and_passes_nothing_on(module, kind):
    mask = np.ones((2, 70, 90), bool)
    mask[0, 2] = mask[1, 40:] = False
    arrays = operands((2,), 70, 90, 8, 8, kind)
    y, lse, dq, dk, dv = launched(module(kind), *arrays, **{**SEES_ALL, "mask": mask})
    blind = ~mask.any(-1)
    assert (y[blind] == 0).all() and (dq[blind] == 0).all() and (lse[blind] == np.inf).all()
    assert np.isfinite(lse[~blind]).all() and all(np.isfinite(x).all() for x in (y, dq, dk, dv))
    assert_right(module(kind), kind, arrays, mask=mask)


def test_keys_that_no_query_sees_get_gradients_of_zero(module):
    *_, dk, dv = launched(module("highest"), *operands((1,), 40, 200, 8, 8), **{**SEES_ALL, "causal": True})
    assert (dk[:, 40:] == 0).all() and (dv[:, 40:] == 0).all() and (dv[:, :40] != 0).all()


def test_large_scores_do_not_overflow(module):
    dy, q, k, v = operands((1,), 70, 90, 8, 8)
    attention = module("highest")
    for times in (1000, -1000):
        got = launched(attention, dy, q * times, k, v, **SEES_ALL)
        y, lse, *_ = definition(dy, q * times, k, v, **SEES_ALL)
        np.testing.assert_allclose(got[0], y, rtol=0, atol=1e-2)
        np.testing.assert_allclose(got[1], lse, rtol=1e-5)
        assert all(np.isfinite(x).all() for x in got)


@EVERY_KIND
def test_nan_is_passed_on_by_the_query_that_has_it_alone(module, kind):
    dy, q, k, v = operands((1,), 70, 70, 8, 8, kind)
    q[0, 35, 1] = np.nan
    y = launched(module(kind), dy, q, k, v, **{**SEES_ALL, "causal": True})[0]
    assert np.isnan(y[0, 35]).all() and np.isfinite(np.delete(y[0], 35, 0)).all()


@EVERY_KIND
@pytest.mark.parametrize("sizes", [((2, 3), 37, 41, 8, 12), ((3,), 70, 8, 8, 12), ((1,), 130, 131, 4, 4)], ids=str)
def test_the_weights_are_dropped_that_the_definition_drops(module, kind, sizes):
    assert_right(module(kind), kind, operands(*sizes, kind), dropped=DROPPED, causal=sizes[1] == 130)


def test_only_the_gradients_that_are_needed_are_computed(module):
    attention, arrays = module("highest"), operands((2,), 9, 11, 4, 4)
    everything = launched(attention, *arrays, **SEES_ALL)
    for needed, computed, kernels in (
        ([True, False, False, False], [True, False, False], 2),
        ([False, True, False, False], [False, True, True], 2),
        ([False, False, True, False], [False, True, True], 2),
        (NEEDED, [True, True, True], 3),
    ):
        before = LEDGER.launches
        *_, dq, dk, dv = launched(attention, *arrays, **SEES_ALL, needed=needed)
        assert LEDGER.launches - before == 1 + kernels
        assert [x is not None for x in (dq, dk, dv)] == computed
        for got, expected in zip((dq, dk, dv), everything[2:], strict=True):
            assert got is None or (got == expected).all()


@pytest.mark.parametrize("kind", ["highest", "float16"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_arrays_may_lie_in_memory_in_any_way(module, kind, layout):
    mask = drawn((1, 40), 5) > -0.5
    assert_right(module(kind), kind, operands((2,), 33, 40, 32, 32, kind), layout, mask=mask)


def heads_inside(B, T, U, A, E, dtype):
    """Return dy, q, k and v as a model has them: (B, T, A, E) seen as (B, A, T, E), queries, keys and values in one array."""
    dy, q = on_device(drawn((B, T, A, E)).astype(dtype), drawn((B, T, 3 * A, E), 1).astype(dtype)[:, :, :A])
    both = on_device(drawn((B, U, 3 * A, E), 2, scale=1).astype(dtype))
    return [x.swapaxes(1, 2) for x in (dy, q, both[:, :, A : 2 * A], both[:, :, 2 * A :])]


@pytest.mark.parametrize("kind", ["highest", "high", "float16"])
@pytest.mark.parametrize("E", [8, 5])
def test_heads_inside_of_lines_are_read_and_written_as_they_lie(module, kind, E):
    attention = module(kind)
    dy, q, k, v = arrays = heads_inside(2, 33, 40, 3, E, "f2" if kind == "float16" else "f4")
    mask, rest = on_device(drawn((2, 1, 1, 40), 5) > -0.5), (True, 0.4, DROPPED)
    y, lse = attention.attention_forward(q, k, v, mask, *rest)
    gradients = attention.attention_backward(dy, y, lse, NEEDED, q, k, v, mask, *rest)[:3]
    for x in (y, *gradients):
        assert x.swapaxes(1, 2).flags.c_contiguous and not x.flags.c_contiguous
    got = [x.get() for x in (y, lse.reshape(q.shape[:-1]), *gradients)]
    assert_close(kind, got, definition(*(x.get() for x in arrays), mask.get(), *rest))


def test_no_array_is_copied_whose_numbers_follow_one_another(module):
    attention = module("highest")
    cache = on_device(drawn((2, 3, 64, 8)))
    for x in (cache, cache[:, :, :40], cache.swapaxes(1, 2), cache[1:], cupy().broadcast_to(cache[:, :1], cache.shape)):
        memory, strides = attention._as_it_lies(x)
        assert memory.data.ptr == x.data.ptr and memory.flags.c_contiguous
        assert strides == tuple(step // 4 if n > 1 else 0 for n, step in zip(x.shape[:3], x.strides[:3], strict=True))
    for x in (cache[..., ::2], cache[:, :, ::-1], cache.swapaxes(2, 3)):
        memory, strides = attention._as_it_lies(x)
        assert memory.data.ptr != x.data.ptr and (memory.reshape(x.shape) == x).all()


@EVERY_KIND
def test_the_order_of_threads_and_blocks_changes_no_bit(module, kind):
    attention, arrays = module(kind), operands((1,), 70, 90, 20, 32, kind)
    settings = {**SEES_ALL, "mask": drawn((70, 1), 5) > -1, "dropped": DROPPED}
    results = []
    for schedule in SCHEDULES:
        with scheduled(*schedule):
            results.append(launched(attention, *arrays, **settings))
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_the_exact_mode_does_not_round_factors(module):
    attention, arrays = module("highest"), operands((1,), 9, 11, 4, 4)
    exact = launched(attention, *arrays, **SEES_ALL)
    registry.choice.precision = "medium"
    with minigrad.kernels("exact"):
        for a, b in zip(launched(attention, *arrays, **SEES_ALL), exact, strict=True):
            assert_same_bits(a, b)


def test_what_the_kernels_do_not_cover_is_left_to_the_definition(module, monkeypatch):
    attention = module("highest")
    forward, backward = attention.attention_forward, attention.attention_backward
    q, wide, empty = (cupy().zeros(shape, "f4") for shape in ((2, 5, 4), (2, 5, 129), (2, 0, 4)))
    for arrays in ((wide, wide, q), (q, q, wide), (empty, q, q), (q.astype("f8"),) * 3, (q, q, q.astype("f2"))):
        assert forward(*arrays, None, False, 1.0, None) is NotImplemented
    assert forward(q, q, q, cupy().zeros((5, 5), "f8"), False, 1.0, None) is NotImplemented
    assert forward(q, q, q, None, False, 1.0, (1.0, (0, 0))) is NotImplemented
    y, lse = forward(q, q, q, None, False, 1.0, None)
    assert backward(y, y, lse, [True] * 4, q, q, q, cupy().zeros((5, 5), "f4"), False, 1.0, None) is NotImplemented
    monkeypatch.setattr(attention, "_most_shared", lambda device: 2**14)
    assert forward(q, q, q, None, False, 1.0, None) is NotImplemented
    assert backward(y, y, lse, NEEDED, q, q, q, None, False, 1.0, None) is NotImplemented


def through_the_op(device, arrays, dtype="f4", **settings):
    with minigrad.kernels("auto" if device == "cuda" else "reference"):
        dy, *xs = [Tensor(a.astype(dtype)).to(device) for a in arrays]
        for x in xs:
            x.requires_grad = True
        minigrad.manual_seed(5)
        y = attend(*xs, **settings)
        y.backward(dy)
        return [x.detach().cpu().numpy() for x in (y, *(x.grad for x in xs))]


@pytest.mark.parametrize("settings", [{"is_causal": True}, {"dropout_p": 0.3}, {"enable_gqa": True}], ids=str)
def test_the_op_gives_what_its_definition_gives_on_the_host(module, settings):
    module("highest")
    dy, q, k, v = operands((2, 4), 21, 23, 8, 8)
    shared = 2 if "enable_gqa" in settings else 4
    arrays, before = (dy, q, k[:, :shared], v[:, :shared]), LEDGER.launches
    got = through_the_op("cuda", arrays, **settings)
    assert LEDGER.launches > before
    for a, b in zip(got, through_the_op("cpu", arrays, **settings), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


def test_under_autocast_float16_is_multiplied(module, monkeypatch):
    attention, arrays, launches = module("float16"), operands((2,), 21, 23, 8, 8), []
    launch = attention.PROGRAM.launch
    monkeypatch.setattr(attention.PROGRAM, "launch", lambda *args, **more: (launches.append(args[0]), launch(*args, **more)))
    with minigrad.autocast("cuda"):
        got = through_the_op("cuda", arrays)
    assert launches == ["attention_forward_f16<TensorCores<F16, 64>>"]
    for a, b in zip(got, through_the_op("cpu", arrays), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=5e-3)
