"""MiniLM: texts into vectors, such that texts of like meaning point the same way.

    text → WordPiece → BERT of 6 layers, 384 wide, 12 heads → mean over the tokens → length 1

The cosine of two texts is then the product of their vectors, and the nearest texts are found by one matrix product.

Source: Reimers and Gurevych, "Sentence-BERT", 2019, arXiv 1908.10084; Wang et al., "MiniLM", 2020, arXiv 2002.10957;
weights: sentence-transformers/all-MiniLM-L6-v2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .. import ops
from ..errors import ArgumentError
from ..grad_mode import no_grad
from ..io import load_file
from ..models.bert import BERT, SentenceEncoder
from ..models.checkpoints import from_bert
from ..text import WordPieceTokenizer
from .packages import find

LONGEST = 256  # tokens, as the model was trained
NDArray = np.ndarray[Any, Any]


class SentenceBERT:
    """A tokenizer and an encoder.

    >>> model = load_sentence_bert()  # doctest: +SKIP
    >>> vectors = model.encode(["The new movie is awesome", "The new movie is so great"])  # doctest: +SKIP
    >>> round(float(vectors[0] @ vectors[1]), 4)  # doctest: +SKIP
    0.8939
    """

    def __init__(self, encoder: SentenceEncoder, tokenizer: WordPieceTokenizer) -> None:
        self.encoder, self.tokenizer = encoder.eval(), tokenizer

    def encode(self, texts: Sequence[str], batch_size: int = 32) -> NDArray:
        """Return a vector of length 1 for each text; what a text has beyond 256 tokens is not read.

        Texts of like length are encoded together, so that little is padding.

        Shapes    N texts  ->  (N, 384)
        """
        if isinstance(texts, str):
            raise ArgumentError("encode: needs a list of texts, got one string\nHint: encode([text])")
        ids = [self.tokenizer.encode(text, max_length=LONGEST) for text in texts]
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        out = np.empty((len(ids), self.encoder.bert.words.weight.shape[1]), np.float32)
        with no_grad():
            for start in range(0, len(order), batch_size):
                chosen = order[start : start + batch_size]
                tokens, mask = padded([ids[i] for i in chosen], self.tokenizer.pad_id)
                out[chosen] = self.encoder(ops.as_tensor(tokens), ops.as_tensor(mask)).numpy()
        return out

    def search(self, query: str, vectors: NDArray, k: int = 5) -> list[tuple[int, float]]:
        """Return the numbers of the k texts nearest to a query, and their cosines; `vectors` are those of the texts."""
        cosines = vectors @ self.encode([query])[0]
        best = np.argsort(-cosines, kind="stable")[:k]
        return [(int(i), float(cosines[i])) for i in best]


def padded(ids: Sequence[Sequence[int]], pad_id: int) -> tuple[NDArray, NDArray]:
    """Return ids as one array, short rows filled up, and 1 where there is a token.

    >>> padded([[5, 6], [7]], 0)
    (array([[5, 6],
           [7, 0]]), array([[1, 1],
           [1, 0]]))
    """
    T = max(map(len, ids))
    tokens, mask = np.full((len(ids), T), pad_id), np.zeros((len(ids), T), np.int64)
    for row, each in enumerate(ids):
        tokens[row, : len(each)], mask[row, : len(each)] = each, 1
    return tokens, mask


def load_sentence_bert() -> SentenceBERT:
    """Return MiniLM-L6 with its weights and vocabulary, ready to use.

    Raises    MissingPackageError if they are not here
    """
    weights, vocabulary = find("sentence_bert")
    return with_weights(load_file(weights), WordPieceTokenizer.from_vocab(vocabulary))


def with_weights(state: Mapping[str, NDArray], tokenizer: WordPieceTokenizer) -> SentenceBERT:
    """Return the model with the weights of a BERT checkpoint of MiniLM-L6's sizes.

    Raises    StateError if the state is of another shape
    """
    bert = BERT(len(tokenizer), context=512, layers=6, heads=12, width=384, hidden=1536)
    bert.load_state_dict(from_bert(state))
    return SentenceBERT(SentenceEncoder(bert), tokenizer)
