"""Inputs that find mistakes: small first, squares and oblongs, axes of length 1, ties and zeros, then plain numbers.

    size 1, 2, 3, ...     examples grow, so that the first that fails is a small one

A draw is a function (rng, size) -> list of arguments. Properties name one; these are the parts to make them from.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Rng = np.random.Generator


def sides(rng: Rng, size: int, ndim: int) -> tuple[int, ...]:
    """Return a shape whose sides come from two lengths: squares hide errors of axes, and only squares show others."""
    pool = rng.integers(1, size + 2, 2)
    return tuple(int(n) for n in rng.choice(pool, ndim))


def oblong(rng: Rng, size: int, ndim: int) -> tuple[int, ...]:
    """Return a shape whose sides all differ."""
    return tuple(int(n) for n in rng.permutation(np.arange(1, ndim + size + 1))[:ndim])


def grid(rng: Rng, shape: tuple[int, ...]) -> Any:
    """Return quarters between -2 and 2: ties, zeros and kinks are frequent."""
    return np.asarray(rng.integers(-8, 9, shape) / 4.0)


def distinct(rng: Rng, shape: tuple[int, ...]) -> Any:
    """Return values no two of which are alike, none of them 0, whose sum is not 0 either."""
    count = int(np.prod(shape))
    return np.asarray((rng.permutation(count).reshape(shape) - count // 3 - 0.25) / max(2.0, count / 4))


def values(rng: Rng, shape: tuple[int, ...]) -> Any:
    """Return distinct values in one half of the cases, a grid in the other."""
    return (distinct if rng.random() < 0.5 else grid)(rng, shape)


def away(rng: Rng, shape: tuple[int, ...], least: float = 0.5) -> Any:
    """Return values of both signs whose size is at least `least`."""
    return np.asarray(rng.choice([-1.0, 1.0], shape) * (least + np.abs(grid(rng, shape))))


def positive(rng: Rng, shape: tuple[int, ...]) -> Any:
    """Return values between a half and five halves."""
    return np.asarray(0.5 + np.abs(grid(rng, shape)))


def broadcast(rng: Rng, size: int, count: int = 2) -> list[tuple[int, ...]]:
    """Return shapes that broadcast together: each drops leading axes and has some of length 1."""
    full = sides(rng, size, int(rng.integers(1, 4)))
    found = []
    for _ in range(count):
        shape = tuple(1 if rng.random() < 0.3 else n for n in full)
        found.append(shape[int(rng.integers(0, len(full) + 1)) if rng.random() < 0.4 else 0 :])
    return found
