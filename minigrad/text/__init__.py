"""Text: tokenizers from scratch, and how to measure what a language model says.

    CharacterTokenizer    a token for each character
    BytePairTokenizer     byte-level BPE, trained here or GPT-2's own (`load_gpt2`)
    WordPieceTokenizer    BERT's, trained here or from its vocab.txt
    mask_tokens           the exercise that BERT learns from
    bleu, perplexity, edit_distance, error_rate, exact_match
"""

from .bleu import bleu
from .bpe import BytePairTokenizer
from .characters import CharacterTokenizer
from .edit_distance import edit_distance, error_rate, exact_match
from .gpt2 import load_gpt2
from .loading import load_tokenizer
from .masking import mask_tokens
from .perplexity import corpus_perplexity, perplexity
from .vocabulary import Vocabulary
from .wordpiece import WordPieceTokenizer

__all__ = [
    "BytePairTokenizer",
    "CharacterTokenizer",
    "Vocabulary",
    "WordPieceTokenizer",
    "bleu",
    "corpus_perplexity",
    "edit_distance",
    "error_rate",
    "exact_match",
    "load_gpt2",
    "load_tokenizer",
    "mask_tokens",
    "perplexity",
]
