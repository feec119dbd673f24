import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad
from minigrad import Tensor
from minigrad.errors import ArgumentError, DtypeError, ShapeError
from minigrad.nn.utils.rnn import (
    PackedSequence,
    pack_padded_sequence,
    pack_sequence,
    pad_packed_sequence,
    pad_sequence,
    unpack_sequence,
    unpad_sequence,
)
from minigrad.testing import gradcheck

LENGTHS = st.lists(st.integers(1, 5), min_size=1, max_size=5)


def drawn(lengths, width=2, seed=0):
    rng = np.random.default_rng(seed)
    return [Tensor(rng.normal(size=(n, width))) for n in lengths]


def same(got, expected):
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


@given(LENGTHS, st.booleans())
def test_padding_can_be_undone(lengths, batch_first):
    xs = drawn(lengths)
    padded = pad_sequence(xs, batch_first, padding_value=np.nan)
    assert padded.shape == ((len(xs), max(lengths), 2) if batch_first else (max(lengths), len(xs), 2))
    assert int(padded.isnan().sum()) == 2 * sum(max(lengths) - n for n in lengths)
    same(unpad_sequence(padded, lengths, batch_first), xs)


@given(LENGTHS)
def test_packing_can_be_undone_and_holds_no_padding(lengths):
    xs = drawn(lengths)
    packed = pack_sequence(xs, enforce_sorted=False)
    assert packed.data.shape == (sum(lengths), 2)
    assert packed.batch_sizes.tolist() == [sum(n > t for n in lengths) for t in range(max(lengths))]
    same(unpack_sequence(packed), xs)


@given(LENGTHS, st.booleans(), st.integers(0, 2))
def test_a_packed_batch_pads_to_what_was_asked(lengths, batch_first, extra):
    xs, longest = drawn(lengths), max(lengths)
    packed = pack_sequence(xs, enforce_sorted=False)
    padded, n = pad_packed_sequence(packed, batch_first, padding_value=7.0, total_length=longest + extra)
    expected = minigrad.cat([pad_sequence(xs, padding_value=7.0), minigrad.full((extra, len(xs), 2), 7.0, dtype="float64")])
    np.testing.assert_array_equal(padded.numpy(), (expected.transpose(0, 1) if batch_first else expected).numpy())
    assert n.tolist() == lengths


def test_gradients_go_back_to_their_places_and_padding_gets_none():
    x = Tensor(np.random.default_rng(0).normal(size=(4, 3, 2)), requires_grad=True)
    packed = pack_padded_sequence(x, [2, 4, 1], enforce_sorted=False)
    v = Tensor(np.random.default_rng(1).normal(size=packed.data.shape))
    (packed.data * v).sum().backward()
    expected, _ = pad_packed_sequence(packed._replace(data=v))
    np.testing.assert_array_equal(x.grad.numpy(), expected.numpy())
    gradcheck(lambda d: pad_packed_sequence(packed._replace(data=d))[0], packed.data)


def test_a_nan_in_the_first_element_stays_there():
    data = Tensor(np.array([np.nan, 1.0, 2.0]), requires_grad=True)
    padded, _ = pad_packed_sequence(PackedSequence(data, minigrad.tensor([2, 1])))
    np.testing.assert_array_equal(padded.numpy(), [[np.nan, 1], [2, 0]])
    (padded * padded).sum().backward()
    np.testing.assert_array_equal(data.grad.numpy(), [np.nan, 2, 4])


def test_equal_lengths_keep_their_order():
    packed = pack_padded_sequence(minigrad.zeros(2, 4), [1, 2, 1, 2], enforce_sorted=False)
    assert packed.sorted_indices.tolist() == [1, 3, 0, 2] and packed.unsorted_indices.tolist() == [2, 0, 3, 1]


def test_a_sorted_batch_has_no_indices_and_the_data_can_be_cast():
    packed = pack_sequence([minigrad.tensor([1, 2, 3]), minigrad.tensor([4])])
    assert packed.data.tolist() == [1, 4, 2, 3] and packed.sorted_indices is packed.unsorted_indices is None
    assert packed.to("float64").data.dtype == minigrad.float64


def test_padding_may_come_first():
    padded = pad_sequence([minigrad.tensor([1, 2]), minigrad.tensor([3])], True, -1, padding_side="left")
    assert padded.tolist() == [[1, 2], [-1, 3]]


def test_padded_targets_are_what_cross_entropy_ignores():
    rng, lengths = np.random.default_rng(0), [3, 1, 2]
    targets = pad_sequence([Tensor(rng.integers(0, 5, n)) for n in lengths], batch_first=True, padding_value=-100)
    scores = Tensor(rng.normal(size=(3, 3, 5)), requires_grad=True)
    loss = minigrad.nn.functional.cross_entropy(scores.flatten(0, 1), targets.flatten(), label_smoothing=0.1)
    loss.backward()
    np.testing.assert_array_equal(scores.grad.numpy().any(2), targets.numpy() >= 0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: pad_sequence([]), ArgumentError, "pad_sequence: there is no sequence to pad"),
        (lambda: pad_sequence([minigrad.zeros(2)], padding_side="top"), ArgumentError, "pad_sequence: padding_side is 'top'; use \"left\" or \"right\""),
        (
            lambda: pad_sequence([minigrad.zeros(2, 3), minigrad.zeros(2, 4)]), ShapeError,
            "pad_sequence: sequences must agree in all axes but the first, sequence 0 and sequence 1 do not\n"
            "  sequence 0: (2, 3)\n  sequence 1: (2, 4)",
        ),
        (lambda: pad_sequence([minigrad.tensor(1.0)]), ShapeError, "sequence 0 and sequence 0 do not"),
        (lambda: unpad_sequence(minigrad.zeros(2, 3), [1, 2, 3]), ArgumentError, "unpad_sequence: lengths holds 3, outside [1, 2]"),
        (lambda: unpad_sequence(minigrad.zeros(2), [1, 2]), ShapeError, "unpad_sequence: needs axes (T, B, ...), or (B, T, ...) with batch_first, got shape (2,)"),
        (lambda: pack_padded_sequence(minigrad.zeros(2, 2), [1, 2]), ArgumentError,
         "pack_padded_sequence: lengths must not grow with enforce_sorted=True, got [1, 2]\nHint: pass enforce_sorted=False"),
        (lambda: pack_padded_sequence(minigrad.zeros(2, 2), [2, 0]), ArgumentError, "pack_padded_sequence: lengths holds 0, outside [1, 2]"),
        (lambda: pack_padded_sequence(minigrad.zeros(2, 2), [2.0, 1.0]), DtypeError, "pack_padded_sequence: lengths must be whole numbers"),
        (lambda: pack_padded_sequence(minigrad.zeros(2, 0), []), ShapeError, "pack_padded_sequence: there is no sequence to pack, input has shape (2, 0)"),
        (lambda: pad_packed_sequence(pack_sequence([minigrad.zeros(3)]), total_length=2), ArgumentError,
         "pad_packed_sequence: total_length is 2, a sequence has 3 steps"),
        (lambda: pad_packed_sequence(PackedSequence(minigrad.zeros(3), minigrad.tensor([1, 2]))), ArgumentError,
         "PackedSequence: batch_sizes [1, 2] must fall from step to step and add up to the 3 rows of data\nHint: make it with"),
        (lambda: pad_packed_sequence(PackedSequence(minigrad.zeros(3), minigrad.tensor([2, 2]))), ArgumentError, "batch_sizes [2, 2]"),
        (lambda: pad_packed_sequence(PackedSequence(minigrad.zeros(0), minigrad.tensor([], dtype="int64"))), ArgumentError, "batch_sizes []"),
    ],
)  # fmt: skip
def test_bad_input_is_explained(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
