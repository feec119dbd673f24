"""Mistakes in elementwise rules: a sign, a factor, the wrong letter, an edge."""

from __future__ import annotations

from typing import Any

from .... import ops
from ....ops import tensor
from ..example import Call, Probe, alike, anything, broadcast
from ..mutant import Mutant
from . import laws

_ANY = anything()
_ONE, _TWO = ((3, 4),), ((3, 4), (3, 4))


def _nothing_times_log_of_nothing() -> Any:
    x = tensor([0.0, 0.0], dtype="float64", requires_grad=True)
    ops.xlogy(x, tensor([0.0, 1.0], dtype="float64")).sum().backward()
    return x.grad


MUTANTS = [
    Mutant(
        "sub-sign", "arithmetic", "minigrad.ops.arithmetic:sub",
        "lambda dz, _: -dz", "lambda dz, _: dz",
        "addition's rule, copied: KhawajaAbaid/micrograd_c#1",
        laws.DIFFERENCES, Call(ops.sub, _TWO, broadcast()),
    ),
    Mutant(
        "mul-own-factor", "arithmetic", "minigrad.ops.arithmetic:mul",
        "(x, lambda dz, _: dz * y), (y, lambda dz, _: dz * x)", "(x, lambda dz, _: dz * x), (y, lambda dz, _: dz * y)",
        "each operand times itself, which is right for x * x",
        laws.DIFFERENCES, Call(ops.mul, _TWO, broadcast()),
    ),
    Mutant(
        "div-sign", "arithmetic", "minigrad.ops.arithmetic:div",
        "-dz * z / y", "dz * z / y",
        "the minus of the quotient rule",
        laws.DIFFERENCES, Call(ops.div, _TWO, broadcast(), low=0.5),
    ),
    Mutant(
        "pow-exponent", "arithmetic", "minigrad.ops.arithmetic:_fixed_power",
        "n * x ** (n - 1 if n else 0)", "(n - 1) * x ** (n - 1 if n else 0)",
        "the factor taken after the exponent was lowered; right for no exponent at all",
        laws.DIFFERENCES, Call(lambda x: x**3, _ONE, _ANY),
    ),
    Mutant(
        "pow-zero-to-zero", "arithmetic", "minigrad.ops.arithmetic:_fixed_power",
        "x ** (n - 1 if n else 0)", "x ** float(n - 1)",
        "0 · x⁻¹ at x = 0: a constant with a NaN for a slope",
        laws.EDGES, Call(lambda x: x**0, _ONE, _ANY),
    ),
    Mutant(
        "pow-log-of-zero", "arithmetic", "minigrad.ops.arithmetic:pow",
        "z * x.masked_fill(flat, 1).log()", "z * x.log()",
        "0 · ln 0: the gradient by an exponent is NaN where the base is 0",
        laws.EDGES, Call(ops.pow, _TWO, alike(2), low=0.0),
    ),
    Mutant(
        "square-half", "arithmetic", "minigrad.ops.arithmetic:square",
        "dy * (2 * x)", "dy * x",
        "the 2 that lectures hide by halving the loss",
        laws.DIFFERENCES, Call(ops.square, _ONE, _ANY),
    ),
    Mutant(
        "reciprocal-once", "arithmetic", "minigrad.ops.arithmetic:reciprocal",
        "-dy * (y * y)", "-dy * y",
        "the power rule with the exponent left as it was",
        laws.DIFFERENCES, Call(ops.reciprocal, _ONE, _ANY, low=0.5),
    ),
    Mutant(
        "exp-by-input", "elementary", "minigrad.ops.elementary:exp",
        "lambda dy, y: dy * y", "lambda dy, y: dy * x",
        "the wrong saved value: input for output",
        laws.DIFFERENCES, Call(ops.exp, _ONE, _ANY),
    ),
    Mutant(
        "log-fudge", "elementary", "minigrad.ops.elementary:log",
        "array_module(x.array).log(x.array)", "array_module(x.array).log(x.array + 1e-9)",
        "a small number against log 0: the op is another function then (minigrad-framework's tensor.py)",
        laws.VALUES, Call(ops.log, _ONE, _ANY, low=0.0),
    ),
    Mutant(
        "log2-constant", "elementary", "minigrad.ops.elementary:log2",
        "x * math.log(2)", "x / math.log(2)",
        "the constant on the wrong side",
        laws.DIFFERENCES, Call(ops.log2, _ONE, _ANY, low=0.5),
    ),
    Mutant(
        "sqrt-half", "elementary", "minigrad.ops.elementary:sqrt",
        "dy / (2 * y)", "dy / y",
        "the ½ of the root",
        laws.DIFFERENCES, Call(ops.sqrt, _ONE, _ANY, low=0.5),
    ),
    Mutant(
        "rsqrt-power", "elementary", "minigrad.ops.elementary:rsqrt",
        "-0.5 * y * y * y", "-0.5 * y * y",
        "a power too few, which is right where y is 1",
        laws.DIFFERENCES, Call(ops.rsqrt, _ONE, _ANY, low=0.5),
    ),
    Mutant(
        "xlogy-zero", "elementary", "minigrad.ops.elementary:xlogy",
        "xlogy(dz, y.masked_fill(_hidden(x, y), 1))", "dz * y.log()",
        "0 ln 0 = 0 in the value, and -∞ in its gradient",
        laws.EDGES, Probe(_nothing_times_log_of_nothing),
    ),
    Mutant(
        "tanh-brackets", "elementary", "minigrad.ops.trigonometry:tanh",
        "dy * (1 - y * y)", "dy * 1 - y * y",
        "missing brackets, right for a cotangent of ones: apache/tvm#7340",
        laws.COTANGENT, Call(ops.tanh, _ONE, _ANY), ("tests/nn/test_activation.py",),
    ),
    Mutant(
        "cos-sign", "elementary", "minigrad.ops.trigonometry:cos",
        "-dy * x.sin()", "dy * x.sin()",
        "a sign",
        laws.DIFFERENCES, Call(ops.cos, _ONE, _ANY),
    ),
    Mutant(
        "atan2-order", "elementary", "minigrad.ops.trigonometry:atan2",
        "(y, lambda dz, _: dz * _inverted(x, y)), (x, lambda dz, _: -dz * _inverted(y, x))",
        "(x, lambda dz, _: dz * _inverted(x, y)), (y, lambda dz, _: -dz * _inverted(y, x))",
        "x and y exchanged: y comes first",
        laws.DIFFERENCES, Call(ops.atan2, _TWO, broadcast(), low=0.25),
    ),
    Mutant(
        "hypot-origin", "elementary", "minigrad.ops.trigonometry:hypot",
        "(x / z.masked_fill(z.eq(0), math.inf))", "(x / z)",
        "0 / 0 at the tip of the cone",
        laws.EDGES, Call(ops.hypot, _TWO, alike(2)),
    ),
    Mutant(
        "where-by-product", "choices", "minigrad.ops.select:where",
        "xp.where(c.array, x.array, y.array)", "c.array * x.array + ~c.array * y.array",
        "a choice as a sum of products: 0 · ∞ from the branch not taken, Ciela-Institute/caustics#83",
        laws.EDGES, Call(lambda x, y: ops.where(x > 0, x, 1 / y), _TWO, alike(2)),
    ),
    Mutant(
        "where-other-branch", "choices", "minigrad.ops.select:where",
        "(y, lambda dz, _: where(c, 0, dz))", "(y, lambda dz, _: where(c, dz, 0))",
        "the condition not negated for the second branch",
        laws.DIFFERENCES, Call(lambda x, y: ops.where(x > 0, x, y), _TWO, alike(2)),
    ),
    Mutant(
        "clamp-straight-through", "choices", "minigrad.ops.extreme:clamp_max",
        "lambda dy, _: where(x > hi, 0, dy)", "lambda dy, _: dy",
        "the gradient passes where the value was cut off",
        laws.DIFFERENCES, Call(lambda x: ops.clamp(x, -0.5, 0.5), _ONE, _ANY),
    ),
    Mutant(
        "maximum-ties", "choices", "minigrad.ops.extreme:_share",
        "where(tied, dz / 2, dz)", "dz",
        "both of two equal operands get the whole gradient, together twice as much: DeZero, PyDyNet",
        laws.TIES, Call(ops.maximum, _TWO, alike(2)),
    ),
    Mutant(
        "lerp-weight", "choices", "minigrad.ops.extreme:lerp",
        "dy * (e - x)", "dy * (x - e)",
        "the way back instead of the way there",
        laws.DIFFERENCES, Call(ops.lerp, ((3, 4),) * 3, broadcast(3)),
    ),
    Mutant(
        "remainder-divisor", "arithmetic", "minigrad.ops.arithmetic:remainder",
        "-dz * floor_divide(x, y)", "-dz * (x / y)",
        "the quotient not rounded",
        laws.DIFFERENCES, Call(ops.remainder, _TWO, low=0.6, high=2.4),
    ),
    Mutant(
        "erf-constant", "elementary", "minigrad.ops.error_function:erf",
        "2 / math.sqrt(math.pi) * (-x * x).exp()", "2 / math.pi * (-x * x).exp()",
        "a root lost in a constant",
        laws.DIFFERENCES, Call(ops.erf, _ONE, _ANY),
    ),
    Mutant(
        "asin-range", "elementary", "minigrad.ops.trigonometry:asin",
        "((1 - x) * (1 + x)).rsqrt()", "((1 - x) * (1 + x)).sqrt()",
        "a root where its reciprocal belongs",
        laws.DIFFERENCES, Call(ops.asin, _ONE, _ANY, low=-0.9, high=0.9),
    ),
    Mutant(
        "abs-negative-side", "elementary", "minigrad.ops.rounding:abs",
        "dy * x.sign()", "dy * (x > 0)",
        "relu's rule for |x|",
        laws.DIFFERENCES, Call(ops.abs, _ONE, _ANY),
    ),
]  # fmt: skip
