"""A misspelt option is refused, with the words that are allowed."""

import pytest

from minigrad.errors import ArgumentError
from minigrad.testing.settings import Settings


@pytest.mark.parametrize(
    "option, value, words",
    [
        ("method", "richardsen", r'method must be "richardson" or "complex" or "central", got \'richardsen\''),
        ("kinks", "ignore", 'kinks must be "subgradient" or "error" or "skip"'),
        ("zero", True, 'zero must be "alarm" or "expected" or "allowed", got True'),
        ("cotangent", "ones", 'cotangent must be "random" or one array per floating output'),
        ("directions", 0, "directions must be None or a positive whole number, got 0"),
        ("directions", 2.0, "directions must be None or a positive whole number"),
        ("determinism", 0, "determinism must be how many times to run, at least 1"),
        ("step", 0.0, "step must be a positive number"),
        ("step", float("nan"), "step must be a positive number"),
        ("atol", "tight", 'atol must be "auto" or a number'),
        ("atol", -1.0, 'atol must be "auto" or a number, got -1.0'),
    ],
)
def test_a_value_that_an_option_does_not_take_is_refused(option, value, words):
    with pytest.raises(ArgumentError, match=f"somecheck: {words}"):
        Settings("somecheck", **{option: value})


def test_the_usual_options_and_their_other_values_are_taken():
    assert Settings() == Settings("gradcheck")
    Settings(method="central", kinks="skip", zero="expected", directions=3, determinism=1, atol=0, step=0.1)
