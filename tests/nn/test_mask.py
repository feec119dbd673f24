import math

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, nn
from minigrad.errors import ArgumentError, DtypeError, ShapeError
from minigrad.nn.mask import both, generate_square_subsequent_mask, merged_mask, widened

SHOWN = np.array([[True, False, True], [False, True, True]])


def test_a_causal_mask_shows_what_came_before():
    assert nn.causal_mask(3).tolist() == np.tri(3, dtype=bool).tolist()
    assert nn.causal_mask(2, 4).tolist() == np.tri(4, dtype=bool)[2:].tolist()


def test_pytorchs_causal_mask_is_of_numbers():
    mask = generate_square_subsequent_mask(3, dtype="float64")
    assert mask.tolist() == [[0, -math.inf, -math.inf], [0, 0, -math.inf], [0, 0, 0]] and mask.dtype == minigrad.float64


def test_lengths_become_a_mask():
    expected = [[True, True, False], [False] * 3, [True] * 3]
    assert nn.length_mask([2, 0, 3]).tolist() == nn.length_mask(minigrad.tensor([2, 0, 3])).tolist() == expected
    assert nn.length_mask([1], 2).tolist() == [[True, False]] and nn.length_mask(np.zeros(0, "int64")).shape == (0, 0)
    for wrong in ([1.5], [-1], 3):
        with pytest.raises(ArgumentError, match=r"length_mask: needs whole numbers >= 0, one per sequence, got"):
            nn.length_mask(wrong)


@pytest.mark.parametrize("first", ["bool", "float"])
@pytest.mark.parametrize("second", ["bool", "float"])
def test_two_masks_hide_what_either_hides(first, second):
    a, b = SHOWN[0], SHOWN[1]
    make = lambda m, kind: Tensor(m if kind == "bool" else np.where(m, 0.5, -np.inf))
    got = both(make(a, first), make(b, second)).numpy()
    if first == second == "bool":
        assert got.tolist() == (a & b).tolist()
    else:
        assert got.tolist() == np.where(a & b, 0.5 * ((first == "float") + (second == "float")), -np.inf).tolist()


def test_merging_turns_true_around():
    f = lambda *masks: merged_mask("op", *masks, (2, 3, 2, 3), np.dtype("float64"))
    assert f(None, None) is None
    assert f(Tensor(~SHOWN), None).tolist() == SHOWN.tolist()
    padding = np.array([[False, False, True], [False, True, True]])
    merged = f(Tensor(~SHOWN), Tensor(padding))
    assert merged.shape == (2, 1, 2, 3)
    assert merged.tolist() == (SHOWN & ~padding[:, None, None]).tolist()
    per_head = np.random.default_rng(0).random((6, 2, 3)) < 0.5
    assert f(Tensor(per_head), None).tolist() == (~per_head).reshape(2, 3, 2, 3).tolist()
    assert f(Tensor(np.ones((2, 3), "float32")), None).dtype == np.float64


def test_wider_masks_show_the_new_columns():
    assert widened(Tensor(SHOWN), 2).tolist() == np.concatenate([SHOWN, np.ones((2, 2), bool)], 1).tolist()
    assert widened(minigrad.full((1, 2), -1.0), 1).tolist() == [[-1, -1, 0]]


@pytest.mark.parametrize(("masks", "kind", "words"), [
    ((minigrad.zeros(3, 2), None), ShapeError, "op: attn_mask has shape (3, 2), needs (T, U) = (2, 3) or (B·A, T, U) = (6, 2, 3)\n  (B, A, T, U) = (2, 3, 2, 3)"),
    ((None, minigrad.zeros(3, dtype=bool)), ShapeError, "op: key_padding_mask has shape (3,), needs (B, U) = (2, 3)"),
    ((minigrad.zeros(2, 3, dtype="int64"), None), DtypeError, "op: attn_mask must be a bool or floating tensor, got int64\nHint: use .bool(); True hides"),
    ((None, [[True]]), DtypeError, "op: key_padding_mask must be a bool or floating tensor, got list"),
])  # fmt: skip
def test_masks_that_do_not_fit_are_explained(masks, kind, words):
    with pytest.raises(kind) as caught:
        merged_mask("op", *masks, (2, 3, 2, 3), np.dtype("float32"))
    assert words in str(caught.value)
