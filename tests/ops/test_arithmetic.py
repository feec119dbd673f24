import numpy as np

from minigrad import ops
from tests.ops.laws import *

A3, B3 = A(2, 3), A(3)
NONZERO = {"away_from": (0.0,), "gap": 0.4}

CASES = [
    *[Case("add", ops.add, np.add, list(p)) for p in [(A3, A3), (A3, B3), (A(2, 1, 4), A(3, 1)), (A(), A(3)), (A3, 2)]],
    Case("add", ops.add, lambda x, y, alpha: x + alpha * y, [A3, B3], {"alpha": 3}),
    *[Case("sub", ops.sub, np.subtract, list(p)) for p in [(A3, A3), (A3, B3), (A(2, 1), A(3)), (2.5, A3), (A(0, 3), A(3))]],
    Case("rsub", ops.rsub, lambda x, y: y - x, [A3, B3]),
    *[Case("mul", ops.mul, np.multiply, list(p)) for p in [(A3, A3), (A3, B3), (A(2, 1, 4), A(3, 1)), (A(), A()), (A3, 2)]],
    *[Case("div", ops.div, np.divide, list(p)) for p in [(A3, A(3, **NONZERO)), (A(), A(2, **NONZERO)), (2.0, A(3, **NONZERO))]],
    Case("div", ops.div, lambda x, y, rounding_mode: np.trunc(x / y), [A3, A(3, **NONZERO)], {"rounding_mode": "trunc"}),
    Case("floor_divide", ops.floor_divide, np.floor_divide, [A3, A(3, **NONZERO)]),
    Case("remainder", ops.remainder, np.remainder, [A3, A(3, **NONZERO)]),
    Case("fmod", ops.fmod, np.fmod, [A3, A(3, **NONZERO)]),
    Case("neg", ops.neg, np.negative, [A3]),
    Case("square", ops.square, np.square, [A3]),
    Case("reciprocal", ops.reciprocal, np.reciprocal, [A(2, 3, **NONZERO)]),
    *[Case("pow", ops.pow, np.power, list(p)) for p in [(A(2, 3, low=0.5), A(3)), (A3, 3), (A3, 2.0), (A3, 0), (A3, 1), (2.0, A3)]],
]  # fmt: skip
