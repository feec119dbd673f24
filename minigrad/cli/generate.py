"""Go on with a text, by a model that `minigrad train gpt` or `names` has trained.

Each letter is drawn from what the model expects: --temperature below 1 makes likely letters likelier, --top-k and
--top-p leave only the likeliest. The same seed gives the same text.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ..errors import ArgumentError, FileFormatError
from ..recipes import RECIPES
from ..recipes.saved import read_model
from ..recipes.writer import WritingRecipe


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    command.add_argument("checkpoint", type=Path, metavar="CHECKPOINT", help="model.safetensors of a run")
    command.add_argument("--prompt", default=None, metavar="TEXT", help="what to go on from; default: a new beginning")
    command.add_argument("--tokens", type=int, default=400, metavar="N", help="the most letters to write, default 400")
    command.add_argument("--temperature", type=float, default=0.8, help="0: always the likeliest letter; default 0.8")
    command.add_argument("--top-k", type=int, default=None, metavar="K", help="only the K likeliest letters")
    command.add_argument("--top-p", type=float, default=None, metavar="P", help="only the likeliest of probability P")
    command.add_argument("--seed", type=int, default=0, help="default 0")


def run(arguments: argparse.Namespace) -> int:
    """Print the prompt and what follows."""
    if arguments.prompt == "":
        raise ArgumentError("--prompt is empty\nHint: give at least one letter, or leave the option out")
    recipe, state = read_model(arguments.checkpoint, RECIPES)
    if not isinstance(recipe, WritingRecipe):
        raise ArgumentError(
            f"{arguments.checkpoint}: a model of {recipe.NAME} writes no text\nHint: those of gpt and names do"
        )
    vocabulary = state.get("vocabulary")
    if not isinstance(vocabulary, list) or not all(isinstance(letter, str) for letter in vocabulary):
        raise FileFormatError(f"{arguments.checkpoint}: its vocabulary should be a list of letters")
    model = recipe.build(vocabulary)
    model.load_state_dict(state["model"])
    (text,) = recipe.write(
        model, vocabulary, arguments.prompt or "", arguments.tokens, temperature=arguments.temperature,
        top_k=arguments.top_k, top_p=arguments.top_p, seed=arguments.seed,
    )  # fmt: skip
    print(text)
    return 0
