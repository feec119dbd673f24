"""Rules and what students make of them: for each function the right backward, and wrong ones with the verdict they deserve.

`SPECIMENS` is a list of (name, pair, inputs, code): the first code that a check must give, a prefix if it ends in ":".
`HEALTHY` is a list of (name, pair, inputs) that a check must pass. `report_on(name)` is the report of a specimen.
"""

import functools

import numpy as np

from minigrad.testing import gradcheck

RNG = np.random.default_rng(7)


def normal(*shape):
    return RNG.normal(size=shape)


def unbroadcast(g, shape):
    g = g.sum(tuple(range(g.ndim - len(shape))))
    return g.sum(tuple(k for k, n in enumerate(shape) if n == 1 and g.shape[k] != 1), keepdims=True)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def log_softmax(x):
    return np.log(softmax(x))


def spread(x):
    return np.sqrt(x.var(-1, keepdims=True) + 1e-5)


def layer_norm(x):
    return (x - x.mean(-1, keepdims=True)) / spread(x)


def row_mean(a):
    return a.mean(-1, keepdims=True)


def layer_norm_back(dy, x):
    y = layer_norm(x)
    return (dy - row_mean(dy) - y * row_mean(dy * y)) / spread(x)


def adjacent_back(dy, x):
    """Both neighbours of each product, but for the last product."""
    dx = np.zeros_like(x)
    for k in range(len(dy) - 1):
        dx[k] += dy[k] * x[k + 1]
        dx[k + 1] += dy[k] * x[k]
    return dx


def gather_back(add):
    def backward(dy, x, index):
        dx = np.zeros_like(x)
        if add:
            np.add.at(dx, index, dy)
        else:
            dx[index] = dy
        return dx

    return backward


def windows(x, size, step):
    return np.lib.stride_tricks.sliding_window_view(x, size)[::step]


def pool(x):
    return windows(x, 3, 1).max(-1)


def pool_back(add=True, ties="first"):
    def backward(dy, x):
        dx = np.zeros_like(x)
        for k, (g, w) in enumerate(zip(dy, windows(x, 3, 1), strict=True)):
            best = (w == w.max()) if ties == "all" else np.arange(3) == w.argmax()
            dx[k : k + 3] = dx[k : k + 3] * add + best * g if add else np.where(best, g, dx[k : k + 3])
        return dx

    return backward


def shared_max(dy, x):
    best = x == x.max(-1, keepdims=True)
    return best * dy[..., None] / best.sum(-1, keepdims=True)


def sort_back(dy, x):
    dx = np.zeros_like(x)
    dx[np.argsort(x, kind="stable")] = dy
    return dx


def scaled(dy, s):
    dy *= 2
    return dy


def in_single(f):
    return lambda x: f(x.astype(np.float32))


BUFFER = np.zeros((2, 3))


def into_a_buffer(dy, x):
    BUFFER[...] += 2 * dy
    return BUFFER


def another_mask(dy, x):
    return dy * np.random.default_rng().permutation(np.tile([0.0, 1.0, 1.0], 4)).reshape(x.shape)


def fixed_mask(x):
    return x * np.tile([0.0, 1.0, 1.0], 4).reshape(x.shape)


X, ROW, SQUARE, CUBE = normal(2, 3), normal(3), normal(3, 3), normal(3, 3, 3)
REPEATED, TIED, DISTINCT = np.array([0, 1, 1, 3]), np.array([1.0, 2.0, 2.0, 0.5]), np.array([0.0, 2.0, 1.0, 4.0, 3.0])
scale = (lambda x: 3 * x, lambda dy, x: 3 * dy)
mean = (lambda x: x.mean(0), lambda dy, x: np.broadcast_to(dy, x.shape) / len(x))
matmul = (lambda a, b: a @ b, lambda dy, a, b: (dy @ b.T, a.T @ dy))
times = (lambda a, b: a * b, lambda dy, a, b: (unbroadcast(dy * b, a.shape), unbroadcast(dy * a, b.shape)))

HEALTHY = [
    ("scale", scale, [X]),
    ("mean", mean, [X]),
    ("matmul", matmul, [SQUARE, SQUARE + 1]),
    ("times, a row", times, [X, ROW]),
    ("times, a column", times, [X, normal(2, 1)]),
    ("softmax", (softmax, lambda dy, x: softmax(x) * (dy - (dy * softmax(x)).sum(-1, keepdims=True))), [X]),
    ("log_softmax", (log_softmax, lambda dy, x: dy - softmax(x) * dy.sum(-1, keepdims=True)), [X]),
    ("layer norm", (layer_norm, layer_norm_back), [normal(2, 4)]),
    ("gather", (lambda x, index: x[index], gather_back(True)), [normal(4, 2), REPEATED]),
    ("relu at 0", (lambda x: np.maximum(x, 0), lambda dy, x: dy * (x > 0)), [np.array([0.0, 1.0, -1.0, 0.0])]),
    ("relu at 0, slope 1", (lambda x: np.maximum(x, 0), lambda dy, x: dy * (x >= 0)), [np.array([0.0, 1.0, -1.0])]),
    ("abs at 0", (np.abs, lambda dy, x: dy * np.sign(x)), [np.array([0.0, 0.0, 2.0])]),
    ("clip at its edges", (lambda x: np.clip(x, -1, 1), lambda dy, x: dy * (np.abs(x) <= 1)), [np.array([-1.0, 0.3, 1.0])]),
    ("largest, shared", (lambda x: x.max(-1), shared_max), [np.array([[2.0, 2.0, 2.0], [1.0, 0.0, 1.0]])]),
    ("largest, the first", (lambda x: x.max(), lambda dy, x: dy * (np.arange(4) == x.argmax())), [TIED]),
    ("median of a tie", (np.median, lambda dy, x: dy * np.array([0.0, 1.0, 0.0])), [np.ones(3)]),
    ("median of many", (np.median, lambda dy, x: dy * np.array([0.0, 0, 0.5, 0, 0.5, 0])), [np.array([-1.0, 2.0, 0, 0, 0, 0])]),
    ("sort with ties", (lambda x: np.sort(x), sort_back), [np.array([1.0, 0.0, 1.0, 1.0])]),
    ("overlapping pool", (pool, pool_back()), [DISTINCT]),
    ("overlapping pool, ties", (pool, pool_back()), [np.array([0.0, 1.0, 1.0, 0.0, 1.0, 1.0])]),
    ("overlapping pool, all tied", (pool, pool_back()), [np.zeros(5)]),
    ("maximum of equals", (np.maximum, lambda dy, a, b: (dy * (a >= b), dy * (a < b))), [np.ones(2), np.ones(2)]),
    ("kinks that cancel", (lambda a, b: np.maximum(a, 0) - np.maximum(-b, 0), lambda dy, a, b: (dy * (a > 0), dy * (b < 0))), [np.zeros(1), np.zeros(1)]),
    ("cube root away from 0", (np.cbrt, lambda dy, x: dy / (3 * np.cbrt(x) ** 2)), [np.array([1e-5, 2.0])]),
    ("float32", (in_single(np.exp), lambda dy, x: dy * np.exp(x)), [X]),
    ("float32, back to float64", (lambda x: np.tanh(x.astype(np.float32)).astype(float), lambda dy, x: dy * (1 - np.tanh(x) ** 2)), [X]),
    ("hands dy on", (lambda x: x + 1, lambda dy, x: dy), [X]),
    ("a fixed mask", (fixed_mask, lambda dy, x: fixed_mask(dy)), [normal(4, 3)]),
    ("stride and a name", (lambda x, step, name: x[::step], lambda dy, x, step, name: np.repeat(dy, 2) * [1, 0, 1, 0]), [normal(4), 2, "s"]),
]  # fmt: skip

SPECIMENS = [
    ("a factor of 2", (scale[0], lambda dy, x: 6 * dy), [X], "factor:2"),
    ("a half", (scale[0], lambda dy, x: 1.5 * dy), [X], "factor:1/2"),
    ("the batch size", (mean[0], lambda dy, x: np.broadcast_to(dy, x.shape) * 1.0), [normal(5, 3)], "factor:5"),
    ("mean over the wrong length", (mean[0], lambda dy, x: np.broadcast_to(dy, x.shape) / x.shape[1]), [normal(5, 3)], "factor:5/3"),
    ("ddof", (layer_norm, lambda dy, x: layer_norm_back(dy, x) * np.sqrt(3 / 4)), [normal(2, 4)], "factor:sqrt(3/4)"),
    ("sign", (lambda a, b: a - b, lambda dy, a, b: (dy.copy(), dy)), [X, X + 1], "sign"),
    ("zeros", (scale[0], lambda dy, x: np.zeros_like(x)), [X], "zero"),
    ("zeros from a softmax", (softmax, lambda dy, x: np.zeros_like(x)), [X], "zero"),
    ("ones", (lambda x: x * 1, lambda dy, x: np.ones_like(x)), [X], "ignores-dy"),
    ("dy forgotten", (np.tanh, lambda dy, x: 1 - np.tanh(x) ** 2), [X], "ignores-dy"),
    ("dy clipped", (np.tanh, lambda dy, x: np.clip(dy, -1, 1) * (1 - np.tanh(x) ** 2)), [X], "nonlinear-dy"),
    ("last output left out", (lambda x: x[:-1] * x[1:], adjacent_back), [normal(5)], "ignored-outputs"),
    ("dy squared", (np.exp, lambda dy, x: dy * dy * np.exp(x)), [X], "nonlinear-dy"),
    ("f' forgotten", (np.exp, lambda dy, x: dy), [X], "identity"),
    ("transposed", (lambda x: x.T, lambda dy, x: dy), [SQUARE], "transposed:0,1"),
    ("matrix not transposed", (matmul[0], lambda dy, a, b: (dy @ b, a.T @ dy)), [SQUARE, SQUARE + 1], "not-transposed"),
    ("permutation", (lambda x: x.transpose(1, 2, 0), lambda dy, x: dy.transpose(1, 2, 0)), [CUBE], "inverse-permutation"),
    ("rows permuted", (lambda x: x[[1, 2, 0]], lambda dy, x: dy[[1, 2, 0]]), [X.T.copy()], "inverse-permutation"),
    ("permutation, other sizes", (lambda x: x.transpose(1, 2, 0), lambda dy, x: dy.transpose(1, 2, 0)), [normal(2, 3, 4)], "permuted:"),
    ("reshape by columns", (lambda x: x.reshape(-1), lambda dy, x: dy.reshape(x.shape, order="F")), [normal(3, 4)], "order:F"),
    ("running sum not reversed", (np.cumsum, lambda dy, x: np.cumsum(dy)), [normal(5)], "not-transposed"),
    ("flipped", (scale[0], lambda dy, x: 3 * dy[:, ::-1]), [X], "flipped:1"),
    ("inputs swapped", (lambda a, b: a * b, lambda dy, a, b: (dy * a, dy * b)), [X, X + 1], "swapped-inputs:"),
    ("no sum over rows", (times[0], lambda dy, a, b: (dy * b, dy * a)), [X, ROW], "missing-sum:0"),
    ("no sum over a column", (times[0], lambda dy, a, b: (dy * b, dy * a)), [X, normal(2, 1)], "missing-sum:1"),
    ("an axis kept", (times[0], lambda dy, a, b: (dy * b, (dy * a).sum(0, keepdims=True))), [X, ROW], "kept-axis"),
    ("an axis lost", (times[0], lambda dy, a, b: (dy * b, (dy * a).sum(1))), [X, normal(2, 1)], "dropped-axis"),
    ("0-d as one row", (lambda x: x * x, lambda dy, x: np.atleast_1d(2 * x * dy)), [np.array(1.5)], "kept-axis"),
    ("softmax, no sum", (softmax, lambda dy, x: softmax(x) * dy), [X], "missing-term:y:1"),
    ("log_softmax, no sum", (log_softmax, lambda dy, x: dy), [X], "missing-term:exp(y):1"),
    ("centering forgotten", (lambda x: x - x.mean(0), lambda dy, x: dy.copy()), [normal(4, 3)], "missing-mean:0"),
    ("layer norm, no mean", (layer_norm, lambda dy, x: (dy - layer_norm(x) * row_mean(dy * layer_norm(x))) / spread(x)), [normal(2, 4)], "missing-mean:1"),
    ("layer norm, no y term", (layer_norm, lambda dy, x: (dy - row_mean(dy)) / spread(x)), [normal(2, 4)], "missing-term:y:1"),
    ("a factor x forgotten", (lambda x: x**3, lambda dy, x: 3 * dy * x), [X], "missing-factor:x"),
    ("a factor y too many", (np.exp, lambda dy, x: dy * np.exp(2 * x)), [X], "extra-factor:y"),
    ("duplicate indices", (lambda x, index: x[index], gather_back(False)), [normal(4, 2), REPEATED], "duplicate-indices"),
    ("fixed duplicate indices", (lambda x: x[[0, 1, 1, 0]], lambda dy, x: gather_back(False)(dy, x, [0, 1, 1, 0])), [normal(2, 2)], "overwrites"),
    ("overlapping windows overwrite", (lambda x: windows(x, 3, 1).sum(-1), lambda dy, x: np.r_[dy[0], dy, dy[-1]]), [normal(5)], None),
    ("pool overwrites", (pool, pool_back(add=False)), [np.array([0.0, 1.0, 5.0, 1.0, 0.0])], "overwrites"),
    ("largest, all of it to each", (lambda x: x.max(), lambda dy, x: dy * (x == x.max())), [TIED], "ties:full"),
    ("pool, all of it to each", (pool, pool_back(ties="all")), [np.array([1.0, 1.0, 0.0, 0.5, 0.25])], "ties:full"),
    ("maximum of equals, to both", (np.maximum, lambda dy, a, b: (dy * (a >= b), dy * (b >= a))), [np.ones(2), np.ones(2)], "ties:full"),
    ("a sort that forgets its ties", (np.sort, lambda dy, x: dy[np.searchsorted(np.sort(x), x)] * (1 + 2 * (np.bincount(np.searchsorted(np.sort(x), x), minlength=4)[np.searchsorted(np.sort(x), x)] > 1))), [TIED], "ties"),
    ("wrong at 0 alone", (lambda x: x * x + x, lambda dy, x: dy * np.where(x == 0, 0, 2 * x + 1)), [np.array([0.0, 1.0, -2.0])], "special-values"),
    ("a mask drawn anew", (fixed_mask, another_mask), [normal(4, 3)], "mask-redrawn"),
    ("dropout drawn twice", (lambda x: another_mask(x, x), another_mask), [normal(4, 3)], "mask-redrawn"),
    ("another mask, always the same", (fixed_mask, lambda dy, x: dy * np.tile([1.0, 0.0, 1.0], 4).reshape(x.shape)), [normal(4, 3)], "mask-redrawn"),
    ("noise in forward", (lambda x: x + np.random.default_rng().normal(size=x.shape), lambda dy, x: dy.copy()), [X], "nondeterministic:forward"),
    ("noise in backward", (scale[0], lambda dy, x: 3 * dy + np.random.default_rng().normal(size=x.shape)), [X], "nondeterministic:backward"),
    ("a buffer that is never cleared", (lambda x: 2 * x, into_a_buffer), [X], "accumulates"),
    ("writes to dy", (lambda x: 2 * x, scaled), [X], "mutates-cotangent"),
    ("backward writes to x", (lambda x: 2 * x, lambda dy, x: 2 * dy + 0 * x.__imul__(2)), [X], "mutates-input:x"),
    ("forward writes to x", (lambda x: x.__imul__(2), lambda dy, x: 2 * dy), [X], "mutates-input:x"),
    ("returns x", (lambda x: x * x / 2, lambda dy, x: x), [X], "aliases-input:x"),
    ("one array for two inputs", (lambda a, b: a + b, lambda dy, a, b: (dy, dy)), [X, X + 1], "shared-buffer:a,b"),
    ("integers", (scale[0], lambda dy, x: (3 * dy).astype(int)), [X], "dtype:int64"),
    ("float32 in backward", (np.exp, lambda dy, x: (dy * np.exp(x)).astype(np.float32)), [X], "dtype:float32"),
    ("memory order", (scale[0], lambda dy, x: 3 * dy.ravel("K").reshape(x.shape)), [normal(3, 2)], "layout"),
    ("right for one number everywhere", (lambda x: 3 * x, lambda dy, x: 3 * np.roll(dy, 1, 0)), [normal(4, 3)], "constant-cotangent"),
]  # fmt: skip


@functools.cache
def report_on(name):
    """Return the report of a specimen, the same to every test that asks: so it is shrunk once."""
    pair, inputs = next((pair, inputs) for known, pair, inputs, _ in SPECIMENS if known == name)
    return gradcheck(pair, *inputs, raise_exception=False)
