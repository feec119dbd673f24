import numpy as np
import pytest

import minigrad
from minigrad import nn
from minigrad.errors import ArgumentError, ShapeError
from tests.ops import cells

RNG = np.random.default_rng(0)
CELLS = [
    (nn.RNNCell, {}, cells.rnn(np.tanh)), (nn.RNNCell, {"nonlinearity": "relu"}, cells.rnn(cells.relu)),
    (nn.GRUCell, {}, cells.gru), (nn.LSTMCell, {}, cells.lstm),
]  # fmt: skip


def parts(state):
    return state if isinstance(state, tuple) else (state,)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("kind", "options", "reference"), CELLS)
def test_a_cell_takes_a_step_from_zeros_or_from_a_state_in_a_batch_or_alone(kind, options, reference, bias):
    cell = kind(4, 3, bias=bias, **options).double()
    x = RNG.normal(size=(2, 4))
    weights = [p.numpy() for p in cell.parameters()]
    count = 2 if kind is nn.LSTMCell else 1
    zeros = [np.zeros((2, 3))] * count
    first = parts(cell(minigrad.tensor(x)))
    for ours, theirs in zip(first, parts(reference(x, *zeros, *weights)), strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs, atol=1e-14)
    second = parts(cell(minigrad.tensor(x), first if count == 2 else first[0]))
    for ours, theirs in zip(second, parts(reference(x, *(s.numpy() for s in first), *weights)), strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs, atol=1e-14)
    one = tuple(s[1] for s in first)
    for ours, theirs in zip(parts(cell(minigrad.tensor(x[1]), one if count == 2 else one[0])), second, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs.numpy()[1], atol=1e-14)
    assert parts(cell(minigrad.tensor(x[0])))[0].shape == (3,)


def test_the_weights_start_uniform_within_their_bound():
    minigrad.manual_seed(0)
    for kind, options, _ in CELLS:
        cell = kind(50, 25, **options)
        assert [n for n, _ in cell.named_parameters()] == ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
        for p in cell.parameters():
            assert 0.17 < np.abs(p.numpy()).max() <= 0.2


def test_a_cell_says_what_it_is():
    assert repr(nn.RNNCell(2, 3, nonlinearity="relu")) == "RNNCell(2, 3, nonlinearity=relu)"
    assert repr(nn.LSTMCell(2, 3, bias=False)) == "LSTMCell(2, 3, bias=False)"


def test_bad_input_is_explained():
    with pytest.raises(ArgumentError, match="GRUCell: hidden_size must be at least 1, got 0"):
        nn.GRUCell(2, 0)
    with pytest.raises(ArgumentError, match="RNNCell: nonlinearity is 'sigmoid'; use \"tanh\" or \"relu\""):
        nn.RNNCell(2, 3, nonlinearity="sigmoid")
    with pytest.raises(ShapeError, match="gru_cell: I is 3 in input but 2 in w_ih"):
        nn.GRUCell(2, 3)(minigrad.zeros(1, 3))
    with pytest.raises(ShapeError, match="rnn_tanh_cell: M is 4 in hx but 3 in w_ih"):
        nn.RNNCell(2, 3)(minigrad.zeros(1, 2), minigrad.zeros(1, 4))
    for given in (minigrad.zeros(1, 3), (minigrad.zeros(3),)):
        with pytest.raises(ArgumentError, match=r"lstm_cell: hx must be the pair \(h, c\)"):
            nn.LSTMCell(2, 3)(minigrad.zeros(1, 2), given)
