"""Ragged batches and masks."""

import numpy as np
from hypothesis import given

from minigrad.testing.strategies import lengths, masks, padding_masks
from tests.testing.strategies.seen import comes_up


@given(lengths(3, 5))
def test_some_sequence_is_the_longest_and_none_is_empty(drawn):
    assert len(drawn) == 3 and max(drawn) == 5 and min(drawn) >= 1


def test_lengths_come_in_any_order_with_ties_and_empty_ones_where_allowed():
    for pattern in (lambda n: n != sorted(n, reverse=True), lambda n: len(set(n)) == 1, lambda n: n[0] == 1):
        assert comes_up(lengths(3, 4), pattern)
    assert comes_up(lengths(2, 3, shortest=0), lambda n: 0 in n)
    assert not comes_up(lengths(2, 3), lambda n: 0 in n, 50)


@given(padding_masks(2, 4))
def test_a_padding_mask_is_true_first_and_false_behind_the_end(mask):
    m = mask.numpy()
    assert m.shape == (2, 4) and m.dtype == bool and m.any(0).all() and (np.diff(m.astype(int), axis=1) <= 0).all()


@given(masks((2, 2, 3)))
def test_every_row_of_a_mask_sees_something(mask):
    assert mask.numpy().any(-1).all()


def test_masks_come_full_and_holed_and_blind_where_allowed():
    assert comes_up(masks((2, 2)), lambda m: m.numpy().all())
    assert comes_up(masks((2, 2)), lambda m: not m.numpy()[0, 0])
    assert comes_up(masks((2, 2), seen=False), lambda m: not m.numpy().any())
