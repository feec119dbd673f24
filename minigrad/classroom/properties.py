"""What a function of an assignment must satisfy, declared in a line or three each, worth points each.

    Gradient("relu_backward", "slope 1 or 0", relu, draw)      equals the numeric derivative of a trusted forward
    Agrees("conv2d", "strides", reference, draw)               equals what a trusted function returns
    Law("order", "parents come first", holds, draw)            passes a predicate of arguments and result

A property is tried on examples that grow. It holds on all of them or is worth nothing; the first that fails is told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..testing import GradReport, gradcheck, numpy_pair
from .feedback import example, table
from .memory import copied
from .worker import StudentError

Call = Callable[..., Any]  # the student's function
Draw = Callable[[np.random.Generator, int], "list[Any]"]


@dataclass(frozen=True)
class Failure:
    """How a property failed: in one sentence, at length, and as codes that can be counted."""

    sentence: str
    details: str = ""
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Property:
    """Something that a function must satisfy."""

    function: str
    title: str
    truth: Callable[..., Any]  # what the grader trusts: a forward, a reference, a predicate
    draw: Draw
    points: float = field(default=1.0, kw_only=True)
    hidden: bool = field(default=False, kw_only=True)
    examples: int = field(default=12, kw_only=True)

    def check(self, call: Call, rng: np.random.Generator, size: int, file: str) -> Failure | None:
        """Try one example of about `size`; return how it failed."""
        raise NotImplementedError

    def probe(self, call: Call, rng: np.random.Generator) -> None:
        """Call the function on some examples, whatever it answers: how it is wrong shows better on several."""
        for size in (2, 3, 4):
            with suppress(StudentError):
                call(*self.arguments(rng, size))

    def arguments(self, rng: np.random.Generator, size: int) -> Sequence[Any]:
        """Return the arguments of one call."""
        return self.draw(rng, size)

    def run(self, call: Call, rng: np.random.Generator, file: str, most: int = 1000) -> Failure | None:
        """Try all examples, but not more than `most`, small ones first."""
        count = min(self.examples, most)
        for k in range(count):
            try:
                with np.errstate(all="ignore"):  # an infinity or a NaN is told as such
                    failure = self.check(call, rng, 1 + 4 * k // count, file)
            except StudentError as error:
                failure = Failure(str(error), codes=(error.code,))
            except Exception as error:  # a mistake of the instructor's, or a result that nobody thought of
                said = f"{self.function} cannot be checked here: {type(error).__name__}: {' '.join(str(error).split())}"
                failure = Failure(said[:300], codes=("grader",))
            if failure is not None:
                return failure
        return None


@dataclass(frozen=True)
class Gradient(Property):
    """The function is the backward of `truth`: (dy, *inputs) -> gradients of the floating inputs.

    What counts is the numeric derivative of `truth`, which the grader owns. With `float32` the function is also
    called in single precision, and must answer in it.
    """

    wrt: tuple[int, ...] | None = field(default=None, kw_only=True)
    float32: bool = field(default=False, kw_only=True)

    def check(self, call: Call, rng: np.random.Generator, size: int, file: str) -> Failure | None:
        """Compare with differences at one point."""
        inputs = self.draw(rng, size)
        call.__name__ = call.__qualname__ = self.function
        seed = int(rng.integers(1 << 30))
        report = gradcheck(
            numpy_pair(self.truth, call, cache=False), *inputs, wrt=self.wrt, seed=seed, zero="allowed",
            raise_exception=False,
        )  # fmt: skip
        if not report:
            return self._failure(report, file, seed)
        return self._single(call, inputs, rng) if self.float32 else None

    def arguments(self, rng: np.random.Generator, size: int) -> Sequence[Any]:
        """Return a cotangent and the inputs."""
        inputs = self.draw(rng, size)
        result = self.truth(*copied(inputs))
        dys = [rng.normal(size=np.shape(y)) for y in (result if isinstance(result, tuple) else [result])]
        return [dys[0] if len(dys) == 1 else tuple(dys), *inputs]

    def _failure(self, report: GradReport, file: str, seed: int) -> Failure:
        if isinstance(report.cause, StudentError):
            code = report.cause.code
            shown = code not in ("unwritten", "undefined", "broken")
            details = example(file, self.function, report, self.truth, seed) if shown else ""
            return Failure(str(report.cause), details, (code,))
        codes = report.diagnosis or (report.kind,)
        smallest = report.smallest(0.5)
        guesses = [f"Looks like: {g.sentence}" for g in report.guesses[:2]]
        hint = [f"Hint: {report.hint}"] if report.hint else []
        lines = [*guesses, *smallest.table(), *hint, example(file, self.function, smallest, self.truth, seed)]
        return Failure(smallest.sentence, "\n".join(line for line in lines if line), codes)

    def _single(self, call: Call, inputs: list[Any], rng: np.random.Generator) -> Failure | None:
        """Compare the answer in float32 with that in float64."""
        short = [_as_float32(x) for x in inputs]
        dy = rng.integers(-3, 4, np.shape(self.truth(*inputs))).astype(np.float64)
        pairs = [(_several(call(_as_float32(dy), *short))), _several(call(dy, *copied(inputs)))]
        for a, b in zip(*pairs, strict=True):
            if a is not None and np.asarray(a).dtype != np.float32:
                return Failure(
                    f"{self.function} was given float32 and returned {np.asarray(a).dtype}", codes=("dtype",)
                )
            if a is not None and not np.allclose(a, b, rtol=1e-3, atol=1e-4):
                return Failure(f"{self.function} gives another gradient in float32 than in float64", codes=("dtype",))
        return None


@dataclass(frozen=True)
class Agrees(Property):
    """The function returns what `truth` returns, in shape and value; with `fresh`, in memory of its own."""

    rtol: float = field(default=1e-6, kw_only=True)
    fresh: bool = field(default=False, kw_only=True)

    def check(self, call: Call, rng: np.random.Generator, size: int, file: str) -> Failure | None:
        """Compare both at one point; the arguments must survive."""
        inputs = self.draw(rng, size)
        expected = _leaves(self.truth(*copied(inputs)))
        given = copied(inputs)
        got = _leaves(call(*given))
        failure = self._compare(got, expected) or self._memory(got, given, inputs)
        if failure is None:
            return None
        return Failure(failure.sentence, f"{failure.details}\n{table(file, self.function, inputs)}", failure.codes)

    def _memory(self, got: list[Any], given: Sequence[Any], inputs: Sequence[Any]) -> Failure | None:
        """Look at what became of the arguments."""
        pairs = zip(_leaves(given), _leaves(inputs), strict=True)
        arrays = [(a, b) for a, b in pairs if isinstance(a, np.ndarray)]
        if any(not np.array_equal(a, b, equal_nan=True) for a, b in arrays):
            return Failure(f"{self.function} changed one of its arguments in place", codes=("mutates-input",))
        if self.fresh and any(isinstance(y, np.ndarray) and np.may_share_memory(y, a) for y in got for a, _ in arrays):
            return Failure(f"{self.function} returned the memory of an argument, not a copy", codes=("aliases-input",))
        return None

    def _compare(self, got: list[Any], expected: list[Any]) -> Failure | None:
        if len(got) != len(expected):
            said = f"{self.function} returned {len(got)} result(s) where {len(expected)} are due"
            return Failure(said, codes=("count",))
        for k, (a, b) in enumerate(zip(got, expected, strict=True)):
            which = f"result {k} of {self.function}" if len(expected) > 1 else f"the result of {self.function}"
            if isinstance(a, str) or a is None:
                return Failure(f"{which} is {a!r:.60}, where numbers are due", codes=("output",))
            try:
                a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
            except (TypeError, ValueError, OverflowError):
                return Failure(f"{which} is a {type(a).__name__}, where numbers are due", codes=("output",))
            if a.shape != b.shape:
                return Failure(f"{which} has shape {a.shape}, due is {b.shape}", codes=("shape",))
            finite = np.isfinite(b)
            bound = self.rtol * (np.abs(b) + np.abs(b[finite]).max(initial=0.0) * 1e-3 + 1e-9)
            wrong = ~((np.abs(a - b) <= bound) & finite | (a == b))
            if wrong.any():
                place = tuple(int(i) for i in np.argwhere(wrong)[0])
                said = f"{which}{list(place) if place else ''} is {a[place]:.8g}, due is {b[place]:.8g}"
                return Failure(f"{said}; {int(wrong.sum())} of {a.size} are wrong", f"got\n{a!r:.400}\ndue\n{b!r:.400}",
                               ("value",))  # fmt: skip
        return None


@dataclass(frozen=True)
class Law(Property):
    """`truth(result, *arguments)` returns None, or the sentence that says what is wrong."""

    def check(self, call: Call, rng: np.random.Generator, size: int, file: str) -> Failure | None:
        """Ask at one point; a result that the predicate cannot even read is wrong too."""
        inputs = self.draw(rng, size)
        result = call(*copied(inputs))
        try:
            sentence = self.truth(result, *inputs)
        except (TypeError, ValueError, LookupError, AttributeError):
            sentence = f"the result is of the wrong kind: {result!r:.80}"
        if sentence is None:
            return None
        return Failure(f"{self.function}: {sentence}", table(file, self.function, inputs), ("law",))


def _several(result: Any) -> list[Any]:
    return list(result) if isinstance(result, (tuple, list)) else [result]


def _as_float32(x: Any) -> Any:
    return x.astype(np.float32) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x


def _leaves(result: Any) -> list[Any]:
    """Return what lists and tuples hold, one after another, whatever the nesting; a list of numbers is one leaf.

    What is an error of rounding depends on the largest number around: on its own, 1e-17 is far from 0.
    """
    if isinstance(result, (tuple, list)):
        if result and all(map(_is_number, result)):
            return [np.asarray(result)]
        return [leaf for item in result for leaf in _leaves(item)]
    return [result]


def _is_number(x: Any) -> bool:
    return isinstance(x, (int, float, np.generic)) or (isinstance(x, np.ndarray) and x.ndim == 0)
