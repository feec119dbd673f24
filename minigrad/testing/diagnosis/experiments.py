"""Hypotheses that another run decides: with another cotangent, other indices, values without ties."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..directions import is_floats
from ..flaws import Guess
from ..point import draw
from .evidence import Evidence

MOST_OUTPUTS, MOST_INPUTS = 64, 256  # one run of backward for each output, two of forward for each input


def ignores_dy(e: Evidence) -> Guess | None:
    """The answer does not depend on the cotangent, or not linearly."""
    double, quarter = (e.pull([c * v for v in e.point.cotangents]) for c in (2.0, 0.25))
    if double is None or quarter is None or (e.got == 0).all():
        return None
    if np.array_equal(double, e.got) and np.array_equal(quarter, e.got):
        return Guess("ignores-dy", "backward gives the same whatever dy is: it must be multiplied by dy")
    if not (e.fits(double / 2, e.got) and e.fits(quarter * 4, e.got)):
        return Guess(
            "nonlinear-dy", "a multiple of dy does not give that multiple of the gradient: dy stands in it squared, or "
            "clipped, or as a condition"
        )  # fmt: skip
    return None


def ignored_outputs(e: Evidence) -> Guess | None:
    """Some outputs send nothing back: a loop that stops short of them, or a border that is cut off."""
    y = e.y
    if y is None or not 2 <= y.size <= MOST_OUTPUTS or e.x.size > MOST_INPUTS:
        return None
    matters: Any = (np.abs(e.pieces) > float(e.slack.max())).any(0)
    silent = np.array([matters[k] and _silent(e, k) for k in range(y.size)])
    if not silent.any() or silent.all() or not e.fits(e.got, e.pieces[:, ~silent].sum(1).reshape(e.x.shape)):
        return None
    where = "" if _box(~silent.reshape(y.shape)) is None else ", those at the edge"
    told = f"{int(silent.sum())} of {y.size} outputs send nothing back{where}"
    return Guess("ignored-outputs", f"{told}: a loop that stops short, or a part that is cut off")


def _silent(e: Evidence, k: int) -> bool:
    """Say whether backward gives zeros when only output k has a gradient."""
    v = np.zeros(e.dy.shape)
    v.reshape(-1)[k] = 2.0
    dx = e.pull([v])
    return dx is not None and not dx.any()


def _box(kept: Any) -> tuple[slice, ...] | None:
    """Return the box that holds exactly the outputs that are kept, if there is one."""
    places = np.argwhere(kept)
    box = tuple(slice(low, high + 1) for low, high in zip(places.min(0), places.max(0), strict=True))
    return box if kept[box].all() else None


def not_the_adjoint(e: Evidence) -> Guess | None:
    """The function itself is applied to dy: J dy stands where Jᵀ dy is meant."""
    if e.y is None or e.y.size != e.x.size or e.telling < 2:
        return None
    pushed = e.push(e.dy)
    if not e.fits(e.got.reshape(-1), pushed):
        return None
    rows = np.abs(e.pieces / np.where(e.dy == 0, 1, e.dy).reshape(-1))
    if bool(((rows > 1e-6).sum(1) == 1).all() and np.allclose(rows.max(1), 1, atol=1e-6)):
        return Guess(
            "inverse-permutation", "dy is permuted as forward permutes x: backward needs the inverse permutation"
        )
    return Guess("not-transposed", "dy goes through the function's own matrix: backward needs its transpose")


def duplicates(e: Evidence) -> Guess | None:
    """Right as long as no index occurs twice."""
    integers = [
        i for i, a in enumerate(e.point.arrays) if isinstance(a, np.ndarray) and a.dtype.kind in "iu" and a.size > 1
    ]
    arrays, rng = list(e.point.arrays), np.random.default_rng(0)
    repeats = False
    for i in integers:
        a: Any = arrays[i]
        values = int(a.max()) + 1
        if np.unique(a).size < a.size <= values and a.min() >= 0:
            arrays[i], repeats = rng.permutation(values)[: a.size].reshape(a.shape).astype(a.dtype), True
    if repeats and e.right_at(arrays):
        return Guess("duplicate-indices", "it is right when no index occurs twice: = where np.add.at is meant")
    return None


def overwrites(e: Evidence) -> Guess | None:
    """An element that several outputs use keeps the contribution of one of them only."""
    if e.x.size > MOST_INPUTS:
        return None
    slack = float(e.slack.max()) + 1e-6 * float(np.abs(e.pieces).max(initial=0.0))
    got, right = e.got.reshape(-1), e.right.reshape(-1)
    wrong = np.flatnonzero(np.abs(got - right) > e.slack.reshape(-1))
    kept: dict[str, int] = {"last": -1, "first": 0}
    for j in wrong:
        uses = e.pieces[j][np.abs(e.pieces[j]) > slack]
        if uses.size < 2:
            return None
        kept = {word: k for word, k in kept.items() if abs(uses[k] - got[j]) <= slack}
    if not kept or not wrong.size:
        return None
    word = next(iter(kept))
    return Guess(
        "overwrites", f"elements that are used several times keep only the {word} contribution: = where += is meant"
    )


def constant_cotangent(e: Evidence) -> Guess | None:
    """Right when all of dy is one number, which is all that a check with ones can see."""
    if sum(v.size for v in e.point.cotangents) < 2:
        return None
    if e.right_at(cotangents=[np.full_like(v, 2.0) for v in e.point.cotangents]):
        return Guess("constant-cotangent", "it is right when dy is the same everywhere, and only then")
    return None


def ties(e: Evidence) -> Guess | None:
    """Right a little beside this point, where no two values are equal and none is 0."""
    floats = [a for a in e.point.arrays if is_floats(a) and a.size]
    values = np.concatenate([a.reshape(-1) for a in floats])
    tied = np.unique(values).size < values.size
    if not tied and not (values == 0).any():
        return None
    rng = np.random.default_rng(1)
    moved = [a + 0.02 * np.maximum(1, np.abs(a)) * rng.uniform(-1, 1, a.shape)
             if is_floats(a) else a for a in e.point.arrays]  # fmt: skip
    if not e.right_at(moved, draw([v.shape for v in e.point.cotangents], rng)):
        return None
    if tied:
        return Guess("ties", "it is right a little beside this point: wrong only where values are equal")
    return Guess("special-values", "it is right a little beside this point: wrong only where a value is 0")
