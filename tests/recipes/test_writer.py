"""Texts: a prompt is kept, a name ends at its end, a seed gives the same text, and unknown letters are named."""

from __future__ import annotations

import pytest

import minigrad
from minigrad.errors import ArgumentError
from minigrad.recipes import GPTRecipe, NamesRecipe

LETTERS = ["\n", "a", "b", "c"]


def built(recipe):
    minigrad.manual_seed(0)
    return recipe, recipe.build(LETTERS)


def test_a_text_goes_on_from_its_prompt_by_so_many_letters():
    recipe, model = built(GPTRecipe(layers=1, heads=1, width=8, context=8))
    (text,) = recipe.write(model, LETTERS, "cab", 20, seed=1)
    assert text.startswith("cab") and len(text) == 23 and set(text) <= set(LETTERS)
    assert recipe.write(model, LETTERS, "", 5)[0] != "" and recipe.write(model, LETTERS, "cab", 0) == ["cab"]


def test_a_seed_gives_the_same_text_and_another_another():
    recipe, model = built(GPTRecipe(layers=1, heads=1, width=8, context=8))
    one, two, three = (recipe.write(model, LETTERS, "a", 30, seed=seed) for seed in (5, 5, 6))
    assert one == two != three


def test_greedy_texts_do_not_depend_on_the_seed():
    recipe, model = built(NamesRecipe(width=8))
    for options in ({"temperature": 0.0}, {"top_k": 1}, {"top_p": 1e-9}):
        assert recipe.write(model, LETTERS, "a", 9, seed=1, **options) == recipe.write(
            model, LETTERS, "a", 9, seed=2, **options)  # fmt: skip


def test_names_are_without_the_letter_that_ends_them():
    recipe, model = built(NamesRecipe(width=8))
    names = recipe.write(model, LETTERS, "ca", 12, count=20)
    assert len(names) == 20 and all(name.startswith("ca") and "\n" not in name for name in names)
    assert len({len(name) for name in names}) > 3


def test_letters_that_the_model_does_not_know_are_named():
    recipe, model = built(NamesRecipe(width=8))
    with pytest.raises(ArgumentError) as error:
        recipe.write(model, LETTERS, "axéa", 3)
    assert str(error.value) == (
        "generate: the model has never seen 'x', 'é'\nHint: its 4 letters are '\\nabc'"
    )
