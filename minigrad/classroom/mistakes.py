"""Which known mistake a submission makes: the one that answers as it does, on every call the grader has made.

A test can only say that an answer is wrong. Known mistakes are wrong functions with a sentence each; one that gives
the same results as the submission, on the right calls and on the wrong ones, says what the student believes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .assignment import Assignment, Mistake
from .memory import copied, memory
from .worker import Limits, StudentError, Worker

MOST = 40  # calls that are kept


@dataclass(frozen=True)
class Call:
    """A call that the grader made: the arguments, what came back, and the arguments afterwards."""

    arguments: tuple[Any, ...]
    result: Any
    after: tuple[Any, ...]
    memory: list[bool]


class Recorder:
    """A student's function, with a memory of its calls."""

    def __init__(self, worker: Worker, function: str) -> None:
        self.worker, self.function = worker, function
        self.calls: list[Call] = []
        self.most = MOST

    def __call__(self, *arguments: Any) -> Any:
        """Call the function, and keep what happened unless it failed."""
        before = copied(arguments)
        result = self.worker.call(self.function, *arguments)
        if len(self.calls) < self.most:
            self.calls.append(Call(before, copied([result])[0], copied(arguments), memory(result, arguments)))
        return result


def name_of(assignment: Assignment, function: str, calls: Sequence[Call], limits: Limits) -> Mistake | None:
    """Return the known mistake that answers all calls as recorded, if there is one."""
    candidates = [m for m in assignment.mistakes if m.function == function]
    if not candidates or not calls:
        return None
    files = {**assignment.given, **{f"{m.name}.py": m.source for m in candidates}}
    with Worker(files, f"{candidates[0].name}.py", limits) as worker:
        return next((m for m in candidates if _answers(worker, m, calls)), None)


def _answers(worker: Worker, mistake: Mistake, calls: Sequence[Call]) -> bool:
    for call in calls:
        arguments = copied(call.arguments)
        try:
            result = worker.call(mistake.function, *arguments, file=f"{mistake.name}.py")
        except StudentError:
            return False
        if not same((result, arguments), (call.result, call.after)) or call.memory != memory(result, arguments):
            return False
    return True


def same(a: Any, b: Any) -> bool:
    """Say whether two results are equal, arrays up to rounding."""
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, (np.ndarray, float, int)) and isinstance(b, (np.ndarray, float, int)):
        x, y = np.asarray(a), np.asarray(b)
        return x.shape == y.shape and bool(np.allclose(x, y, rtol=1e-5, atol=1e-7, equal_nan=True))
    return type(a) is type(b) and bool(a == b)
