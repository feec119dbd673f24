import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad
from minigrad import Tensor, ops
from minigrad.errors import ArgumentError, DtypeError, ShapeError
from minigrad.testing import gradcheck, gradgradcheck
from tests.ops import cells
from tests.ops.laws import *

T, B, I, M, O = 4, 3, 2, 3, 2
LAYERS = {
    "rnn_tanh_layer": (1, 1, cells.rnn(np.tanh)),
    "rnn_relu_layer": (1, 1, cells.rnn(cells.relu)),
    "gru_layer": (1, 3, cells.gru),
    "lstm_layer": (2, 4, cells.lstm),
}  # name: states, blocks, reference cell
RAGGED = [3, 4, 1]


def joined(name, x, *rest, **options):
    """All results of a layer as one tensor: outputs, then the last states."""
    y, *states = getattr(ops, name)(x, *rest, **options)
    return ops.cat([y, *(s.unsqueeze(0) for s in states)])


def case(name, *, biases=True, size=(T, B, I, M), **options):
    states, blocks, cell = LAYERS[name]
    T, B, I, M = size

    def reference(x, *rest, lengths=None, reverse=False):
        y, *last = cells.each_alone(cell, x, rest[:states], rest[states:], lengths, reverse)
        return np.concatenate([y, *(s[None] for s in last)])

    args = [A(T, B, I), *[A(B, M)] * states, A(blocks * M, I), A(blocks * M, M), *[A(blocks * M)] * (2 * biases)]
    return Case(name, lambda *args, **options: joined(name, *args, **options), reference, args, options, general=False)


CASES = [
    *[case(name, size=(3, 2, 2, 2)) for name in LAYERS],
    case("lstm_layer", biases=False, size=(1, 2, 3, 1)),
    case("gru_layer", size=(3, 2, 2, 2), lengths=[3, 1], reverse=True),
    case("lstm_layer", size=(3, 2, 2, 2), lengths=[1, 3]),
]


def drawn(name, seed=0, proj=False, size=(T, B, I, M), dtype="float64"):
    """Return the inputs of a layer: x, the states, the weights."""
    states, blocks, _ = LAYERS[name]
    rng, (T, B, I, M) = np.random.default_rng(seed), size
    out = O if proj else M
    shapes = [(T, B, I), (B, out), *[(B, M)] * (states - 1), (blocks * M, I), (blocks * M, out), (blocks * M,), (blocks * M,)]
    return [rng.normal(size=s).astype(dtype) for s in shapes + [(O, M)] * proj]


def run(name, arrays, requires_grad=False, **options):
    xs = [Tensor(a, requires_grad=requires_grad) for a in arrays]
    return xs, getattr(ops, name)(*xs, **options)


@given(
    st.sampled_from(list(LAYERS)), st.tuples(*[st.integers(1, 5)] * 4), st.booleans(), st.booleans(), st.integers(0, 2**32)
)
def test_a_batch_is_its_sequences_one_by_one(name, size, ragged, reverse, seed):
    states, _, cell = LAYERS[name]
    arrays = drawn(name, seed, size=size)
    lengths = np.random.default_rng(seed).integers(1, size[0] + 1, size[1]) if ragged else None
    _, got = run(name, arrays, lengths=lengths, reverse=reverse)
    expected = cells.each_alone(cell, arrays[0], arrays[1 : 1 + states], arrays[1 + states :], lengths, reverse)
    for ours, theirs in zip(got, expected, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs, atol=1e-12)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("lengths", [None, RAGGED])
def test_a_projection_narrows_what_is_shown_and_handed_on(lengths, reverse):
    arrays = drawn("lstm_layer", proj=True)
    _, got = run("lstm_layer", arrays, lengths=lengths, reverse=reverse)
    expected = cells.each_alone(cells.lstm, arrays[0], arrays[1:3], arrays[3:-1], lengths, reverse, arrays[-1])
    for ours, theirs in zip(got, expected, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs, atol=1e-12)


def test_a_projection_has_first_and_second_derivatives():
    arrays = drawn("lstm_layer", proj=True, size=(2, 2, 2, 3))
    f = lambda *xs: ops.lstm_layer(*xs, lengths=[1, 2])
    gradcheck(f, *arrays)
    gradgradcheck(f, *arrays)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("name", LAYERS)
def test_what_the_padding_holds_has_no_effect_forward_or_backward(name, reverse):
    arrays, results = drawn(name), []
    padding = np.arange(T)[:, None] >= RAGGED
    rng = np.random.default_rng(1)
    v = rng.normal(size=(T, B, M))
    for filling in (0.0, 1e300, np.nan, np.inf):
        arrays[0][padding] = filling
        v[padding] = filling if np.isfinite(filling) else 7.0
        xs, got = run(name, arrays, requires_grad=True, lengths=RAGGED, reverse=reverse)
        total = (got[0] * Tensor(v)).sum() + sum((s * s).sum() for s in got[1:])
        total.backward()
        results.append([*(y.numpy() for y in got), *(x.grad.numpy() for x in xs)])
        assert not got[0].numpy()[padding].any() and not xs[0].grad.numpy()[padding].any()
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("name", LAYERS)
def test_an_output_depends_on_no_step_that_comes_later(name, reverse):
    arrays = drawn(name)
    (x, *_), (y, *_) = run(name, arrays, requires_grad=True, reverse=reverse)
    for t in range(T):
        (dx,) = minigrad.grad(y[t].sum(), x, retain_graph=True)
        seen = [bool(dx.numpy()[s].any()) for s in range(T)]
        assert seen == [s >= t if reverse else s <= t for s in range(T)]


@pytest.mark.parametrize("name", LAYERS)
def test_a_sequence_does_not_see_its_neighbours(name):
    (x, *_), (y, *_) = run(name, drawn(name), requires_grad=True)
    (dx,) = minigrad.grad(y[:, 1].sum(), x)
    assert dx.numpy()[:, 1].any() and not dx.numpy()[:, [0, 2]].any()


@pytest.mark.parametrize("name", LAYERS)
def test_a_sequence_may_be_cut_in_two(name):
    states = LAYERS[name][0]
    arrays = drawn(name)
    _, (y, *last) = run(name, arrays)
    start, weights = arrays[1 : 1 + states], arrays[1 + states :]
    _, (first, *between) = run(name, [arrays[0][:1], *start, *weights])
    _, (second, *end) = run(name, [arrays[0][1:], *(s.numpy() for s in between), *weights])
    np.testing.assert_allclose(np.concatenate([first.numpy(), second.numpy()]), y.numpy(), atol=1e-14)
    for a, b in zip(end, last, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), atol=1e-14)


@pytest.mark.parametrize("name", LAYERS)
def test_reverse_is_forward_on_the_reversed_sequence(name):
    arrays = drawn(name)
    _, (y, *last) = run(name, arrays, reverse=True)
    _, (z, *end) = run(name, [arrays[0][::-1], *arrays[1:]])
    np.testing.assert_array_equal(y.numpy(), z.numpy()[::-1])
    for a, b in zip(last, end, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


@pytest.mark.parametrize("name", LAYERS)
def test_permuting_the_batch_permutes_the_result(name):
    states, order = LAYERS[name][0], [2, 0, 1]
    arrays = drawn(name)
    _, got = run(name, arrays, lengths=RAGGED)
    moved = [arrays[0][:, order], *(s[order] for s in arrays[1 : 1 + states]), *arrays[1 + states :]]
    _, after = run(name, moved, lengths=np.array(RAGGED)[order])
    np.testing.assert_allclose(after[0].numpy(), got[0].numpy()[:, order], atol=1e-14)
    for a, b in zip(after[1:], got[1:], strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy()[order], atol=1e-14)


def test_no_sequences_are_no_problem():
    for name, (states, _, _) in LAYERS.items():
        _, got = run(name, drawn(name, size=(T, 0, I, M)))
        assert [y.shape for y in got] == [(T, 0, M), *[(0, M)] * states]


@pytest.mark.parametrize("name", LAYERS)
def test_bad_input_is_explained(name):
    x, *rest = [Tensor(a) for a in drawn(name)]
    layer = getattr(ops, name)
    with pytest.raises(ShapeError, match=re.escape(f"{name}: there is no step to take, input (T, B, I) = (0, 3, 2)")):
        layer(x[:0], *rest)
    with pytest.raises(ShapeError, match=rf"{name}: input needs 3 axes, has 2\n  input \(T, B, I\) = \(3, 2\)"):
        layer(x[0], *rest)
    with pytest.raises(ShapeError, match=rf"{name}: I is 1 in input but 2 in w_ih\n(.*\n)*Hint: build the layer with input_size"):
        layer(x[:, :, :1], *rest)
    with pytest.raises(ShapeError, match=f"{name}: B is 3 in input but 1 in h0"):
        layer(x, rest[0][:1], *rest[1:])
    with pytest.raises(DtypeError, match=f"{name}: input is float64 but h0 is float32"):
        layer(x, rest[0].float(), *rest[1:])
    with pytest.raises(ArgumentError, match=rf"{name}: lengths holds 5, outside \[1, 4\]: the sequences are padded to 4"):
        layer(x, *rest, lengths=[5, 1, 1])
    with pytest.raises(ArgumentError, match=rf"{name}: lengths holds 0, outside \[1, 4\]"):
        layer(x, *rest, lengths=[0, 1, 1])
    with pytest.raises(ShapeError, match=rf"{name}: lengths has shape \(2,\), B = 3 sequences"):
        layer(x, *rest, lengths=[1, 1])
    with pytest.raises(DtypeError, match=f"{name}: lengths must be whole numbers, got float32"):
        layer(x, *rest, lengths=[1.0, 2.0, 3.0])


def test_a_projection_of_another_size_is_explained():
    x, h, c, *weights, w_hr = [Tensor(a) for a in drawn("lstm_layer", proj=True)]
    with pytest.raises(ShapeError, match="lstm_layer: O is 2 in h0 but 1 in w_hr"):
        ops.lstm_layer(x, h, c, *weights, w_hr[:1])
    with pytest.raises(ShapeError, match="lstm_layer: M is 3 in c0 but 2 in w_hr"):
        ops.lstm_layer(x, h, c, *weights, w_hr[:, :2])
