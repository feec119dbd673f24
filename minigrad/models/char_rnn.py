"""A recurrent language model: read a letter, remember, guess the next.

Karpathy, "The unreasonable effectiveness of recurrent neural networks", 2015; Graves, "Generating sequences with
recurrent neural networks", arXiv:1308.0850.

    h_t = rnn(embed(letter_t), h_{t-1})        logits_t = W h_t + b

B sequences, T letters, V letters in the alphabet.
"""

from __future__ import annotations

from typing import Any

from .. import nn
from ..errors import ArgumentError, ShapeError
from ..tensor import Tensor
from . import sampling
from .cached_logits import StateLogits

KINDS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


class CharRNN(sampling.Writer):
    """An embedding, `layers` layers of an RNN, LSTM or GRU (`kind`), and a linear layer.

    Shapes  tokens (B, T) and a state, or None at the start of a text  ->  logits (B, T, V), the state after them

    A long text is learnt in pieces: pass the state of one piece, detached, to the next.
    """

    def __init__(
        self, vocab_size: int, kind: str = "lstm", width: int = 128, layers: int = 2, dropout: float = 0.0
    ) -> None:
        super().__init__()
        if kind not in KINDS:
            raise ArgumentError(f"CharRNN: kind is {kind!r}; use one of {', '.join(KINDS)}")
        self.embed = nn.Embedding(vocab_size, width)
        between = dropout if layers > 1 else 0.0
        self.rnn = KINDS[kind](width, width, layers, batch_first=True, dropout=between)
        self.drop = nn.Dropout(dropout)
        self.head = nn.Linear(width, vocab_size)

    def forward(self, tokens: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """Return the logits after each letter, and the state."""
        if tokens.ndim != 2:
            raise ShapeError(f"CharRNN: needs tokens (B, T), got {tokens.shape}\nHint: one text is tokens.unsqueeze(0)")
        y, state = self.rnn(self.drop(self.embed(tokens)), state)
        return self.head(self.drop(y)), state

    def next_logits(self, tokens: Tensor) -> Tensor:
        """Return the logits (B, V) of what comes after the text."""
        sampling.check_prompt("CharRNN", tokens)
        return self.forward(tokens)[0][:, -1]

    def cached_logits(self) -> StateLogits:
        """Return `next_logits` with a memory, which is the state."""
        return StateLogits(self.forward)


def detached(state: Any) -> Any:
    """Return a state without its history, so that backward stops there."""
    return tuple(map(detached, state)) if isinstance(state, tuple) else state.detach()
