"""Spelling to sound: a recurrent network reads a word letter by letter, another writes its phonemes.

    encoder   h ← GRU(letter, h)      s h e l l </s>   →  h, all there is to know of the word
    decoder   h ← GRU(phoneme, h)     starts from the encoder's h and <s>
              phoneme = argmax(W h)   →  SH EH1 L </s>

The digits of vowels are stress: 1 main, 2 secondary, 0 none.

Source: K. Park and J. Kim, g2p_en, 2018; the model of Sutskever, Vinyals, Le, "Sequence to sequence learning with
neural networks", 2014.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import nn, ops
from ..errors import ArgumentError
from ..grad_mode import no_grad
from ..io import load_npz
from ..tensor import Tensor
from ..text import Vocabulary
from .packages import find

LETTERS = Vocabulary(["<pad>", "<unk>", "</s>", *"abcdefghijklmnopqrstuvwxyz"], unknown="<unk>")
_VOWELS = ("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW")
_OTHERS = ("B", "CH", "D", "DH", "F", "G", "HH", "JH", "K", "L", "M", "N", "NG", "P", "R", "S", "SH", "T", "TH",
           "UW", "V", "W", "Y", "Z", "ZH")  # fmt: skip
_SOUNDS = sorted([*(vowel + stress for vowel in _VOWELS for stress in "012"), *_OTHERS])
PHONEMES = Vocabulary(["<pad>", "<unk>", "<s>", "</s>", *_SOUNDS])
MOST_PHONEMES = 20
NAMES = {
    "enc_emb": "encoder_embedding.weight", "dec_emb": "decoder_embedding.weight",
    "fc_w": "fc.weight", "fc_b": "fc.bias",
    **{f"{part[:3]}_{short}_{end}": f"{part}.{long}_{end}"
       for part in ("encoder", "decoder") for short, long in (("w", "weight"), ("b", "bias")) for end in ("ih", "hh")},
}  # fmt: skip
NDArray = np.ndarray[Any, Any]


class G2P(nn.Module):
    """Encoder and decoder.

    Shapes    letters (B, T)  ->  state (B, 256); phonemes (B,) and state  ->  scores (B, 74) and state
    """

    def __init__(self, width: int = 256) -> None:
        super().__init__()
        self.encoder_embedding = nn.Embedding(len(LETTERS), width)
        self.decoder_embedding = nn.Embedding(len(PHONEMES), width)
        self.encoder = nn.GRUCell(width, width)
        self.decoder = nn.GRUCell(width, width)
        self.fc = nn.Linear(width, len(PHONEMES))

    def encode(self, letters: Tensor) -> Tensor:
        """Return the state after the last letter."""
        if not letters.shape[1]:
            raise ArgumentError("G2P: a word needs at least its end </s>")
        x_btw = self.encoder_embedding(letters)
        h: Tensor = self.encoder(x_btw[:, 0])
        for t in range(1, letters.shape[1]):
            h = self.encoder(x_btw[:, t], h)
        return h

    def forward(self, phonemes: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Return the scores of the next phoneme, and the next state."""
        h = self.decoder(self.decoder_embedding(phonemes), state)
        return self.fc(h), h


def load_g2p() -> G2P:
    """Return the network with g2p_en's weights, ready to use.

    Raises    MissingPackageError if they are not here
    """
    return with_weights(load_npz(find("g2p")[0]))


def with_weights(state: Mapping[str, NDArray]) -> G2P:
    """Return the network with the weights of a g2p_en checkpoint.

    Raises    StateError if the state is of another shape
    """
    model = G2P()
    model.load_state_dict({NAMES.get(name, name): array for name, array in state.items()})
    return model.eval()


def pronounce(model: G2P, word: str) -> list[str]:
    """Return the phonemes of a word, written in letters a to z; other characters count as unknown.

    >>> pronounce(load_g2p(), "shell")  # doctest: +SKIP
    ['SH', 'EH1', 'L']
    """
    if not isinstance(word, str) or not word.strip():
        raise ArgumentError(f"pronounce: needs a word, got {word!r}")
    ids = LETTERS.ids([*word.lower(), "</s>"])
    found: list[str] = []
    with no_grad():
        state, phoneme = model.encode(ops.as_tensor(np.array([ids]))), PHONEMES.id("<s>")
        while len(found) < MOST_PHONEMES:
            scores, state = model(ops.as_tensor(np.array([phoneme])), state)
            phoneme = int(scores.numpy().argmax())
            if phoneme == PHONEMES.id("</s>"):
                break
            found.append(PHONEMES.token(phoneme))
    return found
