"""A flaw is an exception that carries what a report needs."""

import pytest

from minigrad.testing.flaws import Flaw, Guess


def test_a_flaw_carries_its_kind_its_sentence_its_hint_its_guesses_and_its_evidence():
    guess = Guess("factor:2", "twice too large")
    flaw = Flaw("value", "x is wrong", "look", (guess,), which=3)
    assert (flaw.kind, flaw.sentence, flaw.hint, flaw.guesses, flaw.evidence) == ("value", "x is wrong", "look", (guess,), {"which": 3})
    assert str(flaw) == "x is wrong"


def test_a_flaw_needs_no_hint_and_no_guess():
    with pytest.raises(Flaw, match=r"^plain$") as raised:
        raise Flaw("output", "plain")
    assert raised.value.hint == "" and raised.value.guesses == ()
