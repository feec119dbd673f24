"""The kernels against the definition: values and all gradients, on sizes that fill no tile and on those that do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad
from minigrad import Tensor, ops
from minigrad_kernels.cpu import recurrent as twins
from minigrad_kernels.cpu import recurrent_layout

LAYERS = {"rnn_tanh_layer": (1, 1), "rnn_relu_layer": (1, 1), "gru_layer": (1, 3), "lstm_layer": (2, 4)}  # states, blocks


def drawn(name, T, B, I, M, seed=0, biases=True):
    states, blocks = LAYERS[name]
    rng = np.random.default_rng(seed)
    shapes = [(T, B, I), *[(B, M)] * states, (blocks * M, I), (blocks * M, M), *[(blocks * M,)] * (2 * biases)]
    return [rng.uniform(-1, 1, s).astype("float32") for s in shapes]


def run(name, arrays, mode="auto", dtype="float32", which=slice(None), **options):
    """Return the results and the gradients of a random sum over all of them."""
    with minigrad.kernels(mode):
        xs = [minigrad.from_numpy(np.asarray(a, dtype)) for a in arrays]
        for x in xs[which]:
            x.requires_grad = True
        ys = getattr(ops, name)(*xs, **options)
        total = sum((y * Tensor(np.random.default_rng(i).uniform(-1, 1, y.shape).astype(dtype))).sum() for i, y in enumerate(ys))
        total.backward()
        return [y.numpy() for y in ys] + [x.grad.numpy() for x in xs[which]]


def assert_close(got, expected):
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=2e-5 * max(1, np.abs(b).max(initial=0)))


@st.composite
def problems(draw):
    size = [draw(st.integers(1, most)) for most in (6, 19, 20, 35)]
    lengths = draw(st.none() | st.lists(st.integers(1, size[0]), min_size=size[1], max_size=size[1]))
    return draw(st.sampled_from(list(LAYERS))), size, draw(st.booleans()), lengths, draw(st.booleans()), draw(st.integers(0, 2**32))


@given(problems())
def test_kernels_agree_with_the_definition_in_double_precision(problem):
    name, size, biases, lengths, reverse, seed = problem
    arrays, options = drawn(name, *size, seed, biases), {"lengths": lengths, "reverse": reverse}
    assert_close(run(name, arrays, **options), run(name, arrays, "reference", "float64", **options))


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("name", LAYERS)
def test_sequences_of_different_lengths_begin_and_end_on_their_own(name, reverse):
    options = {"lengths": [5, 2, 1, 4, 5, 3, 1], "reverse": reverse}
    arrays = drawn(name, 5, 7, 3, 6)
    assert_close(run(name, arrays, **options), run(name, arrays, "reference", "float64", **options))


@pytest.mark.parametrize("name", LAYERS)
def test_the_kernels_are_what_runs(name, monkeypatch):
    seen = []
    monkeypatch.setattr(minigrad.ops.recurrent, "stack", lambda xs: seen.append(xs) or ops.stack(xs))
    arrays = drawn(name, 3, 4, 5, 6)
    run(name, arrays)
    assert not seen
    run(name, arrays, "reference")
    assert seen


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("name", LAYERS)
def test_a_nan_in_the_padding_goes_nowhere(name, reverse):
    lengths, found = [4, 1, 3, 2, 4], []
    arrays = drawn(name, 4, 5, 3, 16)
    for filling in (0.0, np.nan):
        arrays[0][np.arange(4)[:, None] >= lengths] = filling
        found.append(run(name, arrays, lengths=lengths, reverse=reverse))
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", LAYERS)
def test_a_nan_in_the_input_is_not_lost(name):
    arrays = drawn(name, 3, 5, 3, 16)
    arrays[0][1, 2] = np.nan
    y = run(name, arrays)[0]
    assert np.isnan(y[1:, 2]).all() and np.isnan(y).sum() == 2 * 16


@pytest.mark.parametrize("name", LAYERS)
def test_results_depend_neither_on_threads_nor_on_neighbours(name, monkeypatch):
    arrays, found = drawn(name, 9, 37, 8, 96), []
    monkeypatch.setattr(recurrent_layout, "WORTHWHILE", 0)
    for threads in ("1", "2", "3"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        found.append(run(name, arrays))
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(a, b)
    states = LAYERS[name][0]
    few = [arrays[0][:, 20:25], *(s[20:25] for s in arrays[1 : 1 + states]), *arrays[1 + states :]]
    np.testing.assert_array_equal(run(name, few)[0], found[0][0][:, 20:25])


def scrambled(a):
    """Return the same values in memory that runs backwards and may not be written to."""
    store = np.empty((*a.shape, 2), a.dtype)[::-1]
    store[..., 0] = a
    view = store[..., 0]
    view.flags.writeable = False
    return view


@pytest.mark.parametrize("name", LAYERS)
def test_the_layout_of_the_inputs_does_not_matter(name):
    arrays = drawn(name, 3, 5, 4, 7)
    for a, b in zip(run(name, [scrambled(a) for a in arrays]), run(name, arrays), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", LAYERS)
def test_gradients_that_nobody_needs_are_left_out(name):
    arrays = drawn(name, 3, 5, 4, 7)
    everything, states = run(name, arrays), LAYERS[name][0]
    some = run(name, arrays, which=slice(1 + states, None))
    for a, b in zip(some[1 + states :], everything[2 + 2 * states :], strict=True):
        np.testing.assert_array_equal(a, b)
    y, *saved = getattr(twins, f"{name}_forward")(*arrays, None, False)
    needed = [False] + [True] * (len(arrays) - 1)
    assert getattr(twins, f"{name}_backward")(y, y, *saved, needed, *arrays, None, False)[0] is None


@pytest.mark.parametrize("name", LAYERS)
def test_second_derivatives_are_those_of_the_definition(name):
    arrays, found = drawn(name, 3, 5, 2, 3), []
    for mode in ("auto", "reference"):
        with minigrad.kernels(mode):
            xs = [Tensor(a, requires_grad=True) for a in arrays]
            y = getattr(ops, name)(*xs, lengths=[3, 1, 2, 3, 3])[0]
            gs = minigrad.grad((y * y * y).sum(), xs, create_graph=True)
            sum((g * g).sum() for g in gs).backward()
            found.append([x.grad.numpy() for x in xs])
    assert_close(*found)


def test_what_is_not_covered_is_handed_back():
    arrays = drawn("lstm_layer", 3, 5, 4, 7)
    assert twins.lstm_layer_forward(*(a.astype("float64") for a in arrays), None, False) is NotImplemented
    empty = drawn("gru_layer", 3, 0, 4, 7)
    assert twins.gru_layer_forward(*empty, None, False) is NotImplemented
    assert [y.shape for y in run("gru_layer", empty)[:2]] == [(3, 0, 7), (0, 7)]
