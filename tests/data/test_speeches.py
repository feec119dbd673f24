from __future__ import annotations

import lzma

import numpy as np
import pytest

from minigrad.data import load
from minigrad.data.speeches import PLAYS, decode_speeches, speeches
from minigrad.errors import FileFormatError

PLAY = """
Persons

LADY MACBETH, wife to Macbeth.
one two three four five six seven eight nine

ACT I.

SCENE I. A heath.

[Enter Witches.]

Lady Macbeth.
one two three four five six seven [Aside.
To him.]
eight nine

BOTTOM
[Within.] This is the way that I did say it, friend.

MACBETH.
These seven words are still too few.

But this paragraph has no name at its head and is not spoken by anyone.
"""


def test_speeches_lose_names_and_stage_directions() -> None:
    assert speeches(PLAY) == [
        "one two three four five six seven\neight nine",
        "This is the way that I did say it, friend.",
    ]


def test_each_speech_is_labelled_with_its_play() -> None:
    text = "".join(f"TITLE\n\nby William Shakespeare\n{PLAY}" for _ in PLAYS)
    x, y = decode_speeches(lzma.compress(text.encode()))
    assert len(x) == 16 and y.tolist() == [number for number in range(8) for _ in range(2)]


def test_another_text_is_refused() -> None:
    with pytest.raises(FileFormatError, match="the text has 0 title pages, not those of 8 plays"):
        decode_speeches(lzma.compress(b"To be"))


def test_the_bundled_speeches_come_from_all_plays() -> None:
    everything = load("speeches", "all")
    assert np.bincount(everything.y).min() > 400 and everything.info.classes == PLAYS
    known = {"Hamlet": "To be, or not to be", "Macbeth": "She should have died hereafter", "Julius Caesar": "lend me your ears"}
    for play, words in known.items():
        assert [PLAYS[y] for x, y in zip(everything.x, everything.y, strict=True) if words in x] == [play]
