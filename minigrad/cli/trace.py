"""Run a script and print each op as it is recorded, and each gradient as it flows back.

    →  an op was recorded: what went in, what came out, what it computes, whose line it is
    ·  an op was computed, but not recorded: no_grad, or nothing in it needs a gradient
    ←  a rule of backward has run: from which op, into which input, with which formula

#7 is the result of step 7. Leaves go by the name of the script's variable, parameters by the name in their module.
"""

from __future__ import annotations

import argparse
import os
import runpy
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..backend import to_numpy
from ..errors import ArgumentError
from ..grad_mode import mode
from ..nn import Module
from ..overwrites import users_line
from ..viz.rules import forward_formula, rule_formula
from ..viz.text import cells, clipped, summary

if TYPE_CHECKING:
    from ..autograd import Edge
    from ..tensor import Tensor

WIDTHS = {"step": 6, "op": 14, "from": 36, "to": 28, "values": 24, "rule": 36, "line": 40}
_STEP = "_trace_step"  # an attribute of results


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    command.add_argument("--limit", type=int, default=100, metavar="N", help="steps to print, 0 for all (100)")
    command.add_argument("script", help="the script to run")
    command.add_argument("arguments", nargs="*", help="its arguments, after -- if one of them starts with -")


def run(arguments: argparse.Namespace) -> int:
    """Run the script under a watcher; return its exit status."""
    if not os.path.isfile(arguments.script):
        raise ArgumentError(f"trace: there is no script {arguments.script!r}\nHint: give the path of a .py file")
    if arguments.limit < 0:
        raise ArgumentError(f"trace: --limit is {arguments.limit}\nHint: give 0 to print every step")
    tracer = Tracer(arguments.limit)
    try:
        print("→ recorded   · computed, not recorded   ← gradient   #7 the result of step 7")
        print(row("", *WIDTHS))
        with _as_main(arguments.script, arguments.arguments), _watched(tracer):
            status = _run(arguments.script)
        print(tracer.rest(), flush=True)
        return status
    except BrokenPipeError:  # whoever reads has seen enough, as `head` has after ten lines
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run(script: str) -> int:
    """Run a script as Python does, and show its exceptions without the frames of this command."""
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BrokenPipeError:
        raise
    except Exception as error:
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename != script:
            trace = trace.tb_next
        traceback.print_exception(type(error), error, trace)
        return 1
    return 0


@contextmanager
def _as_main(script: str, arguments: list[str]) -> Iterator[None]:
    """Give a script its arguments, and let it import its neighbours."""
    argv, path = sys.argv, list(sys.path)
    sys.argv = [script, *arguments]
    sys.path.insert(0, os.path.dirname(os.path.abspath(script)))
    try:
        yield
    finally:
        sys.argv, sys.path[:] = argv, path


@contextmanager
def _watched(tracer: Tracer) -> Iterator[None]:
    before, mode.watcher = mode.watcher, tracer
    try:
        yield
    finally:
        mode.watcher = before


class Tracer:
    """Prints what happens on the tape, the first `limit` steps of it; 0 means all."""

    def __init__(self, limit: int) -> None:
        self.limit, self.steps, self.ops, self.gradients = limit, 0, 0, 0

    def made(self, y: Tensor, inputs: Sequence[Edge]) -> None:
        """Print an op."""
        self.ops += 1
        if not self._counted():
            return
        y.place = users_line()
        y.__dict__[_STEP] = self.steps
        sources = ", ".join(f"{name_of(x)} {x.shape}" for x, _ in inputs)
        self._print("→" if y.tracked else "·", y, sources, str(y.shape), y.array, forward_formula(y.op))

    def passed(self, y: Tensor, dx: Tensor) -> None:
        """Print a gradient."""
        self.gradients += 1
        if not self._counted():
            return
        edge = sys._getframe(1).f_locals  # of the walk: a watcher is not told which edge it is on
        x, rule = edge["x"], edge["rule"]
        self._print("←", y, name_of(y), f"{name_of(x)} {dx.shape}", dx.array, rule_formula(y.op, rule))

    def _counted(self) -> bool:
        """Count a step; say whether it is to be printed."""
        self.steps += 1
        return self.limit == 0 or self.steps <= self.limit

    def _print(self, mark: str, y: Tensor, source: str, target: str, array: Any, rule: str) -> None:
        values = summary(to_numpy(array))
        print(row(mark, str(self.steps), y.op, source, target, values, rule, os.path.basename(y.place)))

    def rest(self) -> str:
        """Return what there was in all."""
        total = f"{self.ops} ops, {self.gradients} gradients"
        hidden = self.steps - self.limit if self.limit else 0
        return total if hidden <= 0 else f"{total}; the last {hidden} steps are not shown (--limit 0 shows all)"


def row(mark: str, *columns: str) -> str:
    """Return one line of the table."""
    fitted = [clipped(text, width) for text, width in zip(columns, WIDTHS.values(), strict=True)]
    number, *texts = fitted
    padded = [text + " " * (width - cells(text)) for text, width in zip(texts, list(WIDTHS.values())[1:], strict=True)]
    return "  ".join([number.rjust(WIDTHS["step"]), mark or " ", *padded]).rstrip()


def name_of(x: Tensor) -> str:
    """Return what to call a value: #step, or the name that the script has for it."""
    step = x.__dict__.get(_STEP)
    if step is not None:
        return f"#{step}"
    script = dict(vars(sys.modules["__main__"]))
    for name, value in script.items():
        if value is x and not name.startswith("__"):
            return name
    for name, value in script.items():
        for path, parameter in value.named_parameters() if isinstance(value, Module) else ():
            if parameter is x:
                return f"{name}.{path}"
    return "leaf" if x.tracked and not x.edges else "earlier" if x.edges else "constant"

