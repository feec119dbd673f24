"""`minigrad generate`: texts of a GPT and names of an RNN, and what cannot be gone on from."""

from __future__ import annotations

import pytest

import minigrad
from minigrad.cli import main
from minigrad.io import load, save
from minigrad.recipes import GPTRecipe, NamesRecipe, SpeakersRecipe

LETTERS = ["\n", "a", "b", "c"]
RECIPES = {"gpt": GPTRecipe(layers=1, heads=1, width=8, context=8), "names": NamesRecipe(width=8)}


@pytest.fixture(name="trained", params=RECIPES)
def trained_fixture(request, tmp_path):
    """Return the folder of a model that was hardly trained."""
    minigrad.manual_seed(0)
    recipe = RECIPES[request.param]
    state = {"recipe": recipe.described(), "vocabulary": LETTERS, "model": recipe.build(LETTERS).state_dict()}
    save(state, tmp_path / "model.safetensors")
    return tmp_path


def generate(folder, *options):
    return main(["generate", str(folder / "model.safetensors"), *options])


def changed(folder, **parts):
    save(load(folder / "model.safetensors") | parts, folder / "model.safetensors")


def test_the_text_goes_on_from_the_prompt(trained, capsys):
    assert generate(trained, "--prompt", "ab", "--tokens", "6") == 0
    text = capsys.readouterr().out
    assert text.startswith("ab") and text.endswith("\n") and len(text) <= 2 + 6 + 1


def test_a_seed_gives_the_same_text_and_options_are_followed(trained, capsys):
    texts = []
    for options in (["--seed", "1"], ["--seed", "1"], ["--seed", "2"], ["--seed", "1", "--temperature", "0"],
                    ["--seed", "2", "--top-k", "1"], ["--seed", "3", "--top-p", "1e-9"]):  # fmt: skip
        assert generate(trained, "--prompt", "a", "--tokens", "30", *options) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1] != texts[2] and texts[3] == texts[4] == texts[5] != texts[0]


def test_without_a_prompt_a_new_text_begins(trained, capsys):
    for seed in range(6):
        assert main(["generate", str(trained), "--tokens", "5", "--seed", str(seed)]) == 0  # the folder will do
    assert len(capsys.readouterr().out.replace("\n", "")) > 6


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--prompt", ""], "--prompt is empty\nHint: give at least one letter"),
        (["--prompt", "Été"], "generate: the model has never seen 't', 'É', 'é'\nHint: its 4 letters are '\\nabc'"),
        (["--temperature", "-1"], "temperature must not be negative, got -1.0"),
        (["--temperature", "nan"], "temperature must not be negative, got nan"),
        (["--top-k", "0"], "top_k must be at least 1, got 0"),
        (["--top-p", "1.5"], "top_p is a probability and must lie in (0, 1], got 1.5"),
        (["--tokens", "-1"], "generate: max_new_tokens must not be negative, got -1"),
        (["--seed", "-1"], "manual_seed: the seed must lie in [0, 2^64), got -1"),
    ],
)
def test_what_cannot_be_followed_is_explained(options, message, trained, capsys):
    assert generate(trained, *options) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.startswith(f"minigrad generate: {message}")


def test_a_model_of_another_shape_says_what_differs(trained, capsys):
    state = load(trained / "model.safetensors")
    changed(trained, recipe=state["recipe"] | {"width": 16})
    assert generate(trained) == 1
    error = capsys.readouterr().err
    assert "the state does not fit" in error and "wrong shapes: " in error and "(4, 8) in the state" in error


def test_a_model_that_writes_no_text_is_refused(tmp_path, capsys):
    save({"recipe": SpeakersRecipe().described(), "model": {}}, tmp_path / "model.safetensors")
    assert generate(tmp_path) == 1
    assert "a model of speakers writes no text\nHint: those of gpt and names do" in capsys.readouterr().err


@pytest.mark.parametrize("vocabulary", [None, "abc", [1, 2]])
def test_a_vocabulary_that_is_no_list_of_letters_is_refused(vocabulary, trained, capsys):
    changed(trained, vocabulary=vocabulary)
    assert generate(trained) == 1
    assert "its vocabulary should be a list of letters" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["missing", "text", "weights"])
def test_what_is_no_model_is_refused(kind, tmp_path, capsys):
    path = tmp_path / "model.safetensors"
    if kind == "text":
        path.write_text("to be or not to be")
    elif kind == "weights":
        save({"weight": minigrad.ones(2)}, path)
    assert generate(tmp_path) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("minigrad generate: ") and str(path) in err and "Traceback" not in err
