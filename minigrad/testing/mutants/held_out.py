"""Mistakes that the checker was never tuned on: written after it was finished, by another hand.

The zoo measures a checker on bugs that its authors knew. This set says what that is worth: it is reported apart, and
nothing in minigrad.testing may be changed to catch a bug in it. All are wrong rules that leave every value right.
"""

from __future__ import annotations

from typing import Any

from ... import linalg, ops
from ...nn import functional as F
from .example import Call, alike, anything
from .mutant import Mutant
from .zoo import laws

_ANY, _ONE, _TWO = anything(), ((3, 4),), ((3, 4), (3, 4))
_SQUARE = ((3, 3),)
_WRONG = laws.DIFFERENCES


def _near_identity(f: Any) -> Any:
    """Return f of a matrix that is safely invertible, whatever the numbers drawn."""
    return lambda a: f(a * 0.2 + ops.eye(a.shape[-1], dtype=a.dtype))


def _positive(a: Any) -> Any:
    return linalg.cholesky(a @ a.mT + 3 * ops.eye(a.shape[-1], dtype=a.dtype))


def _solution(a: Any, b: Any) -> Any:
    return linalg.solve(a * 0.2 + ops.eye(3, dtype=a.dtype), b)


def _log_det(a: Any) -> Any:
    return linalg.slogdet(a)[1]


_ELEMENTARY = "minigrad.ops.elementary"
_TRIGONOMETRY = "minigrad.ops.trigonometry"
_DECOMPOSITION = "minigrad.ops.decomposition"


def _one(
    name: str, where: str, old: str, new: str, seen: str, f: Any, low: float = -2.0, high: float = 2.0
) -> Mutant:
    """Return a wrong rule of a function of one tensor, elementwise."""
    return Mutant(name, where.rpartition(".")[2].partition(":")[0], where, old, new, seen, _WRONG,
                  Call(f, _ONE, _ANY, low, high))  # fmt: skip


MUTANTS = [
    _one("log1p-as-log", f"{_ELEMENTARY}:log1p", "dy / (1 + x)", "dy / x", "the rule of log, copied",
         ops.log1p, 0.1, 2.0),
    _one("expm1-as-itself", f"{_ELEMENTARY}:expm1", "dy * (y + 1)", "dy * y", "exp is its own derivative; this is not",
         ops.expm1),
    _one("log10-without-base", f"{_ELEMENTARY}:log10", "(x * math.log(10))", "x", "the base forgotten",
         ops.log10, 0.1, 2.0),
    _one("tan-of-input", f"{_TRIGONOMETRY}:tan", "(1 + y * y)", "(1 + x * x)", "1 + tan² with the wrong letter",
         ops.tan, -1.0, 1.0),
    _one("sin-to-sin", f"{_TRIGONOMETRY}:sin", "x.cos()", "x.sin()", "the function for its derivative", ops.sin),
    _one("acos-sign", f"{_TRIGONOMETRY}:acos", "-dy * ((1 - x)", "dy * ((1 - x)", "asin's sign", ops.acos, -0.9, 0.9),
    _one("atan-no-square", f"{_TRIGONOMETRY}:atan", "(1 + x * x)", "(1 + x.abs())", "a square lost", ops.atan),
    _one("sinh-half", f"{_TRIGONOMETRY}:sinh", "x.cosh()", "(x.exp() / 2)", "half: right for large x", ops.sinh),
    _one("cosh-as-cos", f"{_TRIGONOMETRY}:cosh", "dy * x.sinh()", "-dy * x.sinh()", "cos's sign", ops.cosh),
    _one("asinh-no-root", f"{_TRIGONOMETRY}:asinh", "hypot(x, 1)", "(1 + x * x)", "the root forgotten", ops.asinh),
    _one("atanh-one-factor", f"{_TRIGONOMETRY}:atanh", "((1 - x) * (1 + x))", "(1 - x)", "one factor of 1 - x²",
         ops.atanh, -0.9, 0.9),
    Mutant("xlogy-no-factor", "elementary", f"{_ELEMENTARY}:xlogy", "dz * (x / y", "dz * (1 / y",
           "the factor in front of the logarithm", _WRONG, Call(ops.xlogy, _TWO, alike(2), 0.25, 2.0)),
    Mutant("lerp-start", "extreme", "minigrad.ops.extreme:lerp", "dy * (1 - w)", "dy",
           "the start's share is 1 - w", _WRONG, Call(lambda x, e: ops.lerp(x, e, 0.25), _TWO)),
    Mutant("minimum-other-side", "extreme", "minigrad.ops.extreme:minimum", "_share(dz, y > x", "_share(dz, x > y",
           "both inputs told apart by one comparison", _WRONG, Call(ops.minimum, _TWO)),
    Mutant("clamp-bound", "extreme", "minigrad.ops.extreme:clamp_min", "where(x < lo, dy, 0)", "where(x < lo, 0, dy)",
           "the bound's gradient where x passes", _WRONG, Call(lambda x, lo: ops.clamp(x, min=lo), _TWO)),
    Mutant("triu-as-tril", "triangle", "minigrad.ops.triangle:triu", "dy.triu(diagonal)", "dy.tril(diagonal)",
           "the other triangle", _WRONG, Call(ops.triu, _ONE)),
    Mutant("diagonal-offset", "triangle", "minigrad.ops.triangle:diagonal", "diagonal_put(dy, size, offset",
           "diagonal_put(dy, size, -offset if size[rows] == size[columns] else offset",
           "a diagonal above goes back below", laws.OPTIONS, Call(lambda x: ops.diagonal(x, 1), _SQUARE)),
    Mutant("log-softmax-mean", "softmax", "minigrad.ops.softmax:log_softmax", "dy.sum(axis, keepdim=True)",
           "dy.mean(axis, keepdim=True)", "a mean for a sum", _WRONG, Call(lambda x: ops.log_softmax(x, 1), _ONE)),
    Mutant("std-no-root", "statistics", "minigrad.ops.statistics:std", "(dy / (2 * y.masked_fill(kink, 1)))",
           "(dy / 2)", "the variance's rule halved", _WRONG, Call(lambda x: ops.std(x, 1), _ONE)),
    Mutant("var-transposed", "statistics", "minigrad.ops.statistics:var", "dy.reshape(kept)",
           "dy.flip(0).reshape(kept)", "results handed out in reverse", _WRONG, Call(lambda x: ops.var(x, 1), _ONE)),
    Mutant("norm-no-quotient", "norm", "minigrad.ops.norm:_euclidean", "(dy / y.masked_fill(kink, 1))", "dy",
           "the norm itself forgotten below x", _WRONG, Call(ops.norm, _ONE)),
    Mutant("p-norm-power", "norm", "minigrad.ops.norm:_powers", "share ** (p - 1)", "share ** p", "a power too many",
           laws.OPTIONS, Call(lambda x: ops.norm(x, 3.0), _ONE)),
    Mutant("logcumsumexp-no-decay", "scan", "minigrad.ops.scan:logcumsumexp", "_from_the_end(decay, dy, axis)",
           "dy.flip(axis).cumsum(axis).flip(axis)", "cumsum's rule", _WRONG,
           Call(lambda x: ops.logcumsumexp(x, 1), _ONE)),
    Mutant("recurrence-forgets", "scan", "minigrad.ops.scan:linear_recurrence",
           "def d_x(dy: Tensor, _: Tensor) -> Tensor:\n        return _from_the_end(a, dy, axis)",
           "def d_x(dy: Tensor, _: Tensor) -> Tensor:\n        return dy", "only the step's own output is looked at",
           _WRONG, Call(lambda a, x: ops.linear_recurrence(a, x, 1), _TWO)),
    Mutant("inverse-untransposed", "decomposition", f"{_DECOMPOSITION}:inv", "(y.mT @ dy @ y.mT)", "(y @ dy @ y)",
           "both transposes lost: right for symmetric matrices", _WRONG, Call(_near_identity(linalg.inv), _SQUARE)),
    Mutant("det-transposed", "decomposition", f"{_DECOMPOSITION}:det", "_cofactors(a)", "_cofactors(a).mT",
           "the adjugate in place of the cofactors", _WRONG, Call(_near_identity(linalg.det), _SQUARE)),
    Mutant("slogdet-transposed", "decomposition", f"{_DECOMPOSITION}:slogdet", "inv(a).mT", "inv(a)",
           "A⁻¹ for A⁻ᵀ", _WRONG, Call(_near_identity(_log_det), _SQUARE)),
    Mutant("solve-untransposed", "decomposition", f"{_DECOMPOSITION}:solve",
           "def d_b(dx: Tensor, _: Tensor) -> Tensor:\n        return solve(a.mT, dx)",
           "def d_b(dx: Tensor, _: Tensor) -> Tensor:\n        return solve(a, dx)",
           "the system solved the same way back", _WRONG, Call(_solution, ((3, 3), (3, 2)))),
    Mutant("cholesky-whole-square", "decomposition", f"{_DECOMPOSITION}:cholesky", "(l.mT @ dl) * half", "(l.mT @ dl)",
           "the upper triangle counted too", _WRONG, Call(_positive, _SQUARE)),
    Mutant("linear-square-weight", "linear", "minigrad.ops.linear:linear", "lambda dy, _: dy @ w)",
           "lambda dy, _: dy @ (w.mT if w.array.shape[0] == w.array.shape[1] else w))",
           "a transpose that only a square weight forgives", _WRONG, Call(F.linear, ((2, 3), (3, 3)))),
    Mutant("unfold-dilation", "window", "minigrad.ops.window:windows", "overlap_add(dy, axis, n, step, dilation)",
           "overlap_add(dy, axis, n, step, 1)", "taps gathered from the wrong distance", laws.OPTIONS,
           Call(lambda x: F.unfold(x, 2, dilation=2), ((1, 1, 4, 5),))),
    Mutant("average-of-sizes", "avg_pool", "minigrad.ops.avg_pool:average", "spread(dy, g, count)",
           "spread(dy.abs(), g, count)", "a sign lost on the way back", _WRONG,
           Call(lambda x: F.avg_pool2d(x, 2), ((1, 2, 4, 5),))),
    Mutant("huber-unbounded", "regression_loss", "minigrad.ops.regression_loss:_huber", "d.clamp(-delta, delta)",
           "d", "the square's rule for the straight part", _WRONG,
           Call(lambda x, t: F.huber_loss(x, t, delta=0.5), _TWO)),
    Mutant("target-of-entropy", "probability_loss", "minigrad.ops.probability_loss:_binary_surprise",
           "((-x).log1p().clamp_min(_LOWEST) - x.log().clamp_min(_LOWEST))",
           "((-x).log1p().clamp_min(_LOWEST) + x.log().clamp_min(_LOWEST))", "a sign in the target's gradient", _WRONG,
           Call(F.binary_cross_entropy, _TWO, None, 0.1, 0.9)),
]  # fmt: skip
