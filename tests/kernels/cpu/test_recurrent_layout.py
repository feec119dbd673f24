import numpy as np
import pytest

from minigrad_kernels.cpu.product import ROWS, WIDE
from minigrad_kernels.cpu.recurrent_layout import BLOCK, GRU, LSTM, TANH, Layout, panels, with_spare_rows

RNG = np.random.default_rng(0)


def layout(kind=LSTM, T=3, B=2, I=4, M=5, steps=None, reverse=False):
    return Layout(kind, np.zeros((T, B, I), "float32"), np.zeros((1, M), "float32"), steps, reverse)


@pytest.mark.parametrize("M", [5, WIDE, WIDE + 1])
@pytest.mark.parametrize("kind", [TANH, GRU, LSTM])
def test_gates_are_spread_over_whole_vectors_and_gathered_again(kind, M):
    s = layout(kind, M=M)
    w = RNG.normal(size=(s.gates * M, 3)).astype("float32")
    spread = s.spread(w)
    assert spread.shape == (s.G, 3) and s.columns % WIDE == 0
    blocks = spread.reshape(s.gates, s.columns, 3)
    np.testing.assert_array_equal(blocks[:, :M], w.reshape(s.gates, M, 3))
    assert not blocks[:, M:].any()
    np.testing.assert_array_equal(s.gather(spread), w)
    np.testing.assert_array_equal(s.gather(s.turned(spread), turned=True), w)
    np.testing.assert_array_equal(s.gather(spread[:, 0]), w[:, 0])


def test_only_a_gru_turns_its_blocks():
    s = layout(GRU, M=WIDE)
    w = np.repeat([0.0, 1.0, 2.0], WIDE)[:, None].astype("float32")
    assert s.turned(w)[::WIDE, 0].tolist() == [2, 0, 1]
    assert layout(LSTM).turned(w) is w


def test_biases_add_up_but_for_the_candidate_of_a_gru():
    one, two = (np.arange(1, 4, dtype="float32").repeat(WIDE) * k for k in (1, 10))
    assert layout(GRU, M=WIDE).biases(one, two)[::WIDE].tolist() == [11, 22, 3, 30]
    assert layout(TANH, M=3 * WIDE).biases(one, two)[::WIDE].tolist() == [11, 22, 33]
    assert not layout(LSTM).biases(None, None).any()


def test_a_packed_matrix_holds_columns_side_by_side():
    w = RNG.normal(size=(3, WIDE + 2))
    packed = panels(w)
    assert packed.shape == (2, 3, WIDE) and packed.flags.c_contiguous
    np.testing.assert_array_equal(packed[0], w[:, :WIDE])
    np.testing.assert_array_equal(packed[1, :, :2], w[:, WIDE:])
    assert not packed[1, :, 2:].any()


def test_sequences_begin_and_end_where_their_lengths_say():
    steps = np.array([3, 1])
    forward, back = layout(steps=steps), layout(steps=steps, reverse=True)
    assert forward.start.tolist() == back.end.tolist() == [0, 0] and forward.end.tolist() == back.start.tolist() == [2, 0]
    assert layout().end.tolist() == [2, 2] and layout().absent is None
    x = np.full((3, 2, 4), np.nan, "float32")
    x[:, 0] = x[0, 1] = 1
    np.testing.assert_array_equal(forward.rows(x)[:, 0], [1, 1, 1, 0, 1, 0])


def test_every_sequence_is_in_one_block():
    seen = []
    layout(B=2 * BLOCK + 1).over_blocks(lambda first, last: seen.append((first, last)))
    assert seen == [(0, BLOCK), (BLOCK, 2 * BLOCK), (2 * BLOCK, 2 * BLOCK + 1)]


def test_spare_rows_come_at_the_end():
    x = np.ones((2, 3), "float32")
    y = with_spare_rows(x)
    assert y.shape == (2 + ROWS, 3) and y[:2].all() and not y[2:].any()
