"""First and second derivatives of a function, checked against differences.

With a cotangent v the scalar s(x) = Σ v · f(x) has the gradient that backward computes from v.

Rule 1   v is drawn from the whole numbers -3 … 3 without 0, and is never constant: ones would hide a transposed or
         permuted gradient, every error whose sum over the output is 0, and a backward that ignores v. A single output
         gets -2, -1 or 2.
Rule 2   values to check at are the caller's; strategies draw grids with ties, and distinct ones.
Rule 3   shapes are the caller's; `smallest` tries smaller ones.
Rule 10  second derivatives: the vjp itself is a function of (x, v), and the same check holds for it; and its derivative
         by x is symmetric, ⟨u, H w⟩ = ⟨w, H u⟩, which needs no differences.

The other rules are in numeric.py (4), kinks.py (5, 6), ownership.py (7, 8), directions.py (9), report.py (11). Laws
that need no differences (12) are in the laws beside this file; other frameworks as oracles (13) are left to tests.
A check whose slopes are all zero proves nothing, and says so: see `zero`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..errors import ArgumentError, GradcheckError
from .adapters.choose import is_torch, subject_for
from .adapters.pairs import PairFunction
from .diagnosis.repro import snippet
from .diagnosis.shrink import SECONDS, Rerun, Shrinker
from .examine import examine
from .report import GradReport
from .second_order import SecondOrder, check_symmetry
from .settings import Settings

Function = Any  # of tensors, a Module, a NumPy pair, a layer object, or a function of torch tensors


def gradcheck(
    f: Function, *inputs: Any, wrt: Any = None, cotangent: Any = "random", method: str = "richardson",
    directions: int | None = None, kinks: str = "subgradient", ownership: bool = True, determinism: int = 2,
    rtol: float = 1e-6, atol: Any = "auto", zero: str = "alarm", step: float = 1e-3, seed: int = 0,
    raise_exception: bool = True,
) -> GradReport:  # fmt: skip
    """Check backward through `f` at `inputs`, in float64, with a random cotangent.

    `f` may be a function of minigrad tensors, a Module (its parameters are checked too), a pair of NumPy functions
    (forward, backward), an object with .forward and .backward, or a function of PyTorch tensors.

    wrt            which inputs to check, by position or name; by default all that hold floats
    cotangent      "random", or an array per output
    method         "richardson"; "complex" for analytic NumPy functions; "central" for plain differences
    directions     how many random directions to look along; by default every element of inputs up to 64
    kinks          "subgradient": the answer must lie between the slopes around; "error"; "skip"
    ownership      whether to check that nothing is overwritten and no memory is shared
    determinism    how many times to run before measuring
    rtol, atol     |backward - differences| ≤ atol + rtol · size; "auto" measures how far differences can be trusted
    zero           "alarm": a check whose slopes are all 0 fails, because it would pass a backward that returns zeros;
                   "expected": it must be so, as for a step function; "allowed": it may
    step           where steps begin to shrink from

    Raises  GradcheckError with the report, unless `raise_exception` is False
    """
    settings = Settings(
        "gradcheck", cotangent, method, directions, kinks, ownership, determinism, rtol, atol, zero, step, seed
    )  # fmt: skip

    def check(values: Sequence[Any], v: Any) -> GradReport:
        subject = subject_for("gradcheck", f, values, wrt, inputs)
        if method == "complex" and not isinstance(subject, PairFunction):
            raise ArgumentError(
                'gradcheck: method="complex" needs a NumPy function, given as a pair (forward, backward)\n'
                'Hint: method="richardson" works on everything'
            )
        return examine(subject, replace(settings, cotangent=v))

    return _told(check, f, inputs, settings, wrt, raise_exception)


def gradgradcheck(
    f: Function, *inputs: Any, wrt: Any = None, cotangent: Any = "random", directions: int | None = None,
    kinks: str = "subgradient", ownership: bool = True, determinism: int = 2, rtol: float = 1e-5, atol: Any = "auto",
    zero: str = "alarm", step: float = 1e-3, seed: int = 0, raise_exception: bool = True,
) -> GradReport:  # fmt: skip
    """Check the gradient of the gradient: backward through (x, v) -> vjp(f)(x, v), and the symmetry of its slope.

    Options as in `gradcheck`; the cotangents v count as further inputs. `f` works on minigrad tensors, or is a Module.

    Raises  GradcheckError with the report, unless `raise_exception` is False
    """
    settings = Settings(
        "gradgradcheck", "random", "richardson", directions, kinks, ownership, determinism, rtol, atol, zero, step, seed
    )  # fmt: skip

    def check(values: Sequence[Any], v: Any) -> GradReport:
        subject = SecondOrder(subject_for("gradgradcheck", f, values, wrt, inputs), v, seed)
        return examine(subject, settings, check_symmetry)

    return _told(check, f, inputs, replace(settings, cotangent=cotangent), wrt, raise_exception)


def smallest(f: Any, *inputs: Any, seconds: float = SECONDS, **options: Any) -> GradReport:
    """Return the report of the smallest example at hand on which gradcheck of `f` fails as it does at `inputs`.

    The report's `inputs` are the arrays, its `repro()` the code. `options` are those of `gradcheck`.

    Raises  ArgumentError if the check passes
    """
    report = gradcheck(f, *inputs, **{**options, "raise_exception": False})
    if report:
        raise ArgumentError("smallest: the check passes at these inputs\nHint: give inputs at which it fails")
    return report.smallest(seconds)


def _told(
    check: Rerun, f: Function, inputs: Sequence[Any], settings: Settings, wrt: Any, raise_exception: bool
) -> GradReport:
    """Run a check, give its report the means to find a smaller example, and raise what failed."""

    def connected(values: Sequence[Any], v: Any) -> GradReport:
        report = check(values, v)
        report.cotangent = v
        report._write = lambda: snippet(
            f, report.inputs, report.parameters, replace(settings, cotangent=v), wrt, is_torch(f, inputs)
        )
        return report

    report = connected(inputs, settings.cotangent)
    if report:
        return report
    report._shrink = lambda seconds: Shrinker(report, report.inputs, connected, seconds).shrink()
    if raise_exception:
        raise GradcheckError(report) from report.cause
    return report
