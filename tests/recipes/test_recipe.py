"""Fields become options; what a recipe cannot be made from is refused in words."""

from __future__ import annotations

import argparse

import pytest

from minigrad.errors import ArgumentError
from minigrad.recipes import RECIPES, GPTRecipe, SpeakersRecipe
from minigrad.recipes.recipe import add_options, differences


def parsed(kind, *arguments):
    command = argparse.ArgumentParser()
    add_options(command, kind)
    return vars(command.parse_args(arguments))


@pytest.mark.parametrize("name", RECIPES)
def test_every_field_is_an_option_that_leaves_no_trace_if_it_is_not_given(name):
    assert parsed(RECIPES[name]) == {}
    described = RECIPES[name]().described()
    assert described.pop("recipe") == name
    given = [part for key, value in described.items() for part in (f"--{key.replace('_', '-')}", str(value))]
    assert parsed(RECIPES[name], *given) == described


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_restored_from_what_it_says_of_itself(name):
    recipe = RECIPES[name](seed=3)
    described = recipe.described()
    assert RECIPES[described.pop("recipe")](**described) == recipe


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"epochs": 0}, "gpt: --epochs is 0; it must be at least 1"),
        ({"lr": float("nan")}, "gpt: --lr is nan; it must be at least 1e-09 and at most 100"),
        ({"dropout": 1.0}, "gpt: --dropout is 1.0; it must be at least 0 and at most 0.9"),
        ({"batch_size": 2.5}, "gpt: --batch-size should be of type int, it is 2.5"),
        ({"layers": True}, "gpt: --layers should be of type int, it is True"),
        ({"seed": -1}, "gpt: --seed is -1; it must be at least 0"),
    ],
)
def test_values_that_make_no_run_are_refused(values, message):
    with pytest.raises(ArgumentError) as error:
        GPTRecipe(**values)
    assert str(error.value).startswith(message)


def test_an_unknown_model_is_refused_with_those_that_there_are():
    with pytest.raises(ArgumentError) as error:
        SpeakersRecipe(model="transformer")
    assert str(error.value) == "speakers: --model 'transformer' is unknown; use one of gru, lstm"


def test_the_parser_refuses_an_unknown_model(capsys):
    with pytest.raises(SystemExit):
        parsed(SpeakersRecipe, "--model", "rnn")
    assert "invalid choice: 'rnn'" in capsys.readouterr().err


def test_differences_are_listed_and_what_agrees_is_not():
    assert differences(GPTRecipe(), {"layers": 4, "seed": 0}) == ""
    assert differences(GPTRecipe(), {"layers": 2, "heads": 4, "seed": 1}) == "layers 4, not 2; seed 0, not 1"
