"""Directions to move the inputs along: one element, a group of elements, or all of an input at random.

The derivative along a direction u is ⟨∂s/∂x, u⟩: backward's answer is a sum over u, the differences' answer takes a
few evaluations however many elements u moves. So a large input costs as little as a small one (rule 9: an input of at
most 64 elements is looked at element by element, a larger one along 3 random directions, each of which moves every
element by 0.5 to 1.5 up or down; only a failure is traced to its elements, by halving).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

FloatArray: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"
Part: TypeAlias = "tuple[int, Any, Any]"  # which input, which of its elements (flat), and how far each moves
Direction: TypeAlias = "tuple[Part, ...]"

FEW = 64  # elements: up to here every one is looked at
PROJECTIONS = 3


def is_floats(a: Any) -> bool:
    """Say whether `a` is an array that has derivatives."""
    return isinstance(a, np.ndarray) and a.dtype.kind == "f"


def coordinate(which: int, place: int) -> Direction:
    """Return the direction that moves one element of input number `which`."""
    return ((which, slice(place, place + 1), 1.0),)


def coordinates(which: int, size: int) -> list[Direction]:
    """Return the directions that move each element of an input."""
    return [coordinate(which, place) for place in range(size)]


def projection(which: int, places: Any, size: int, rng: np.random.Generator) -> Direction:
    """Return a direction that moves `size` elements of an input at random, none of them hardly."""
    return ((which, places, rng.choice([-1.0, 1.0], size) * rng.uniform(0.5, 1.5, size)),)


def projections(which: int, size: int, count: int, rng: np.random.Generator) -> list[Direction]:
    """Return `count` random directions that each move a whole input."""
    return [projection(which, slice(None), size, rng) for _ in range(count)]


def moved(arrays: Sequence[Any], direction: Direction, t: complex) -> list[Any]:
    """Return the arrays moved by t along a direction; those that stay are handed on as they are."""
    result = list(arrays)
    for which, places, weights in direction:
        x = np.array(result[which], dtype=complex if isinstance(t, complex) else None, order="C")
        x.reshape(-1)[places] += t * weights
        result[which] = x
    return result


def rate(gradients: dict[int, FloatArray], direction: Direction) -> float:
    """Return ⟨gradient, direction⟩: the slope along the direction that backward claims."""
    return float(sum((gradients[which].reshape(-1)[places] * weights).sum() for which, places, weights in direction))


def reach(arrays: Sequence[Any], direction: Direction) -> float:
    """Return the size of what moves, at least 1: steps are taken in proportion to it."""
    sizes = [np.abs(arrays[which].reshape(-1)[places]) for which, places, _ in direction]
    return max(1.0, *(float(size.mean()) if size.size else 0.0 for size in sizes))


def search(which: int, size: int, wrong: Callable[[list[Direction]], list[bool]], rng: np.random.Generator,
           enough: int = 3) -> list[int]:  # fmt: skip
    """Return some elements of an input along which `wrong` says yes, found by halving the places that move.

    A half may look right because errors cancel along it; random weights make that a rare accident.
    """
    found: list[int] = []
    stack: list[tuple[int, int]] = [(0, size)]
    while stack and len(found) < enough:
        start, stop = stack.pop()
        if stop - start == 1:
            found.append(start)
            continue
        middle = (start + stop) // 2
        halves = [(start, middle), (middle, stop)]
        verdicts = wrong([projection(which, slice(a, b), b - a, rng) for a, b in halves])
        stack += [half for half, bad in reversed(list(zip(halves, verdicts, strict=True))) if bad]
    return found
