"""One call of each optimizer's loop: the loop, and its arguments for a parameter, a gradient and a buffer."""

from minigrad.optim.adam import adam_update
from minigrad.optim.rmsprop import rmsprop_update
from minigrad.optim.sgd import sgd_update

UPDATES = {
    "sgd_update": (sgd_update, lambda p, g, b: ([p], [g], [b], [False], 0.1, 0.9, 0.0, 0.0, False, False)),
    "rmsprop_update": (rmsprop_update, lambda p, g, b: ([p], [g], [b], [None], [None], 0.1, 0.9, 1e-8, 0.0, 0.0, False)),
    "adam_update": (
        adam_update, lambda p, g, b: ([p], [g], [b], [b.copy()], [None], [1], 0.1, 0.9, 0.99, 1e-8, 0.0, False, False)
    ),
}  # fmt: skip
