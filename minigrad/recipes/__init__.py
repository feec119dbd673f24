"""Recipes: real tasks on real data, each a page from the data to the figures.

    gpt         Shakespeare, letter by letter, by a Transformer
    speakers    nine speakers told apart by two vowels, by a GRU or an LSTM
    names       first names invented, by a GRU or an LSTM
    seq2seq     spelling to phonemes, by GRUs with attention or a Transformer
    bert        hidden words of Shakespeare, then swapped words detected, with and without that reading
"""

from .bert import BERTRecipe
from .gpt import GPTRecipe
from .names import NamesRecipe
from .recipe import Recipe
from .run import Run
from .seq2seq import Seq2SeqRecipe
from .speakers import SpeakersRecipe

RECIPES: dict[str, type[Recipe]] = {
    kind.NAME: kind for kind in (GPTRecipe, SpeakersRecipe, NamesRecipe, Seq2SeqRecipe, BERTRecipe)
}

__all__ = ["RECIPES", "BERTRecipe", "GPTRecipe", "NamesRecipe", "Recipe", "Run", "Seq2SeqRecipe", "SpeakersRecipe"]
