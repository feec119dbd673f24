"""Mistakes in activations, softmax, reductions and running totals."""

from __future__ import annotations

from .... import ops
from ....ops import tensor
from ..example import Call, Probe, anything
from ..mutant import Mutant
from . import laws

_ANY, _SOME = anything(), anything(1, 3)
_ONE = ((3, 4),)


def _gradient(f: object, *values: float) -> object:
    x = tensor(list(values), dtype="float64", requires_grad=True)
    f(x).sum().backward()  # type: ignore[operator]
    return x.grad


MUTANTS = [
    Mutant(
        "relu-passes-all", "activations", "minigrad.ops.activation:relu_backward",
        "dy * (y > 0)", "dy * (y >= 0)",
        "≥ on the output, which is never negative: the gradient passes everywhere",
        laws.DIFFERENCES, Call(ops.relu, _ONE, _ANY),
    ),
    Mutant(
        "leaky-wrong-side", "activations", "minigrad.ops.activation:leaky_relu",
        "where(x > 0, dy, negative_slope * dy)", "where(x > 0, negative_slope * dy, dy)",
        "the slope on the other side",
        laws.DIFFERENCES, Call(ops.leaky_relu, _ONE, _ANY),
    ),
    Mutant(
        "prelu-weight-side", "activations", "minigrad.ops.activation:prelu",
        "where(x > 0, 0, dy * x)", "where(x > 0, dy * x, 0)",
        "the slope learns from the half that it does not touch",
        laws.DIFFERENCES, Call(ops.prelu, ((3, 4), (4,)), lambda rng: ((2, 3), ())),
    ),
    Mutant(
        "elu-alpha", "activations", "minigrad.ops.activation:elu",
        "dy * (alpha * clamp(x, max=0).exp())", "dy * clamp(x, max=0).exp()",
        "a factor whose default is 1",
        laws.OPTIONS, Call(lambda x: ops.elu(x, alpha=2.0), _ONE, _ANY),
    ),
    Mutant(
        "softplus-beta", "activations", "minigrad.ops.activation:softplus",
        "dy * z.sigmoid()", "dy * beta * z.sigmoid()",
        "an inner derivative that the division by β has cancelled already",
        laws.OPTIONS, Call(lambda x: ops.softplus(x, beta=2.0), _ONE, _ANY),
    ),
    Mutant(
        "softplus-overflow", "activations", "minigrad.ops.activation:softplus_forward",
        "(xp.maximum(z, 0) + xp.log1p(xp.exp(-xp.abs(z))))", "xp.log(1 + xp.exp(z))",
        "the formula as it is printed: 0 for every z below -37",
        laws.EDGES, Probe(lambda: ops.softplus(tensor([-50.0, 0.0], dtype="float64")).log()),
    ),
    Mutant(
        "hardtanh-negative", "activations", "minigrad.ops.activation:hardtanh",
        "where((x <= lo) | (x >= hi), 0, dy)", "where(x >= hi, 0, dy)",
        "one of two kinks",
        laws.DIFFERENCES, Call(ops.hardtanh, _ONE, _ANY),
    ),
    Mutant(
        "sigmoid-by-input", "activations", "minigrad.ops.gate:sigmoid",
        "dy * (y * (1 - y))", "dy * (x * (1 - x))",
        "σ(1 - σ) of the input instead of the output",
        laws.DIFFERENCES, Call(ops.sigmoid, _ONE, _ANY),
    ),
    Mutant(
        "logsigmoid-overflow", "activations", "minigrad.ops.gate:logsigmoid",
        "xp.minimum(x.array, 0) - xp.log1p(xp.exp(-xp.abs(x.array)))", "xp.log(1 / (1 + xp.exp(-x.array)))",
        "the logarithm of a number that has become 0",
        laws.EDGES, Probe(lambda: ops.logsigmoid(tensor([-1000.0, 0.0]))),
    ),
    Mutant(
        "silu-product", "activations", "minigrad.ops.gate:silu",
        "s * (1 + x * (1 - s))", "s * (1 + x * s)",
        "the product rule with σ where 1 - σ belongs",
        laws.DIFFERENCES, Call(ops.silu, _ONE, _ANY),
    ),
    Mutant(
        "gelu-cubic-term", "activations", "minigrad.ops.gate:gelu_slope_forward",
        "_K * (1 + 3 * _A * x * x)", "_K * (1 + _A * x * x)",
        "the 3 of the cube's derivative: an error of a thousandth, which a tolerance of 1e-2 forgives",
        laws.DIFFERENCES, Call(lambda x: ops.gelu(x, approximate="tanh"), _ONE, _ANY),
    ),
    Mutant(
        "gelu-rounded-constant", "activations", "minigrad.ops.gate:_cdf",
        "array_module(x).tanh(_K * ", "array_module(x).tanh(0.8 * ",
        "√(2/π) = 0.79788 rounded to 0.8",
        laws.VALUES, Call(lambda x: ops.gelu(x, approximate="tanh"), _ONE, _ANY),
    ),
    Mutant(
        "gelu-second-slope", "activations", "minigrad.ops.gate:_gelu_slope",
        "(2 - c * c)", "(1 - c * c)",
        "Φ' counted once: x Φ' has two factors that depend on x",
        laws.SECOND, Call(ops.gelu, _ONE, _ANY, order=2),
    ),
    Mutant(
        "softmax-no-sum", "softmax", "minigrad.ops.softmax:softmax",
        "y * (dy - (dy * y).sum(axis, keepdim=True))", "y * dy",
        "the Jacobian's diagonal without its y_j, as in thinc's softmax layer; "
        "or 0, which passes MiniTorch's test: the sum of a softmax is constant",
        laws.COTANGENT, Call(lambda x: ops.softmax(x, -1), _ONE, _SOME),
    ),
    Mutant(
        "softmax-mean", "softmax", "minigrad.ops.softmax:softmax",
        "(dy * y).sum(axis, keepdim=True)", "(dy * y).mean(axis, keepdim=True)",
        "a mean where the weights add up to 1 already",
        laws.COTANGENT, Call(lambda x: ops.softmax(x, -1), _ONE, _SOME),
    ),
    Mutant(
        "softmax-last-axis", "softmax", "minigrad.ops.softmax:softmax",
        "(dy * y).sum(axis, keepdim=True)", "(dy * y).sum(-1, keepdim=True)",
        "the axis that everybody uses, written into the rule",
        laws.AXES, Call(lambda x: ops.softmax(x, 0), _ONE, _SOME),
    ),
    Mutant(
        "softmax-diagonal", "softmax", "minigrad.ops.softmax:softmax",
        "y * (dy - (dy * y).sum(axis, keepdim=True))", "dy * y * (1 - y)",
        "sigmoid's rule: the diagonal of the Jacobian, the other classes forgotten",
        laws.COTANGENT, Call(lambda x: ops.softmax(x, -1), _ONE, _SOME),
    ),
    Mutant(
        "softmax-overflow", "softmax", "minigrad.ops.softmax:_shifted",
        "x - x.max(axis, keepdims=True) if x.shape[axis] else x", "x",
        "the largest score not subtracted: NaN for [[1000, 1001], [0, 1]] in SmallPebble",
        laws.EDGES, Probe(lambda: ops.softmax(tensor([1000.0, 1001.0]), 0)),
    ),
    Mutant(
        "log-softmax-no-sum", "softmax", "minigrad.ops.softmax:log_softmax",
        "dy - y.exp() * dy.sum(axis, keepdim=True)", "dy - y.exp()",
        "p - onehot, which is right below a loss whose cotangent sums to 1",
        laws.COTANGENT, Call(lambda x: ops.log_softmax(x, -1), _ONE, _SOME),
    ),
    Mutant(
        "logsumexp-nothing", "softmax", "minigrad.ops.reduce:logsumexp",
        "y.masked_fill(y == -math.inf, 0)", "y",
        "nothing but -∞, as in a dynamic program over log-probabilities: jax-ml/jax#6811, pytorch/pytorch#31829",
        laws.EDGES, Probe(lambda: _gradient(lambda x: ops.logsumexp(x, 0), -float("inf"), -float("inf"))),
    ),
    Mutant(
        "sum-axis-not-restored", "reductions", "minigrad.ops.reduce:sum",
        "dy.reshape(kept).broadcast_to(source)",
        "dy.broadcast_to(source) if dy.array.shape == source[1:] else dy.reshape(kept).broadcast_to(source)",
        "rows for columns: broadcasting aligns the last axis, and square matrices do not object",
        laws.AXES, Call(lambda x: x.sum(1), ((4, 4),), anything(2, 3)),
    ),
    Mutant(
        "mean-first-axis", "reductions", "minigrad.ops.reduce:mean",
        "(dy * (1 / n if n else math.nan))", "(dy * (1 / (source[0] if source else 1)))",
        "divided by shape[0], whichever axis is averaged",
        laws.AXES, Call(lambda x: x.mean(-1), ((4, 4),), _SOME),
    ),
    Mutant(
        "amax-ties", "reductions", "minigrad.ops.reduce:share",
        "dy * (hit / hit.sum(axes, keepdim=True))", "dy * hit",
        "every winner gets the whole gradient: DeZero's max of [1, 1, 0] gives [1, 1, 0]",
        laws.TIES, Call(lambda x: ops.amax(x, -1), _ONE, _SOME), ("tests/test_gauntlet.py",),
    ),
    Mutant(
        "prod-by-division", "reductions", "minigrad.ops.reduce:prod",
        "dy.reshape(kept) * before * after", "dy.reshape(kept) * x.prod(axis, keepdim=True) / x",
        "y / x_i, which is 0/0 at a zero: tenstorrent/tt-metal#54551",
        laws.EDGES, Call(lambda x: x.prod(-1), _ONE, _SOME),
    ),
    Mutant(
        "var-biased-slope", "reductions", "minigrad.ops.statistics:_slope",
        "(x - x.mean(axes, keepdim=True)) / (dof / 2)",
        "(x - x.mean(axes, keepdim=True)) * (2 / math.prod(x.array.shape[i] for i in axes))",
        "n in the rule of a variance that divides by n - 1",
        laws.DIFFERENCES, Call(lambda x: x.var(-1), _ONE, lambda rng: ((int(rng.integers(2, 4)), 3),)),
    ),
    Mutant(
        "std-of-equals", "reductions", "minigrad.ops.statistics:std",
        "(dy / (2 * y.masked_fill(kink, 1))).masked_fill(kink, 0)", "dy / (2 * y)",
        "0/0 where all elements are equal: pytorch/pytorch#4320",
        laws.EDGES, Probe(lambda: _gradient(ops.std, 2.0, 2.0, 2.0)),
    ),
    Mutant(
        "norm-of-zero", "reductions", "minigrad.ops.norm:_euclidean",
        "(dy / y.masked_fill(kink, 1)).masked_fill(kink, 0).reshape(kept)", "(dy / y).reshape(kept)",
        "NaN at the zero vector: pytorch/pytorch#2421, HIPS/autograd#151, jax-ml/jax#3058",
        laws.EDGES, Probe(lambda: _gradient(ops.norm, 0.0, 0.0)),
    ),
    Mutant(
        "norm-sign", "reductions", "minigrad.ops.norm:_powers",
        "x.sign() * share ** (p - 1)", "share ** (p - 1)",
        "|x|^p differentiated as if x were positive",
        laws.DIFFERENCES, Call(lambda x: ops.norm(x, 3, -1), _ONE, _SOME),
    ),
    Mutant(
        "cumsum-forwards", "running totals", "minigrad.ops.scan:cumsum",
        "dy.flip(axis).cumsum(axis).flip(axis)", "dy.cumsum(axis)",
        "summed from the start instead of from the end",
        laws.COTANGENT, Call(lambda x: x.cumsum(-1), _ONE, _SOME),
    ),
    Mutant(
        "cumprod-by-division", "running totals", "minigrad.ops.scan:cumprod",
        "previous(y, axis, 1) * _from_the_end(x, dy, axis)", "(dy * y).flip(axis).cumsum(axis).flip(axis) / x",
        "division by an input that may be 0: tensorflow/tensorflow#3862, tracel-ai/burn#3864",
        laws.EDGES, Call(lambda x: x.cumprod(-1), _ONE, _SOME),
    ),
    Mutant(
        "recurrence-off-by-one", "running totals", "minigrad.ops.scan:linear_recurrence",
        "_from_the_end(a, dy, axis) * previous(y, axis, 0)", "_from_the_end(a, dy, axis) * y",
        "the state of now where that of before belongs",
        laws.DIFFERENCES, Call(lambda a, x: ops.linear_recurrence(a, x, -1), ((3, 4), (3, 4))),
    ),
]  # fmt: skip
