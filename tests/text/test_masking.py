import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad
from minigrad.errors import ArgumentError
from minigrad.random import Generator
from minigrad.text.masking import IGNORE, mask_tokens

SPECIAL, MASK, V = [0, 1, 2], 3, 50


def drawn(shape, low=0, seed=0):
    return minigrad.from_numpy(np.random.default_rng(seed).integers(low, V, shape))


@given(st.integers(0, 99), st.floats(0, 1), st.sampled_from([(7,), (3, 9), (0,), ()]))
def test_labels_say_what_was_hidden_and_special_tokens_never_are(seed, probability, shape):
    ids = drawn(shape, seed=seed)
    inputs, labels = (t.numpy() for t in mask_tokens(ids, V, MASK, SPECIAL, probability, Generator(seed)))
    chosen = labels != IGNORE
    assert inputs.shape == labels.shape == shape and labels.dtype == np.int64
    assert (labels[chosen] == ids.numpy()[chosen]).all() and (inputs[~chosen] == ids.numpy()[~chosen]).all()
    assert not np.isin(ids.numpy()[chosen], [*SPECIAL, MASK]).any()
    assert not np.isin(inputs[chosen], SPECIAL).any()


def test_fifteen_percent_are_chosen_of_which_80_10_10_are_masked_replaced_kept():
    ids = drawn((400, 500), low=4)
    inputs, labels = (t.numpy() for t in mask_tokens(ids, V, MASK, SPECIAL, generator=Generator(1)))
    chosen = labels != IGNORE
    masked, kept = inputs[chosen] == MASK, inputs[chosen] == ids.numpy()[chosen]
    replaced = ~masked & ~kept
    n = chosen.sum()
    assert abs(n / chosen.size - 0.15) < 0.003
    assert abs(masked.mean() - 0.8) < 0.01
    assert abs(kept.mean() - (0.1 + 0.1 / (V - 4))) < 0.01  # a random token may be the one that was there
    counts = np.bincount(inputs[chosen][replaced], minlength=V)
    assert (counts[:4] == 0).all() and counts[4:].min() > 0.6 * counts[4:].mean()


def test_a_seed_gives_the_same_masks_and_the_next_draw_others():
    one, two = Generator(5), Generator(5)
    first, second = (mask_tokens(drawn((99,)), V, MASK, generator=one)[0].tolist() for _ in range(2))
    assert first == mask_tokens(drawn((99,)), V, MASK, generator=two)[0].tolist() != second
    minigrad.manual_seed(3)
    default = mask_tokens(drawn((99,)), V, MASK)[1].tolist()
    minigrad.manual_seed(3)
    assert default == mask_tokens(drawn((99,)), V, MASK)[1].tolist()


def test_the_given_ids_are_left_alone():
    ids = drawn((99,))
    before = ids.tolist()
    mask_tokens(ids, V, MASK, probability=1.0)
    assert ids.tolist() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((minigrad.tensor([1.0]), V, MASK), "ids are whole numbers, got float32"),
        ((minigrad.tensor([1, V]), V, MASK), "ids run from 1 to 50, vocab_size is 50"),
        ((minigrad.tensor([-1]), V, MASK), "ids run from -1 to -1"),
        ((minigrad.tensor([1]), V, MASK, (), 1.5), r"probability must lie in \[0, 1\], got 1.5"),
        ((minigrad.tensor([1]), V, MASK, (), float("nan")), r"probability must lie in \[0, 1\], got nan"),
        ((minigrad.tensor([1]), 3, 2, (0, 1)), "all 3 tokens are special"),
    ],
)  # fmt: skip
def test_bad_arguments_are_told(arguments, message):
    with pytest.raises(ArgumentError, match=f"mask_tokens: {message}"):
        mask_tokens(*arguments)
