"""The ledger lists the memory that a graph keeps alive, each block once."""

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, checkpoint, memory
from minigrad.autograd import record
from minigrad.ops.fused import fused_pair
from minigrad_kernels import registry


def leaf(*shape):
    return Tensor(np.ones(shape), requires_grad=True)


def ops_of(y):
    return {op: size for op, (_, size) in memory.ledger(y).by_op().items()}


def test_results_leaves_and_constants_are_told_apart():
    x, w = leaf(10, 10), Tensor(np.ones((10, 10)))
    assert ops_of((x * w).sum()) == {"mul": 800, "leaf": 800, "constant": 800, "sum": 8}


def test_views_share_their_block():
    y = leaf(10, 10) * 2
    assert ops_of(y.reshape(100)[10:20].sum())["mul"] == 800
    assert "reshape" not in ops_of(y.reshape(100).sum())


def test_a_diamond_counts_once():
    h = leaf(10) * 2
    assert memory.ledger(h * h + h).by_op()["mul"] == (2, 160)


def test_arrays_that_a_rule_mentions_are_counted():
    x, mask = leaf(10), np.ones(10)

    def d_x(dy, _):
        return dy * Tensor(mask)

    assert ops_of(record("masked", x.array * mask, (x, d_x)))["masked"] == 160


def test_what_a_pair_of_kernels_saved_is_counted(monkeypatch):
    monkeypatch.setitem(registry._found, ("pair_forward", "cpu"), lambda x: (x * 2, np.ones(1000)))
    assert ops_of(fused_pair("pair", lambda x: x * 2, (leaf(10),)))["pair"] == 8080


def test_backward_lets_go_of_everything_but_the_result():
    y = (leaf(10) * 2).sum()
    y.backward()
    assert memory.ledger(y).total == 8


def test_a_checkpoint_keeps_its_inputs_and_results_only():
    x = leaf(1000)
    plain = memory.ledger((x * 2).exp().sum()).total
    assert memory.ledger(checkpoint(lambda x: (x * 2).exp().sum(), x)).total == 8008 < plain


def test_several_outputs_share_what_they_have_in_common():
    h = leaf(100) * 2
    assert memory.ledger(h.sum(), h.exp()).by_op()["mul"] == (1, 800)


def test_the_users_line_is_named_where_it_was_noted():
    with minigrad.detect_anomaly():
        y = leaf(3) * 2
    assert any(block.place.startswith(__file__) for block in memory.ledger(y).blocks)


def test_a_ledger_prints_as_a_table_with_a_total():
    lines = str(memory.ledger(leaf(1000) * 2)).splitlines()
    assert lines[0].split() == ["op", "blocks", "bytes", "share"] and lines[-1].split() == ["total", "3", "16,008"]


def test_the_peak_counts_what_was_freed_again_inside_the_block():
    with memory.peak() as measured:
        np.ones(10**6)
    assert 8e6 <= measured.bytes < 9e6


def test_a_peak_inside_a_peak_leaves_the_outer_one_running():
    with memory.peak() as outer:
        with memory.peak():
            np.ones(10)
        np.ones(10**6)
    assert outer.bytes >= 8e6


def test_an_error_inside_is_passed_on():
    with pytest.raises(ZeroDivisionError), memory.peak():
        1 / 0  # noqa: B018
