"""Silero VAD: is somebody speaking? A probability for every 32 milliseconds of sound.

    512 samples at 16 kHz, the 64 before them, 64 mirrored behind
    convolution with sines and cosines    a short-time Fourier transform: 129 frequencies, 4 steps
    magnitude √(re² + im²)
    4 × (convolution → relu)              4 → 4 → 2 → 1 → 1 steps, 128 numbers
    LSTM cell                             remembers what was heard so far
    relu → linear → sigmoid

Source: Silero Team, "Silero VAD: pre-trained enterprise-grade voice activity detector", 2021; the weights for 16 kHz
that their package keeps as safetensors.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import nn, ops
from ..errors import ArgumentError, ShapeError
from ..grad_mode import no_grad
from ..io import load_file
from ..nn import functional as F
from ..tensor import Tensor
from .packages import find

SAMPLE_RATE = 16_000
STEP, CONTEXT = 512, 64  # samples that are new, samples heard before
FREQUENCIES = 129
State = tuple[Tensor, Tensor]
NDArray = np.ndarray[Any, Any]


class SileroVAD(nn.Module):
    """The network, one step of 32 ms at a time.

    Shapes    x (B, 576), the state of the step before  ->  probability (B, 1), state
    """

    def __init__(self) -> None:
        super().__init__()
        self.stft_conv = nn.Conv1d(1, 2 * FREQUENCIES, 256, stride=128, bias=False)
        self.conv1 = nn.Conv1d(FREQUENCIES, 128, 3, padding=1)
        self.conv2 = nn.Conv1d(128, 64, 3, stride=2, padding=1)
        self.conv3 = nn.Conv1d(64, 64, 3, stride=2, padding=1)
        self.conv4 = nn.Conv1d(64, 128, 3, padding=1)
        self.lstm_cell = nn.LSTMCell(128, 128)
        self.final_conv = nn.Conv1d(128, 1, 1)

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Return the probability of speech, and the state."""
        if x.ndim != 2 or x.shape[1] != CONTEXT + STEP:
            raise ShapeError(f"SileroVAD: needs (B, {CONTEXT + STEP}), got {x.shape}\nHint: speech() cuts a sound")
        wave = self.stft_conv(F.pad(x.unsqueeze(1), (0, 64), mode="reflect"))
        y = (wave[:, :FREQUENCIES] ** 2 + wave[:, FREQUENCIES:] ** 2).sqrt()
        for conv in (self.conv1, self.conv2, self.conv3, self.conv4):
            y = F.relu(conv(y))
        h, c = self.lstm_cell(y.squeeze(-1), state)
        return ops.sigmoid(self.final_conv(F.relu(h).unsqueeze(-1))).squeeze(-1), (h, c)


def load_silero_vad() -> SileroVAD:
    """Return the network with Silero's weights, ready to use.

    Raises    MissingPackageError if they are not here
    """
    return with_weights(load_file(find("silero_vad")[0]))


def with_weights(state: Mapping[str, NDArray]) -> SileroVAD:
    """Return the network with the weights of a state.

    Raises    StateError if the state is of another shape
    """
    model = SileroVAD()
    model.load_state_dict(state)
    return model.eval()


def speech(model: SileroVAD, sound: NDArray) -> NDArray:
    """Return the probability of speech for each 32 ms of a sound at 16 kHz; the last step is filled up with silence.

    Shapes    (samples,)  ->  (⌈samples / 512⌉,)
    Raises    ArgumentError for anything but a sound of finite numbers along one axis
    """
    x = np.asarray(sound, np.float32)
    if x.ndim != 1 or not np.isfinite(x).all():
        raise ArgumentError(f"speech: needs finite samples along one axis, got {x.shape}")
    padded = np.pad(x, (CONTEXT, -len(x) % STEP))
    state: State | None = None
    found = []
    with no_grad():
        for start in range(0, len(padded) - CONTEXT, STEP):
            y, state = model(ops.as_tensor(padded[None, start : start + CONTEXT + STEP]), state)
            found.append(y.item())
    return np.array(found, np.float32)
