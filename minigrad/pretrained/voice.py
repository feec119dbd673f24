"""A voice to listen to: vowels that people said, spoken again from the bundled data set "japanese_vowels".

A vowel is stored as 12 numbers c for every 6.4 ms, the cepstrum of its linear prediction. They say how strong the
throat lets each frequency f through:

    ln |H(f)| = Σ_n c_n cos(2π n f / 10 kHz)

The vocal cords give a pitch and all its multiples; a sum of these, each as strong as |H| there, is the vowel. The pitch
falls a little while a vowel is said, as it does when people talk.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..data import load
from ..errors import ArgumentError

RATE = 16_000  # samples a second
_ANALYSED_AT, _STEP = 10_000, 0.0064  # Hz, seconds
_SLOWNESS, _FALL, _PAUSE, _FADE = 2.0, 0.2, 0.05, 0.01  # twice as long, by a fifth, seconds, seconds
NDArray = np.ndarray[Any, Any]


def vowel(coefficients: NDArray, pitch: float = 100.0) -> NDArray:
    """Return one recording as a sound, beginning at `pitch` Hz.

    Shapes    (T, 12)  ->  (samples,), 12.8 ms of sound for each of the T steps
    """
    if np.ndim(coefficients) != 2 or not len(coefficients) or not 20 <= pitch <= _ANALYSED_AT / 4:
        found = f"{np.shape(coefficients)} and {pitch}"
        raise ArgumentError(f"vowel: needs (T, 12) coefficients and a pitch from 20 to 2500 Hz, got {found}")
    seconds = len(coefficients) * _STEP * _SLOWNESS
    t = np.arange(int(seconds * RATE)) / RATE
    marks = np.arange(len(coefficients)) * _STEP * _SLOWNESS
    c_tn = np.stack([np.interp(t, marks, column) for column in np.asarray(coefficients, np.float64).T], 1)
    f = pitch * (1 - _FALL * t / seconds)
    turns = np.cumsum(f) / RATE
    sound = np.zeros(len(t))
    for k in range(1, int(_ANALYSED_AT / 2 / pitch)):
        cosines = np.cos(2 * np.pi * np.arange(1, c_tn.shape[1] + 1) * k * f[:, None] / _ANALYSED_AT)
        sound += np.exp((c_tn * cosines).sum(1)) * np.cos(2 * np.pi * k * turns)
    fade = np.minimum(1, np.minimum(t, t[::-1]) / _FADE)
    return np.asarray(0.3 * fade * sound / np.abs(sound).max())


def voice(pitch: float = 100.0, silence: float = 1.0) -> tuple[NDArray, NDArray]:
    """Return nine vowels by nine speakers between two silences, with faint noise, and where the vowels are.

    Shapes    sound (samples,) of float32, and True (samples,) where somebody speaks, short pauses included
    """
    pause, quiet = np.zeros(int(_PAUSE * RATE)), np.zeros(int(silence * RATE))
    spoken = np.concatenate([part for said in load("japanese_vowels").x[::30] for part in (vowel(said, pitch), pause)])
    sound = np.concatenate([quiet, spoken, quiet])
    noise = 1e-3 * np.random.default_rng(0).normal(size=len(sound))
    speaking = np.zeros(len(sound), bool)
    speaking[len(quiet) : len(quiet) + len(spoken)] = True
    return (sound + noise).astype(np.float32), speaking
