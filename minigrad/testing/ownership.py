"""Whose memory is whose: what a backward may write to, what it may hand out, and whether it answers the same twice.

Rule 7  the cotangent and the inputs are the same, byte for byte, afterwards; a gradient has the shape, type and device
        of its input; no gradient is the memory of an input. Of NumPy backwards also: no two inputs get the same memory,
        and it does not matter how arrays lie in memory. (minigrad's engine copies a gradient that two inputs share, so
        its rules may hand out one array twice. A backward may return its cotangent, or a view of it.)
Rule 8  forward and backward are run twice before anything is measured: differences of a random function are noise.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from ..backend import device_of, is_array, to_numpy
from .adapters.pairs import PairFunction
from .adapters.subject import Forward, Subject
from .directions import FloatArray, is_floats
from .flaws import Flaw, Guess
from .layouts import scrambled

NUDGE = 1e-12  # of the size of a number


def check_untouched(
    subject: Subject, run: Forward, given: Sequence[FloatArray], cotangents: Sequence[FloatArray]
) -> None:
    """Raise if the inputs or the cotangents that were handed in have changed."""
    for i, (before, after) in enumerate(zip(subject.arrays, run.inputs, strict=True)):
        if isinstance(before, np.ndarray) and not same_bytes(before, to_numpy(after)):
            name = subject.names[i]
            culprit = (
                "backward" if same_bytes(before, to_numpy(subject.forward(subject.arrays).inputs[i])) else "forward"
            )
            raise Flaw(
                "mutation", f"{culprit} changed its input {name} in place",
                "write to a copy: the caller still needs its values, and backward may read them",
                (Guess(f"mutates-input:{name}", f"{culprit} writes to {name}"),),
            )  # fmt: skip
    for before, after in zip(cotangents, given, strict=True):
        if not same_bytes(before.astype(after.dtype), after):
            raise Flaw(
                "mutation", "backward changed the cotangent dy in place",
                "write to a copy: dy may be the gradient of another tensor too (y = a + b hands one dy to both)",
                (Guess("mutates-cotangent", "backward writes to dy"),),
            )  # fmt: skip


def check_memory(subject: Subject, run: Forward, gradients: Sequence[Any]) -> None:
    """Raise if a gradient is an input's memory, or two inputs got the same memory."""
    owned = [(subject.names[i], g) for i, g in zip(subject.wrt, gradients, strict=True)
             if isinstance(g, np.ndarray)]  # fmt: skip
    for (name, g), (i, x) in itertools.product(owned, enumerate(run.inputs)):
        if isinstance(x, np.ndarray) and np.shares_memory(g, x):
            raise Flaw(
                "alias", f"the gradient of {name} is the memory of the input {subject.names[i]}",
                "return a copy: an optimizer that scales the gradient in place would change the input",
                (Guess(f"aliases-input:{subject.names[i]}", f"backward returns {subject.names[i]} itself"),),
            )  # fmt: skip
    if subject.several_owners:
        for (one, g), (other, h) in itertools.combinations(owned, 2):
            if np.shares_memory(g, h):
                raise Flaw(
                    "alias", f"the gradients of {one} and {other} are the same memory",
                    "return a copy for one of them: whoever adds to one of them would change the other",
                    (Guess(f"shared-buffer:{one},{other}", "backward returns the same array for two inputs"),),
                )  # fmt: skip


def check_form(subject: Subject, run: Forward, which: int, gradient: Any) -> None:
    """Raise if a gradient is not an array of the shape, type and device of its input."""
    x, name = subject.arrays[which], subject.names[which]
    if np.shape(gradient) != x.shape:
        raise Flaw(
            "shape", f"the gradient of {name} has shape {np.shape(gradient)}, {name} has {x.shape}",
            "a gradient has the shape of its input: sum over the axes that broadcasting added or stretched",
            which=which, got=np.asarray(gradient),
        )  # fmt: skip
    dtype = gradient.dtype
    if dtype != x.dtype and all(y.dtype == x.dtype for y in run.outputs):
        raise Flaw(
            "dtype", f"the gradient of {name} is {dtype}, {name} is {x.dtype}",
            "make buffers with np.zeros_like(x): an integer or a shorter type cuts off what is assigned to it",
            (Guess(f"dtype:{dtype}", f"backward computes in {dtype}"),), which=which,
        )  # fmt: skip
    if is_array(run.inputs[which]) and device_of(gradient) != device_of(run.inputs[which]):
        raise Flaw("device", f"the gradient of {name} is on {device_of(gradient)}, {name} is not",
                   "compute with the array module of the inputs")  # fmt: skip


Runs: TypeAlias = "Sequence[tuple[Forward, list[Any]]]"


def check_layout(subject: Subject, point_run: Forward, gradients: Sequence[Any], given: Sequence[FloatArray]) -> None:
    """Raise if a NumPy function gives another answer for the same values in strided, reversed, read-only memory."""
    if not isinstance(subject, PairFunction):
        return
    arrays = [scrambled(a) if isinstance(a, np.ndarray) else a for a in subject.arrays]
    try:
        run = subject.forward(arrays, lambda a: a)
        again = subject.backward(run, [scrambled(v) for v in given])
    except Exception as error:
        told = f"raises {type(error).__name__}: {error}"
    else:
        first, second = [*point_run.outputs, *gradients], [*run.outputs, *again]
        if _agree(first, second) or _agree(first, second, _nudged(subject, given)):
            return
        told = "gives another answer"
    raise Flaw(
        "layout", f"on inputs that are not contiguous, or read-only, the function {told}",
        "work with shapes and strides as they come: reshape may copy, and writing to an input is never allowed",
        (Guess("layout", "it depends on how its inputs lie in memory"),),
    )  # fmt: skip


def _agree(first: Sequence[Any], second: Sequence[Any], nudged: Sequence[Any] | None = None) -> bool:
    """Say whether two lists of results agree, up to rounding, or up to what a nudge of the inputs changes."""
    beside = [None] * len(first) if nudged is None else nudged
    return all(
        np.shape(a) == np.shape(b) and nearly_same(np.asarray(a), np.asarray(b), None if c is None else np.asarray(c))
        for a, b, c in zip(first, second, beside, strict=True)
        if a is not None
    )


def _nudged(subject: PairFunction, given: Sequence[FloatArray]) -> list[Any]:
    """Return all results for numbers that differ in the last digits: sums that cancel hold nothing but these."""
    rng = np.random.default_rng(0)

    def nudge(a: Any) -> Any:
        return a * (1 + NUDGE * rng.choice([-1.0, 1.0], a.shape)) if is_floats(a) else a

    run = subject.forward([nudge(a) for a in subject.arrays])
    return [*run.outputs, *subject.backward(run, [nudge(v) for v in given])]


def kept(gradients: Sequence[Any]) -> list[Any]:
    """Return copies, which a backward that hands out one buffer again and again cannot change."""
    return [g.copy() if is_array(g) else g for g in gradients]


def check_repeats(runs: Runs) -> None:
    """Raise if one of the runs gave another answer than the first."""
    for run, gradients in runs[1:]:
        for y, again in zip(runs[0][0].outputs, run.outputs, strict=True):
            if y.shape != again.shape or not nearly_same(y, again):
                raise Flaw(
                    "nondeterministic", "forward gives another value each time it is called with the same input",
                    "seed the generator inside the function, or check dropout in eval mode",
                    _redrawn(runs) or (Guess("nondeterministic:forward", "forward draws random numbers"),),
                )  # fmt: skip
        for k, (g, again) in enumerate(zip(runs[0][1], gradients, strict=True)):
            if g is None or again is None or np.shape(g) != np.shape(again):
                continue
            if not nearly_same(to_numpy(g), to_numpy(again)):
                raise Flaw(
                    "nondeterministic", "backward gives another gradient for the same input and cotangent",
                    *_another_answer([np.asarray(to_numpy(gs[k])) for _, gs in runs]),
                )  # fmt: skip


def _another_answer(answers: Sequence[Any]) -> tuple[str, tuple[Guess, ...]]:
    """Return a hint and a guess for a gradient that changes from call to call."""
    first, second, last = answers[0], answers[1], answers[-1]
    if nearly_same(second, 2 * first) or (len(answers) > 2 and nearly_same(last - answers[-2], second - first)):
        guess = Guess(
            "accumulates", "each call gives more, as if it were added to the one before: a buffer is never cleared"
        )
        return "start backward from zeros: the caller adds gradients up", (guess,)
    if not np.array_equal(first == 0, last == 0):
        guess = Guess("mask-redrawn", "the zeros of the gradient move: backward draws a new mask instead of forward's")
        return "keep the mask that forward drew", (guess,)
    guess = Guess("nondeterministic:backward", "backward draws random numbers, or keeps something between calls")
    return "backward may depend on dy and on what forward saw, on nothing else", (guess,)


def _redrawn(runs: Runs) -> tuple[Guess, ...]:
    """Return a guess if forward and backward each drop elements at random, and not the same ones."""
    for run, gradients in runs:
        for y, g in itertools.product(run.outputs, gradients):
            dropped = isinstance(g, np.ndarray) and y.shape == g.shape and (y == 0).any() and (g == 0).any()
            if dropped and not np.array_equal(y == 0, g == 0):
                return (
                    Guess(
                        "mask-redrawn", "the zeros of the gradient are not those of the output: a mask is drawn anew"
                    ),
                )
    return ()


def same_bytes(a: Any, b: Any) -> bool:
    """Say whether two arrays hold the same bits, NaNs included."""
    return bool(a.shape == b.shape and a.tobytes() == b.tobytes())


def nearly_same(a: Any, b: Any, nudged: Any = None) -> bool:
    """Say whether two results of one computation agree, whatever the order of its sums was.

    `nudged` is a third result, of inputs that were moved a little: a and b may be as far apart as a and that.
    """
    size = float(np.abs(a[np.isfinite(a)]).max(initial=0.0))
    moved = 0.0
    if nudged is not None and nudged.shape == a.shape:
        with np.errstate(invalid="ignore"):  # ∞ - ∞
            moved = float(np.nan_to_num(np.abs(a - nudged), posinf=0.0).max(initial=0.0))
    return bool(np.allclose(a, b, rtol=1e-9, atol=1e-10 * size + moved, equal_nan=True))
