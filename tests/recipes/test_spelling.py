"""Both spellers: padding is not seen, maps are weights of the letters there are, and writing starts and ends."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad.recipes.spelling import LONGEST, SPELLERS, START

V = 9


@pytest.fixture(name="speller", params=SPELLERS)
def speller_fixture(request):
    minigrad.manual_seed(1)
    return SPELLERS[request.param](V, 8, 2, 0.0).double()


LETTERS, SOUNDS = minigrad.tensor([[2, 3, 4, 5], [6, 7, 0, 0]]), minigrad.tensor([[0, 8, 3], [0, 5, 5]])
LENGTHS = minigrad.tensor([4, 2])


def test_what_is_padding_does_not_change_the_logits(speller):
    logits = speller(LETTERS, SOUNDS, LENGTHS).numpy()
    assert logits.shape == (2, 3, V)
    alone = speller(LETTERS[1:, :2], SOUNDS[1:], LENGTHS[1:]).numpy()
    assert np.allclose(logits[1:], alone)


def test_later_sounds_do_not_change_earlier_logits(speller):
    changed = minigrad.tensor([[0, 8, 1], [0, 5, 1]])
    a, b = speller(LETTERS, SOUNDS, LENGTHS).numpy(), speller(LETTERS, changed, LENGTHS).numpy()
    assert np.allclose(a[:, :2], b[:, :2]) and not np.allclose(a[:, 2], b[:, 2])


def test_maps_are_weights_of_the_letters_there_are(speller):
    maps = speller.maps(LETTERS, SOUNDS, LENGTHS).numpy()
    assert maps.shape == (2, 3, 4) and np.allclose(maps.sum(-1), 1) and np.allclose(maps[1, :, 2:], 0)
    assert maps[0].std() > 0 and speller.training
    assert np.allclose(speller.maps(LETTERS[1:, :2], SOUNDS[1:], LENGTHS[1:]).numpy(), maps[1:, :, :2])


def test_the_likeliest_sounds_are_written_from_the_start(speller):
    written = speller.pronounce(LETTERS, LENGTHS)
    assert written[:, 0].tolist() == [START, START] and 2 <= written.shape[1] <= 1 + LONGEST
    logits = speller.eval()(LETTERS, written[:, :-1], LENGTHS).numpy()
    assert logits[:, 0].argmax(-1).tolist() == written[:, 1].tolist()
