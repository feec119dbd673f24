"""Forward and backward are two readings of one matrix: ⟨v, J t⟩ = ⟨vᵀJ, t⟩ = the slope of ⟨v, f⟩ along t."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import GradcheckError
from .adapters.choose import subject_for
from .directions import Direction
from .examine import Check
from .flaws import Flaw, Guess
from .measure import measure
from .point import Point, draw
from .report import GradReport
from .second_order import SecondOrder
from .settings import Settings


def check_jvp_vjp(
    f: Any, *inputs: Any, wrt: Any = None, rtol: float = 1e-6, seed: int = 0, raise_exception: bool = True
) -> GradReport:
    """Check that forward mode, backward mode and differences agree along one random direction through all inputs.

    vᵀJ is linear in v, so its derivative by v along t is J t: that is what `func.jvp` computes, and the rules' own
    derivatives are in it.

    Raises  GradcheckError with the report, unless `raise_exception` is False
    """
    subject = subject_for("check_jvp_vjp", f, inputs, wrt)
    settings = Settings("check_jvp_vjp", rtol=rtol, seed=seed)
    check = Check(subject, settings)
    try:
        _compare_three(check, SecondOrder(subject, "random", seed), settings)
        report = check.report()
    except Flaw as flaw:
        report = check.report(flaw)
    if not report and raise_exception:
        raise GradcheckError(report) from report.cause
    return report


def _compare_three(check: Check, second: SecondOrder, settings: Settings) -> None:
    subject = check.subject
    second.prepare()
    check.point = point = Point(subject, subject.arrays, seed=settings.seed)
    ts = draw([subject.arrays[i].shape for i in subject.wrt], np.random.default_rng(settings.seed + 1))
    pushed = second.backward(second.forward(second.arrays), ts)[len(subject.wrt) :]
    terms = [(v * p).sum() for v, p in zip(point.cotangents, pushed, strict=True) if p is not None]
    forward, backward = (
        float(sum(terms)),
        float(sum((point.gradients[i] * t).sum() for i, t in zip(subject.wrt, ts, strict=True))),
    )
    size = sum(float(np.abs(point.gradients[i] * t).sum()) for i, t in zip(subject.wrt, ts, strict=True))
    line: Direction = tuple((i, slice(None), t.reshape(-1)) for i, t in zip(subject.wrt, ts, strict=True))
    measured = measure(point.lines(), [line], np.array([backward]), settings, size)
    slope = float(measured.value[0])
    told = f"⟨v, J t⟩ = {forward:.10g}, ⟨vᵀJ, t⟩ = {backward:.10g}, differences along t say {slope:.10g}"
    if measured.wrong[0]:
        raise Flaw(
            "value", f"backward does not agree with differences: {told}", "gradcheck says which input and element"
        )
    if not abs(forward - backward) <= settings.rtol * size + 1e-12:
        raise Flaw(
            "value", f"forward mode is not the adjoint of backward: {told}",
            "a rule has the right value and a wrong history: gradgradcheck says where",
            (Guess("not-adjoint", "the rule's derivative by dy is wrong: a detach, or arrays instead of ops"),),
        )  # fmt: skip
    check.notes.append(told)
