"""What every mutant of the zoo promises. A test module of a part imports its MUTANTS and these tests."""

import re
from pathlib import Path

from minigrad.testing.mutants.example import same
from minigrad.testing.mutants.plant import find, function_of, planted
from minigrad.testing.mutants.zoo import laws

ROOT = Path(__file__).parents[3]
LAWS = {value for name, value in vars(laws).items() if name.isupper()}


def test_it_is_alive_while_it_is_planted_and_leaves_nothing_behind(mutant):
    function = function_of(find(mutant))
    code, healthy = function.__code__, mutant.example.outcome()
    with planted(mutant):
        assert function.__code__ is not code
        wrong = mutant.example.outcome()
    assert not same(wrong, healthy), "it changes nothing: it is no mistake"
    assert not {"NameError", "AttributeError"} & set(re.findall("[A-Za-z]+Error", str(wrong))), "it is another mistake"
    assert function.__code__ is code
    assert same(mutant.example.outcome(), healthy), "its example is not repeatable"


def test_its_correct_version_raises_nothing(mutant):
    if mutant.kind == "rule":
        assert not [found for found in mutant.example.outcome() if isinstance(found, str)]


def test_it_says_where_it_was_seen_and_names_a_law(mutant):
    assert mutant.law in LAWS
    assert mutant.seen and mutant.family and not mutant.seen.endswith(".")


def test_the_tests_that_are_to_kill_it_exist(mutant):
    assert all((ROOT / file).exists() for file in mutant.test_files())
