"""Files that are no checkpoints or no models of this version are refused by name."""

from __future__ import annotations

import pytest

import minigrad
from minigrad.errors import FileFormatError
from minigrad.io import save
from minigrad.recipes import RECIPES, GPTRecipe
from minigrad.recipes.saved import read_checkpoint, read_model, restored


def test_a_checkpoint_is_found_by_its_folder_and_by_its_own_path(tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    save({"run": GPTRecipe().described()}, path)
    assert read_checkpoint(tmp_path) == read_checkpoint(path) == (path, {"run": GPTRecipe().described()})


@pytest.mark.parametrize("state", [{"weight": minigrad.ones(2)}, {"run": 3}, [1]])
def test_what_is_no_checkpoint_is_refused(state, tmp_path):
    save(state, tmp_path / "checkpoint.safetensors")
    with pytest.raises(FileFormatError, match="not the checkpoint of a run\nHint: give the folder of an earlier --out"):
        read_checkpoint(tmp_path)


def test_a_folder_without_a_checkpoint_is_an_error_of_the_system(tmp_path):
    with pytest.raises(OSError, match=r"checkpoint\.safetensors"):
        read_checkpoint(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"recipe": "bard"}, "its recipe is 'bard', there are gpt, speakers"),
        ({"layers": 0}, "its recipe is not of this version of minigrad: gpt: --layers is 0"),
        ({"magic": 1}, "its recipe gpt has an unknown magic\nHint: minigrad has changed since"),
    ],
)
def test_recipes_that_this_version_does_not_know_are_refused(changes, message, tmp_path):
    with pytest.raises(FileFormatError) as error:
        restored(GPTRecipe().described() | changes, RECIPES, tmp_path)
    assert str(error.value).startswith(f"{tmp_path}: {message}")


def test_a_recipe_with_a_field_missing_is_refused(tmp_path):
    described = GPTRecipe().described()
    del described["heads"], described["context"]
    with pytest.raises(FileFormatError, match="its recipe gpt has no context, heads"):
        restored(described, RECIPES, tmp_path)
    with pytest.raises(FileFormatError, match="its recipe is None"):
        restored("gpt", RECIPES, tmp_path)


def test_a_model_is_found_by_its_folder(finished):
    out, _ = finished("names")
    recipe, state = read_model(out, RECIPES)
    assert recipe.NAME == "names" and state["vocabulary"][0] == "\n"


@pytest.mark.parametrize("state", [{"weight": minigrad.ones(2)}, {"recipe": {}, "model": 3}])
def test_what_is_no_model_is_refused(state, tmp_path):
    save(state, tmp_path / "model.safetensors")
    with pytest.raises(FileFormatError, match="not a trained model\nHint: give the model"):
        read_model(tmp_path / "model.safetensors", RECIPES)
