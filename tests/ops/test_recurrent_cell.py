import numpy as np
import pytest

import minigrad
from minigrad import Tensor, ops
from minigrad.errors import ArgumentError, DtypeError, ShapeError
from tests.ops import cells
from tests.ops.laws import *

B, I, M = 2, 4, 3


def weights(blocks, biases=True):
    rows = [A(blocks * M, I), A(blocks * M, M)]
    return [*rows, A(blocks * M), A(blocks * M)] if biases else rows


def lstm_cell(x, h, c, *rest):
    return ops.stack(ops.lstm_cell(x, (h, c), *rest))


def lstm(*args):
    return np.stack(cells.lstm(*args))


CASES = [
    Case("rnn_tanh_cell", ops.rnn_tanh_cell, cells.rnn(np.tanh), [A(B, I), A(B, M), *weights(1)]),
    Case("rnn_tanh_cell", ops.rnn_tanh_cell, cells.rnn(np.tanh), [A(B, I), A(B, M), *weights(1, biases=False)]),
    Case("rnn_relu_cell", ops.rnn_relu_cell, cells.rnn(cells.relu), [A(B, I), A(B, M), *weights(1)], seed=1),
    Case("lstm_cell", lstm_cell, lstm, [A(B, I), A(B, M), A(B, M), *weights(4)]),
    Case("lstm_cell", lstm_cell, lstm, [A(1, I), A(1, M), A(1, M), *weights(4, biases=False)]),
    Case("gru_cell", ops.gru_cell, cells.gru, [A(B, I), A(B, M), *weights(3)]),
    Case("gru_cell", ops.gru_cell, cells.gru, [A(5, I), A(5, M), *weights(3, biases=False)]),
]


def zeros(*shape):
    return minigrad.zeros(*shape)


def test_an_open_forget_gate_and_a_shut_input_gate_keep_the_memory():
    wide_open = Tensor(np.repeat([-100.0, 100.0, 0.0, 0.0], M))
    c = minigrad.rand(B, M, dtype="float64", requires_grad=True)
    none = Tensor(np.zeros((4 * M, M)))
    h, after = zeros(B, M).double(), c
    for _ in range(50):
        h, after = ops.lstm_cell(h, (h, after), none, none, wide_open)
    np.testing.assert_array_equal(after.numpy(), c.numpy())
    after.sum().backward()
    np.testing.assert_array_equal(c.grad.numpy(), np.ones((B, M)))


def test_a_shut_update_gate_keeps_the_state_of_a_gru():
    h, none = minigrad.rand(B, M), zeros(3 * M, M)
    keep = Tensor(np.repeat([0.0, 100.0, 0.0], M), dtype="float32")
    np.testing.assert_array_equal(ops.gru_cell(h, h, none, none, keep).numpy(), h.numpy())


def test_a_shut_reset_gate_hides_the_state_from_the_candidate():
    rng = np.random.default_rng(0)
    x, w_ih, w_hh = (Tensor(rng.normal(size=s)) for s in [(B, I), (3 * M, I), (3 * M, M)])
    shut = Tensor(np.repeat([-1e3, -1e3, 0.0], M))
    a, b = (ops.gru_cell(x, Tensor(rng.normal(size=(B, M))), w_ih, w_hh, shut).numpy() for _ in range(2))
    np.testing.assert_allclose(a, b, atol=1e-12)


CELLS = [("rnn_tanh_cell", 1), ("rnn_relu_cell", 1), ("gru_cell", 3), ("lstm_cell", 4)]


def call(name, blocks, x=(B, I), h=(B, M), w_ih=None, w_hh=None, **biases):
    state = zeros(*h) if name != "lstm_cell" else (zeros(*h), zeros(*h))
    given = {k: zeros(*v) for k, v in biases.items()}
    return getattr(ops, name)(zeros(*x), state, zeros(*w_ih or (blocks * M, I)), zeros(*w_hh or (blocks * M, M)), **given)


@pytest.mark.parametrize(("name", "blocks"), CELLS)
def test_sizes_that_disagree_are_named(name, blocks):
    rows = "M" if blocks == 1 else f"{blocks}M"
    first = "h" if name == "lstm_cell" else "hx"
    with pytest.raises(ShapeError, match=rf"{name}: I is 5 in input but 4 in w_ih\n(.*\n)*Hint: build the layer with input_size I"):
        call(name, blocks, x=(B, 5))
    with pytest.raises(ShapeError, match=f"{name}: B is 2 in input but 3 in {first}"):
        call(name, blocks, h=(3, M))
    with pytest.raises(ShapeError, match=f"{name}: input needs 2 axes, has 1"):
        call(name, blocks, x=(I,))
    with pytest.raises(ShapeError, match=f"{name}: {rows} is {blocks * M} in w_ih but 1 in b_hh|M is 3 in hx but 1 in b_hh"):
        call(name, blocks, b_hh=(1,))


@pytest.mark.parametrize(("name", "blocks"), CELLS[2:])
def test_a_wrong_number_of_blocks_is_named(name, blocks):
    with pytest.raises(ShapeError, match=rf"{name}: {blocks}M is 15, not {blocks} times M = 3\n(.*\n)*Hint: the weights hold {blocks} blocks"):
        call(name, blocks, w_ih=(15, I), w_hh=(15, M))


def test_a_state_that_is_no_pair_is_refused():
    with pytest.raises(ArgumentError, match=r"lstm_cell: hx must be the pair \(h, c\), got Tensor"):
        ops.lstm_cell(zeros(B, I), zeros(2, B, M), zeros(4 * M, I), zeros(4 * M, M))


def test_types_must_agree_and_be_floating():
    with pytest.raises(DtypeError, match="gru_cell: input is float32 but hx is float64"):
        ops.gru_cell(zeros(B, I), zeros(B, M).double(), zeros(3 * M, I), zeros(3 * M, M))
    whole = [zeros(*s).long() for s in [(B, I), (B, M), (M, I), (M, M)]]
    with pytest.raises(DtypeError, match="rnn_tanh_cell: needs floating tensors, got int64\n"):
        ops.rnn_tanh_cell(*whole)
    with pytest.raises(DtypeError, match="rnn_tanh_cell: w_ih must be a tensor, got NoneType"):
        ops.rnn_tanh_cell(zeros(B, I), zeros(B, M), None, zeros(M, M))
