import numpy as np
import pytest

import minigrad
from minigrad.errors import ArgumentError, DtypeError, ShapeError
from minigrad.ops.ragged import apart, lengths_of, present, without_padding

LIKE = np.zeros(1)


def checked(lengths, B=3, T=4, least=1):
    return lengths_of("op", "lengths", lengths, B, T, LIKE, least)


@pytest.mark.parametrize("lengths", [[2, 4, 1], (2, 4, 1), np.array([2, 4, 1], "uint8"), minigrad.tensor([2, 4, 1])])
def test_lengths_may_be_a_list_an_array_or_a_tensor(lengths):
    got = checked(lengths)
    assert got.dtype == np.int64 and got.tolist() == [2, 4, 1]


def test_what_is_returned_is_a_copy():
    given = np.array([1, 2, 3])
    got = checked(given)
    given[0] = 4
    assert got.tolist() == [1, 2, 3]


def test_no_sequences_have_no_lengths():
    assert checked([], B=0).shape == (0,)


def test_a_step_is_present_before_the_end():
    assert present(np.array([2, 0, 3]), 3).T.tolist() == [[True, True, False], [False] * 3, [True] * 3]


def test_padding_becomes_zero_and_gets_no_gradient():
    x = minigrad.full((3, 2, 2), np.nan, requires_grad=True)
    y = without_padding(x, np.array([3, 1]))
    assert y.isnan().tolist() == [[[True] * 2, [True] * 2], *[[[True] * 2, [False] * 2]] * 2]
    y.sum().backward()
    assert x.grad[:, 1].tolist() == [[1, 1], [0, 0], [0, 0]] and without_padding(x, None) is x


def test_taking_time_apart_costs_no_square_of_its_length():
    """Every edge of the tape puts a gradient back among as many zeros as its input is long."""
    frontier = set(apart(minigrad.ones(256, requires_grad=True)))
    zeros = 0
    while frontier:
        inputs = [x for y in frontier for x, _ in y.edges]
        zeros += sum(map(len, (x.array.reshape(-1) for x in inputs)))
        frontier = set(inputs)
    assert zeros <= 2 * 256 * 9  # 8 = log₂ 256 levels of halves, and the steps


@pytest.mark.parametrize("n", [0, 1, 2, 5, 8])
def test_time_is_taken_apart_in_order(n):
    assert [int(y) for y in apart(minigrad.arange(n))] == list(range(n))


@pytest.mark.parametrize(("lengths", "named"), [([2, 5, 1], 5), ([2, 0, 1], 0), ([-1, 2, 1], -1)])
def test_lengths_outside_the_sequence_are_named(lengths, named):
    with pytest.raises(ArgumentError) as caught:
        checked(lengths)
    assert str(caught.value) == (
        f"op: lengths holds {named}, outside [1, 4]: the sequences are padded to 4 steps\n"
        "Hint: count the steps of each sequence without its padding, and leave out empty ones"
    )
    assert checked([0, 4, 1], least=0).tolist() == [0, 4, 1]


def test_other_bad_lengths_are_explained():
    with pytest.raises(ShapeError, match=r"op: lengths has shape \(2,\), B = 3 sequences need one length each, shape \(3,\)"):
        checked([1, 2])
    with pytest.raises(DtypeError, match="op: lengths must be whole numbers, got float32\n"):
        checked([1.0, 2.0, 3.0])
    with pytest.raises(DtypeError, match="op: lengths must be whole numbers, got bool"):
        checked([True, True, False])
