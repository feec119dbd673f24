"""Random numbers from a counter: number i of a draw is a function of (seed, position, i) and of nothing else.

The bits come from Philox-4x64-10, a block cipher turned generator: block(seed, counter) gives four 64-bit
words, for any counter, in any order, on any device. So a stream can be resumed at any point (a checkpoint
stores two integers), recomputed (a dropout mask in the backward pass) and split over threads.

Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
"""

from __future__ import annotations

import math
import secrets
import threading
from typing import Any, NamedTuple

import numpy as np

from .backend import Array, is_recording, module_for, to_device
from .dtypes import Dtype
from .errors import ArgumentError, DeviceError

FLOAT32, FLOAT64 = np.dtype("float32"), np.dtype("float64")
WORDS = 4  # 64-bit words in one Philox block


class RngState(NamedTuple):
    """Where a generator stands: its seed, and how many blocks it has used."""

    seed: int
    position: int


class Generator:
    """A stream of random numbers that remembers only a seed and a position.

    >>> a, b = Generator(7), Generator(7)
    >>> bool((a.uniform((3,)) == b.uniform((3,))).all())
    True
    """

    def __init__(self, seed: int = 0) -> None:
        self._lock = threading.Lock()
        self.manual_seed(seed)

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream of `seed` (0 <= seed < 2^64) at its beginning; return the generator."""
        if not 0 <= int(seed) < 2**64:
            raise ArgumentError(f"manual_seed: the seed must lie in [0, 2^64), got {seed}")
        self._state = RngState(int(seed), 0)
        return self

    def seed(self) -> int:
        """Start a stream that nobody can predict, and return its seed."""
        seed = secrets.randbits(53)
        self.manual_seed(seed)
        return seed

    def initial_seed(self) -> int:
        """Return the seed of this stream."""
        return self._state.seed

    def get_state(self) -> RngState:
        """Return (seed, position), all there is to know."""
        return self._state

    def set_state(self, state: RngState | tuple[int, int]) -> Generator:
        """Continue from a state that `get_state` returned."""
        seed, position = state
        self._state = RngState(int(seed), int(position))
        return self

    def reserve(self, words: int) -> RngState:
        """Claim the next `words` 64-bit words and return where they start; nobody else gets them."""
        with self._lock:
            start = self._state
            self._state = RngState(start.seed, start.position + -(-words // WORDS))
        return start

    def bits(self, words: int) -> np.ndarray[Any, np.dtype[np.uint64]]:
        """Return the next `words` 64-bit words."""
        return bits_at(self.reserve(words), words)

    def uniform(self, shape: tuple[int, ...], dtype: Dtype = FLOAT32, device: str = "cpu") -> Array:
        """Draw from [0, 1): 24 random bits for float32 and float16 (11 kept), 53 for float64."""
        n = math.prod(shape)
        return to_device(uniform_at(self.reserve(_words(n, dtype)), n, dtype).reshape(shape), device)

    def normal(self, shape: tuple[int, ...], dtype: Dtype = FLOAT32, device: str = "cpu") -> Array:
        """Draw from the standard normal distribution, by the Box-Muller transform.

        Two uniform numbers u, v give r = sqrt(-2 ln(1 - u)) and the two normals r cos 2πv, r sin 2πv.
        """
        n = math.prod(shape)
        half = -(-n // 2)
        wide = FLOAT64 if dtype == FLOAT64 else FLOAT32
        u = self.uniform((2, half), wide)
        radius, angle = np.sqrt(-2 * np.log1p(-u[0])), u[1] * wide.type(2 * math.pi)
        pair = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])
        return to_device(pair[:n].reshape(shape).astype(dtype, copy=False), device)

    def integers(self, low: int, high: int, shape: tuple[int, ...]) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Draw integers from [low, high), each as floor(u · (high - low)) with 64 random bits in u."""
        if high <= low:
            raise ArgumentError(f"randint: the range [{low}, {high}) is empty; give low < high")
        span = high - low
        if span >= 2**53:
            raise ArgumentError(f"randint: the range [{low}, {high}) is wider than 2^53")
        u = self.uniform(shape, FLOAT64)
        drawn: np.ndarray[Any, np.dtype[np.int64]] = (u * span).astype(np.int64) + low
        return drawn

    def permutation(self, n: int) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Return 0 ... n-1 in random order: the order that sorts n random words."""
        return np.argsort(self.bits(n), kind="stable").astype(np.int64, copy=False)


def bits_at(start: RngState, words: int) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """Return `words` 64-bit words of the stream, from block `start.position` on."""
    # NumPy adds one to the counter before it makes a block; start one earlier, modulo 2^256
    philox = np.random.Philox(key=start.seed, counter=(start.position - 1) % 2**256)
    return philox.random_raw(words)


def _words(n: int, dtype: Dtype) -> int:
    return n if dtype == np.float64 else -(-n // 2)


def uniform_at(start: RngState, n: int, dtype: Dtype) -> np.ndarray[Any, Any]:
    """Return the `n` uniform numbers in [0, 1) that a draw at `start` gives."""
    if dtype.kind != "f":
        raise ArgumentError(f"random: needs a floating dtype, got {dtype}")
    words = bits_at(start, _words(n, dtype))
    if dtype == np.float64:
        return (words >> np.uint64(11)) * 2.0**-53
    halves = words.astype("<u8", copy=False).view("<u4")[:n]
    if dtype == np.float32:
        return (halves >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)
    return ((halves >> np.uint32(21)).astype(np.float32) * np.float32(2.0**-11)).astype(dtype)


default_generator = Generator()


def manual_seed(seed: int) -> Generator:
    """Seed the default generator, from which every op draws unless given another. Returns it."""
    return default_generator.manual_seed(seed)


def get_rng_state() -> RngState:
    """Return the state of the default generator."""
    return default_generator.get_state()


def set_rng_state(state: RngState | tuple[int, int]) -> None:
    """Put the default generator back to a state that `get_rng_state` returned."""
    default_generator.set_state(state)


def initial_seed() -> int:
    """Return the seed of the default generator."""
    return default_generator.initial_seed()


def seed() -> int:
    """Seed the default generator unpredictably and return the seed."""
    return default_generator.seed()


def generator_for(generator: Generator | None, device: str) -> Generator:
    """Return `generator` or the default one, having checked that `device` exists and that nothing is being recorded."""
    module_for(device)
    if device != "cpu" and is_recording():
        raise DeviceError(
            "random numbers: a recorded graph would draw the same ones at every replay\n"
            "Hint: draw them before, into an array that the graph reads; set the p of dropout to 0"
        )
    return generator or default_generator
