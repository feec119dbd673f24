"""The launchers against the definition in double precision: values and all gradients, each way to take the steps."""

from types import SimpleNamespace

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, ops
from tests.cusim.races import races_in
from tests.cusim.simcupy import LEDGER
from tests.cusim.simulator import SCHEDULES, scheduled

from .agreement import FOUND, LAYOUTS, on_device, plant

LAYERS = {"rnn_tanh_layer": (1, 1), "rnn_relu_layer": (1, 1), "gru_layer": (1, 3), "lstm_layer": (2, 4)}  # states, blocks
WAYS = ["narrow", "narrow, four together", "middle", "wide"]
RAGGED = {"lengths": [5, 2, 1, 4, 5, 3, 1], "reverse": True}
H100 = (132, 227 * 1024)


@pytest.fixture(params=WAYS)
def way(request, twins, monkeypatch):
    return taken(twins("recurrent"), request.param, monkeypatch)


def taken(recurrent, way, monkeypatch):
    """Return the module, made to take steps one way whatever the sizes."""
    if "four" in way:
        monkeypatch.setattr(recurrent, "device_limits", lambda: (0, H100[1]))
    elif way != "narrow":
        monkeypatch.setattr(recurrent, "layout_for", lambda *sizes: None)
        monkeypatch.setattr(recurrent, "LARGE", 0 if way == "wide" else 2**40)
    return recurrent


def drawn(name, T, B, I, M, seed=0, biases=True):
    states, blocks = LAYERS[name]
    rng = np.random.default_rng(seed)
    shapes = [(T, B, I), *[(B, M)] * states, (blocks * M, I), (blocks * M, M), *[(blocks * M,)] * (2 * biases)]
    return [rng.uniform(-1, 1, s).astype("float32") for s in shapes]


def run(name, arrays, device="cuda", dtype="float32", which=slice(None), move=None, **options):
    """Return the results and the gradients of a random sum over all of them."""
    with minigrad.kernels("auto" if device == "cuda" else "reference"):
        xs = [minigrad.as_tensor((move or on_device)(a)) if device == "cuda" else Tensor(a.astype(dtype)) for a in arrays]
        for x in xs[which]:
            x.requires_grad = True
        ys = getattr(ops, name)(*xs, **options)
        draws = [np.random.default_rng(i).uniform(-1, 1, y.shape).astype(dtype) for i, y in enumerate(ys)]
        sum((y * Tensor(draw).to(device)).sum() for y, draw in zip(ys, draws, strict=True)).backward()
        return [y.detach().cpu().numpy() for y in ys] + [x.grad.cpu().numpy() for x in xs[which]]


def assert_close(got, expected, tolerance=2e-5):
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=5 * tolerance, atol=tolerance * max(1, np.abs(b).max(initial=0)))


def check(name, size, seed=0, biases=True, **options):
    arrays = drawn(name, *size, seed, biases)
    assert_close(run(name, arrays, **options), run(name, arrays, "cpu", "float64", **options))


@pytest.mark.parametrize("options", [{}, {"reverse": True}, RAGGED | {"reverse": False}, RAGGED], ids=str)
@pytest.mark.parametrize("name", LAYERS)
def test_values_and_gradients_are_those_of_the_definition(way, name, options):
    check(name, (5, 7, 3, 19), **options)


@pytest.mark.parametrize("size", [(1, 1, 1, 1), (2, 1, 5, 2), (3, 5, 2, 16), (2, 17, 1, 33), (1, 4, 3, 65), (2, 3, 2, 130)], ids=str)
@pytest.mark.parametrize("name", ["rnn_tanh_layer", "gru_layer", "lstm_layer"])
def test_so_they_are_for_one_step_one_sequence_and_any_width(way, name, size):
    check(name, size, biases=size[0] > 1)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("name", ["gru_layer", "lstm_layer"])
def test_the_order_of_threads_does_not_matter(way, name, schedule):
    with scheduled(*schedule):
        check(name, (5, 7, 3, 10), **RAGGED)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("name", ["gru_layer", "lstm_layer"])
def test_a_nan_in_the_padding_goes_nowhere(way, name, reverse):
    arrays, found = drawn(name, 5, 7, 3, 6), []
    for filling in (0.0, np.nan):
        arrays[0][np.arange(5)[:, None] >= RAGGED["lengths"]] = filling
        found.append(run(name, arrays, lengths=RAGGED["lengths"], reverse=reverse))
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ["rnn_relu_layer", "lstm_layer"])
def test_a_nan_in_the_input_is_not_lost(way, name):
    arrays = drawn(name, 3, 5, 3, 6)
    arrays[0][1, 2] = np.nan
    y = run(name, arrays)[0]
    assert np.isnan(y[1:, 2]).all() and np.isnan(y).sum() == 2 * 6


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layout_of_the_inputs_does_not_matter(way, layout):
    arrays = drawn("lstm_layer", 3, 5, 4, 6)
    moved = run("lstm_layer", arrays, move=lambda a: on_device(a, layout=layout))
    assert_close(moved, run("lstm_layer", arrays), 1e-6)


@pytest.mark.parametrize("name", LAYERS)
def test_gradients_that_nobody_needs_are_left_out(twins, name):
    recurrent, arrays, states = twins("recurrent"), on_device(*drawn(name, 3, 5, 4, 7)), LAYERS[name][0]
    y, *saved = getattr(recurrent, f"{name}_forward")(*arrays, None, False)
    backward, every = getattr(recurrent, f"{name}_backward"), [True] * len(arrays)
    everything = backward(y, y, *saved, every, *arrays, None, False)
    for i in (0, *range(1 + states, len(arrays))):
        needed = [j != i for j in range(len(arrays))]
        some = backward(y, y, *saved, needed, *arrays, None, False)
        assert some[i] is None or not needed[-1]  # both biases may share one
        for a, b in zip(some, everything, strict=True):
            assert a is None or (a.get() == b.get()).all()
    needed = [False] * len(arrays)
    assert backward(y, y, *saved, needed, *arrays, None, False)[1 + states :] == (None,) * 4


@pytest.mark.parametrize("name", LAYERS)
def test_one_way_forward_and_another_back_agree(twins, monkeypatch, name):
    recurrent, arrays = twins("recurrent"), on_device(*drawn(name, 4, 5, 3, 9))
    needed, results = [True] * len(arrays), []
    for forth, back in [("narrow", "narrow"), ("narrow", "wide"), ("middle", "narrow, four together"), ("wide", "middle")]:
        with monkeypatch.context() as patch:
            y, *saved = getattr(taken(recurrent, forth, patch), f"{name}_forward")(*arrays, None, True)
        with monkeypatch.context() as patch:
            backward = getattr(taken(recurrent, back, patch), f"{name}_backward")
            results.append([dx.get() for dx in backward(y, y, *saved, needed, *arrays, None, True)])
    for other in results[1:]:
        assert_close(other, results[0], 1e-6)


@pytest.mark.parametrize(("way", "launches"), [("narrow", 1), ("middle", 6), ("wide", 6)], ids=str)
def test_a_layer_takes_as_many_launches_as_it_should_and_never_waits(twins, monkeypatch, way, launches):
    recurrent, arrays = taken(twins("recurrent"), way, monkeypatch), on_device(*drawn("lstm_layer", 6, 3, 2, 8))
    with LEDGER.counting() as counts:
        y, *saved = recurrent.lstm_layer_forward(*arrays, None, False)
        assert counts.launches == launches and counts.operations == launches + (7 if way == "wide" else 1)
        recurrent.lstm_layer_backward(y, y, *saved, [True] * 7, *arrays, None, False)
        assert counts.launches == 2 * launches and not counts.waits


def test_all_steps_are_one_launch_where_the_weights_fit_into_shared_memory(twins):
    recurrent = twins("recurrent")
    widest = {"LSTM": 112, "GRU": 128, "TANH": 192, "RELU": 192}
    for name, M in widest.items():
        cell = getattr(recurrent, name)
        layout = recurrent.layout_for(cell, 500, M)
        assert layout.together == 4 and layout.threads >= 4 * M and layout.shared <= H100[1]
        assert recurrent.layout_for(cell, 500, M + 1) is None
    assert recurrent.layout_for(recurrent.LSTM, 132, 8).together == 1
    assert recurrent.layout_for(recurrent.LSTM, 133, 8).together == 4
    assert recurrent.layout_for(recurrent.LSTM, 10**5, 8) is None


@pytest.mark.parametrize(("name", "M"), [("lstm_layer", 112), ("gru_layer", 128), ("rnn_tanh_layer", 192)])
def test_the_widest_of_them_do_fit(twins, name, M):
    check(name, (2, 133 if name == "lstm_layer" else 2, 1, M))


def test_products_of_all_steps_at_once_are_rounded_if_that_was_asked_for(twins, cupy, monkeypatch):
    recurrent, seen = twins("recurrent"), []
    monkeypatch.setattr(recurrent, "matmul_loop", lambda x, w: seen.append((*x.shape, w.shape[1])) or cupy.matmul(x, w))
    run("lstm_layer", drawn("lstm_layer", 3, 5, 2, 7))
    T, B, I, M = 3, 5, 2, 7
    assert seen == [(T * B, I, 4 * M), (T * B, 4 * M, I), (4 * M, T * B, I), (4 * M, B, M), (4 * M, (T - 1) * B, M)]


def test_large_steps_are_left_to_cublas(twins):
    recurrent = twins("recurrent")
    assert [recurrent.step_for(recurrent.LSTM, B, M)[1] for B, M in [(16, 256), (64, 512), (64, 1024)]] == ["fused_step"] * 2 + ["step"]


def test_what_is_not_covered_is_handed_back(twins):
    recurrent, arrays = twins("recurrent"), on_device(*drawn("lstm_layer", 3, 5, 4, 7))
    assert recurrent.lstm_layer_forward(*(a.astype("float64") for a in arrays), None, False) is NotImplemented
    empty = on_device(*drawn("gru_layer", 3, 0, 4, 7))
    assert recurrent.gru_layer_forward(*empty, None, False) is NotImplemented
    y, *saved = recurrent.lstm_layer_forward(*arrays, None, False)
    wide = y.astype("float64")
    assert recurrent.lstm_layer_backward(wide, y, *saved, [True] * 7, *arrays, None, False) is NotImplemented


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gru_layer", "lstm_layer"])
def test_no_two_threads_race(way, name):
    assert not races_in(lambda: run(name, drawn(name, 3, 5, 2, 18)))


@pytest.mark.slow
def test_a_missing_barrier_is_a_race(twins):
    recurrent = twins("recurrent")
    plant(SimpleNamespace(PROGRAM=recurrent.SEQUENCE), "    __syncthreads();\n    if (step + 1 < T) fetch", "    if (step + 1 < T) fetch")
    assert races_in(lambda: run("gru_layer", drawn("gru_layer", 3, 5, 2, 18)))


BUGS = [
    ("SEQUENCE", "narrow", "t < count ? h : 0.0f", "h"),
    ("SEQUENCE", "narrow", "    __syncthreads();\n    if (step + 1 < T) fetch", "    if (step + 1 < T) fetch"),
    ("SEQUENCE", "narrow", "weights.at(1 - step % 2, cell.lane", "weights.at(step % 2, cell.lane"),
    ("SEQUENCE", "narrow, four together", "given = high ? low_pair : high_pair", "given = high ? high_pair : low_pair"),
    ("FUSED", "middle", "if (!last) tile.store(1 - buffer);\n    __syncthreads();", "if (!last) tile.store(1 - buffer);"),
    ("FUSED", "middle", "part < PARTS; part++", "part < PARTS - 1; part++"),
    ("STEP", "wide", "before < 0 || before >= count;", "before < 0;"),
    ("STEP", "wide", "if (t < count) {", "{"),
    ("STEP", "wide", "number < (long long)B * M", "number <= (long long)B * M"),
    ("STEP", "wide", "du[2] = inside * r", "du[2] = inside"),
]


@pytest.mark.parametrize(("program", "way", "old", "new"), BUGS)
def test_planted_bugs_are_found(twins, monkeypatch, program, way, old, new):
    recurrent = taken(twins("recurrent"), way, monkeypatch)
    module = SimpleNamespace(PROGRAM=getattr(recurrent, program))
    plant(module, old, new)
    plant(module, "<{Tanh|Relu|Gru|Lstm}", "<{Gru|Lstm}")  # fewer to compile
    with pytest.raises(FOUND):
        for schedule in SCHEDULES:
            with scheduled(*schedule):
                check("lstm_layer", (5, 7, 3, 19), **RAGGED)
                check("gru_layer", (5, 7, 3, 19), **RAGGED)
