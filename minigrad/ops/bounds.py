"""Integers that name places: do they all name one that there is?"""

from __future__ import annotations

from collections.abc import Callable

from ..backend import Array
from ..doubts import at_hand, insist


def outside(places: Array, low: int, end: int) -> Array:
    """Say of each integer whether it lies outside [low, end): what is below is, read without a sign, far beyond."""
    distance = places.astype("int64", copy=False)
    return (distance - low if low else distance).view("uint64") >= end - low


def insist_within(places: Array, low: int, end: int, complaint: Callable[[int], Exception]) -> None:
    """Raise complaint(i) if an integer i lies outside [low, end); on the GPU not before the host waits for a value."""

    def complain() -> Exception:
        return complaint(int(places[outside(places, low, end)].reshape(-1)[0]))

    if not at_hand(places):
        insist(~outside(places, low, end).any(), complain)
    elif places.size and (places.min() < low or places.max() >= end):
        raise complain()
