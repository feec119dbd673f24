"""Speeches of the bundled plays, each labelled with its play: a small classification task for language models.

A play is a list of paragraphs. One that opens with a speaker's name on a line of its own is a speech:

    LADY MACBETH.
    I heard the owl scream and the crickets cry.       ->   "I heard the owl scream and the crickets cry.
    Did not you speak?                                       Did not you speak?", 1

Names of speakers and stage directions are left out, else they would give the play away; names that are spoken stay.
"""

from __future__ import annotations

import re

import numpy as np

from ..errors import FileFormatError
from .decode import Pair, decode_text

PLAYS = ("Hamlet", "Macbeth", "Romeo and Juliet", "Othello", "King Lear", "Julius Caesar", "The Merchant of Venice",
         "A Midsummer Night's Dream")  # fmt: skip
FEWEST_WORDS = 8
_TITLE_PAGE = "by William Shakespeare\n"
_FIRST_SCENE = re.compile(r"\nACT I\b")
_SPEAKER = re.compile(r"(?:[A-Z][A-Za-z .,&'-]{0,30}\.|[A-Z][A-Z ]{1,30})\n")
_STAGE_DIRECTION = re.compile(r"\[[^\]}]*[\]}]")


def decode_speeches(data: bytes) -> Pair:
    """Return the speeches as strings, and the number of each one's play.

    Raises    FileFormatError if the text is not that of the eight plays
    """
    plays = decode_text(data).tobytes().decode("ascii").split(_TITLE_PAGE)[1:]
    if len(plays) != len(PLAYS):
        raise FileFormatError(f"speeches: the text has {len(plays)} title pages, not those of {len(PLAYS)} plays")
    found = [(speech, number) for number, play in enumerate(plays) for speech in speeches(play)]
    x = np.array([speech for speech, _ in found], object)
    return x, np.array([number for _, number in found], np.int64)


def speeches(play: str) -> list[str]:
    """Return the speeches of one play, those of fewer than 8 words left out.

    >>> speeches("MACBETH\\n\\nACT I\\n\\nMACBETH.\\nSo foul and fair a day [thunder]\\nI have not seen.\\n\\n[Exit.]")
    ['So foul and fair a day\\nI have not seen.']
    """
    start = _FIRST_SCENE.search(play)
    paragraphs = play[start.start() if start else 0 :].split("\n\n")
    named = (_SPEAKER.match(paragraph) for paragraph in paragraphs)
    spoken = [paragraph[name.end() :] for paragraph, name in zip(paragraphs, named, strict=True) if name]
    cleaned = (re.sub(r" *\n\s*", "\n", _STAGE_DIRECTION.sub("", speech)).strip() for speech in spoken)
    return [speech for speech in cleaned if len(speech.split()) >= FEWEST_WORDS]
