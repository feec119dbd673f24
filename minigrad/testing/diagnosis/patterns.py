"""What a wrong gradient looks like beside the right one: hypotheses that the numbers alone decide.

Each takes the evidence and returns a guess if every element fits it. Elements that are 0 in both gradients fit anything
and count for nothing; a hypothesis with a free number needs at least two that count.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from ..directions import is_floats
from ..flaws import Guess
from .evidence import Evidence

Hypothesis = Callable[[Evidence], "Guess | None"]
MOST_AXES = 5


def zero(e: Evidence) -> Guess | None:
    """Nothing arrives."""
    raw = e.point.raw[e.point.subject.wrt.index(e.which)]
    if raw is None:
        return Guess(
            "disconnected", f"no path leads back to {e.name}: a detach, no_grad, or .array or .numpy() on the way"
        )
    if (e.got == 0).all():
        return Guess("zero", f"backward returns zeros for {e.name}")
    return None


def sign(e: Evidence) -> Guess | None:
    """The sign is lost."""
    if e.fits(-e.got):
        return Guess("sign", "the sign is wrong, the size is right")
    return None


def factor(e: Evidence) -> Guess | None:
    """A constant factor too much or too little."""
    square = float((e.right * e.right).sum())
    if square == 0 or e.telling == 0:
        return None
    c = float((e.got * e.right).sum()) / square
    if not 1e-9 <= abs(c) <= 1e100 or not e.fits(e.got / c):  # a NaN is none either, and powers of c must be numbers
        return None
    names = _names_of(e, c)
    label = _as_fraction(c)
    if not names and e.telling < (4 if "." in label else 2) and label not in ("2", "1/2", "-2", "-1/2"):
        return None  # one number is a multiple of any other
    meaning = f" ({' or '.join(names[:2])})" if names else ""
    return Guess(f"factor:{label}", f"every element is {label} times what it should be{meaning}")


def _as_fraction(c: float) -> str:
    simple = Fraction(c).limit_denominator(64)
    if abs(float(simple) - c) <= 1e-6 * abs(c):
        return str(simple)
    square = Fraction(c * c).limit_denominator(64)
    if abs(float(square) - c * c) <= 1e-6 * c * c:
        return f"{'-' if c < 0 else ''}sqrt({square})"
    return f"{c:.4g}"


def _names_of(e: Evidence, c: float) -> list[str]:
    """Return what in the shapes is equal to the factor."""
    subject, arrays = e.point.subject, e.point.arrays
    shaped = [(subject.names[i], a.shape) for i, a in enumerate(arrays) if isinstance(a, np.ndarray)]
    shaped += [("the output", y.shape) for y in e.point.run.outputs]
    lengths: dict[int, str] = {}
    for name, shape in shaped:
        for k, n in enumerate(shape):
            role = ", the batch size" if k == 0 and len(shape) > 1 else ""
            lengths.setdefault(n, f"the length of axis {k} of {name}{role}")
        if len(shape) > 1:
            lengths.setdefault(int(np.prod(shape)), f"the number of elements of {name}")
    lengths = {n: what for n, what in lengths.items() if n > 1}
    names = [what for n, what in lengths.items() if np.isclose(c, n, rtol=1e-6)]
    names += [f"1 over {what}" for n, what in lengths.items() if np.isclose(c, 1 / n, rtol=1e-6)]
    for n, what in lengths.items() if not names else ():
        if any(np.isclose(c**p, (n - 1) / n, rtol=1e-6) for p in (1, 2, -1, -2)):
            names.append(f"n against n - 1 for n = {n}, {what}")
    return names or [f"{one} over {other}" for (m, one), (n, other) in itertools.permutations(lengths.items(), 2)
                     if np.isclose(c, m / n, rtol=1e-6)]  # fmt: skip


def identity(e: Evidence) -> Guess | None:
    """Dy goes through unchanged."""
    if e.telling > 1 and e.fits(e.got, e.dy):
        return Guess("identity", "backward hands dy on as it came: the factor of the function itself is missing")
    return None


def swapped_inputs(e: Evidence) -> Guess | None:
    """The gradient belongs to another input."""
    for i, g in e.point.gradients.items():
        if i != e.which and g.shape == e.right.shape and e.telling > 1 and e.fits(g):
            other = e.point.subject.names[i]
            return Guess(
                f"swapped-inputs:{e.name},{other}",
                f"what is returned for {other} is right for {e.name}: their order is swapped",
            )
    return None


def axes_moved(e: Evidence) -> Guess | None:
    """Axes in another order, or run through backwards, or filled in another order."""
    if e.telling < 2:
        return None
    for order, moved in _orders(e.right):
        if e.fits(e.got, moved):
            swap = [k for k, axis in enumerate(order) if axis != k]
            if len(swap) == 2:
                return Guess(f"transposed:{swap[0]},{swap[1]}", f"axes {swap[0]} and {swap[1]} are swapped")
            axes = ",".join(map(str, order))
            return Guess(
                f"permuted:{axes}", f"the axes are in the order ({axes}): the permutation, or its inverse, taken twice"
            )
    for some in _subsets(e.right.ndim):
        if e.fits(e.got, np.flip(e.right, some)):
            told = ",".join(map(str, some))
            return Guess(f"flipped:{told}", f"the gradient runs backwards along axis {told}")
    for other in (e.right.ravel("F").reshape(e.right.shape), e.right.ravel().reshape(e.right.shape, order="F")):
        if e.fits(e.got, other):
            return Guess("order:F", "the elements are laid out column by column instead of row by row")
    return None


def _orders(a: Any) -> Iterator[tuple[tuple[int, ...], Any]]:
    if a.ndim <= MOST_AXES:
        for order in itertools.permutations(range(a.ndim)):
            if order != tuple(range(a.ndim)):
                yield order, a.transpose(order)


def _subsets(n: int) -> Iterator[tuple[int, ...]]:
    for count in range(1, min(n, MOST_AXES) + 1):
        yield from itertools.combinations(range(n), count)


def mask(e: Evidence) -> Guess | None:
    """Other elements are dropped than forward dropped."""
    y = e.y
    if y is None or y.shape != e.right.shape:
        return None
    kept, right = e.got != 0, np.abs(e.right) > e.slack
    both = kept & right
    redrawn = (kept != right).any() and not (kept <= right).all() and not (right <= kept).all()
    if redrawn and both.any() and e.fits(np.where(both, e.got, 0), np.where(both, e.right, 0)):
        return Guess("mask-redrawn", "other elements are dropped than in the output: backward draws a mask anew")
    return None


def missing_term(e: Evidence) -> Guess | None:
    """A term is missing that has one value per slice, or one per slice times y, x or exp y."""
    off = e.got - e.right
    bases: list[tuple[str, str, Any]] = [
        ("mean", "the same along axis {}: a term such as - mean(dx)", np.ones_like(off))
    ]
    if e.y is not None and e.y.shape == off.shape:
        with np.errstate(over="ignore"):
            bases.append(("term:y", "a multiple of y along axis {}: a term such as - y Σ dy·y", e.y))
            bases.append(
                ("term:exp(y)", "a multiple of exp(y) along axis {}: a term such as - exp(y) Σ dy", np.exp(e.y))
            )
    bases.append(("term:x", "a multiple of {name} along axis {}: a term such as - {name} Σ dy·{name}", e.x))
    axes_of = [(k,) for k in range(off.ndim)] + ([tuple(range(off.ndim))] if off.ndim > 1 else [])
    for (code, words, basis), axes in itertools.product(bases, axes_of):
        slices = off.size // max(1, int(np.prod([off.shape[k] for k in axes])))
        weight = (basis * basis).sum(axes, keepdims=True)
        if off.size - slices < 2 or not np.isfinite(weight).all() or not (weight > 0).all():
            continue
        share = basis * (off * basis).sum(axes, keepdims=True) / weight
        if e.fits(share, off) and not _plain(e, axes, basis):
            told = ",".join(map(str, axes))
            words = words.replace("{name}", e.name).format(told)
            return Guess(f"missing-{code}:{told}", f"what is wrong is {words}, missing or wrong")
    return None


def _plain(e: Evidence, axes: tuple[int, ...], basis: Any) -> bool:
    """Say whether both gradients are multiples of the basis anyway, so that it is no news that their difference is."""

    def multiple(g: Any) -> bool:
        return e.fits(basis * (g * basis).sum(axes, keepdims=True) / (basis * basis).sum(axes, keepdims=True), g)

    return multiple(e.got) and multiple(e.right)


def extra_factor(e: Evidence) -> Guess | None:
    """An input or the output stands in the product once too often, or once too little."""
    if e.telling < 2:
        return None
    subject = e.point.subject
    named = [(subject.names[i], a) for i, a in enumerate(e.point.arrays) if is_floats(a)]
    named += [("y", e.y)] if e.y is not None else []
    for name, a in named:
        if np.ndim(a) == 0 or np.shape(a) not in (e.right.shape, e.right.shape[-np.ndim(a) :]):
            continue
        if e.fits(e.got * a):
            return Guess(f"missing-factor:{name}", f"times {name} it would be right")
        if e.fits(e.got, e.right * a):
            return Guess(f"extra-factor:{name}", f"it is the right gradient times {name}")
    return None


def shuffled(e: Evidence) -> Guess | None:
    """The right values stand in the wrong places."""
    ours, right = np.sort(e.got, axis=None), np.sort(e.right, axis=None)
    distinct = np.unique(np.round(right / max(float(np.abs(right).max()), 1e-300), 6)).size if right.size else 0
    if distinct > 2 and bool((np.abs(ours - right) <= float(e.slack.max())).all()):
        return Guess("shuffled", "the values are right and stand in the wrong places")
    return None


def single_precision(e: Evidence) -> Guess | None:
    """Float32 noise."""
    scale = float(np.abs(e.right).max(initial=0.0))
    small = bool((np.abs(e.got - e.right) <= 1e-5 * scale).all())
    with np.errstate(over="ignore"):
        short = bool((e.got.astype(np.float32) == e.got).all())
    if small and short and not (e.got == np.round(e.got, 3)).all():
        return Guess("float32-noise", "backward rounds to float32 somewhere: noise, and not a wrong formula")
    return None
