"""Conditions on values are checked at once on the CPU, and on the GPU together with the next value that is read."""

import numpy as np
import pytest

import minigrad
from minigrad.backend import to_numpy
from minigrad.doubts import MOST, at_hand, insist, settle
from minigrad.errors import ArgumentError, RangeError
from tests.cusim.simcupy import LEDGER, installed


@pytest.fixture
def cuda():
    with installed() as cupy:
        yield cupy
        settle()


def wrong(words="no"):
    return lambda: ArgumentError(words)


@pytest.mark.parametrize("holds", [True, np.bool_(True), np.array(True)])
def test_what_holds_on_the_cpu_is_not_complained_about(holds):
    insist(holds, wrong())


@pytest.mark.parametrize("holds", [False, np.bool_(False), np.array(False)])
def test_what_does_not_hold_on_the_cpu_is_told_at_once(holds):
    with pytest.raises(ArgumentError, match=r"^no$"):
        insist(holds, wrong())


def test_values_in_the_hosts_memory_are_at_hand(cuda):
    assert at_hand(np.zeros(3)) and at_hand(np.float32(1)) and not at_hand(cuda.zeros(3))


def test_on_the_gpu_a_complaint_waits_for_the_host(cuda):
    x = cuda.arange(3)
    with LEDGER.counting():
        insist((x < 2).all(), wrong("op: a value is not below 2"))
        insist((x < 3).all(), wrong())
        assert not LEDGER.waits
    with pytest.raises(ArgumentError) as caught:
        to_numpy(x)
    assert str(caught.value) == "op: a value is not below 2\nOn the GPU this is seen late: the op ran before, and its result is wrong"
    to_numpy(x)  # nothing is left to complain about


def test_the_first_of_several_complaints_is_told(cuda):
    x = cuda.arange(3)
    insist((x < 3).all(), wrong("first"))
    insist((x < 2).all(), lambda: RangeError("second"))
    insist((x < 1).all(), wrong("third"))
    with pytest.raises(RangeError, match=r"^second"):
        minigrad.as_tensor(x).sum().item()


def test_too_many_doubts_are_settled_before_they_fill_the_memory(cuda):
    bad = cuda.zeros((), bool)
    with pytest.raises(ArgumentError):
        for _ in range(MOST + 1):
            insist(bad, wrong())


def test_a_complaint_may_look_at_the_values_itself(cuda):
    x = cuda.arange(5)
    insist((x < 4).all(), lambda: ArgumentError(f"{int(x[4])} of {to_numpy(x).tolist()}"))
    with pytest.raises(ArgumentError, match=r"4 of \[0, 1, 2, 3, 4\]"):
        settle()


def test_what_is_recorded_into_a_graph_is_not_checked(cuda):
    x = minigrad.tensor([5], device="cuda")
    table = minigrad.zeros(3, 2, device="cuda")
    graph = minigrad.cuda.CUDAGraph()
    with minigrad.cuda.graph(graph):
        y = minigrad.nn.functional.embedding(x, table)
    graph.replay()
    assert y.tolist() == [[0, 0]]
