"""Steps of SGD, Adam, AdamW and RMSprop on the GPU: all parameters of a model in one launch, or one per 64."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from .arrays import FLOAT32, blocks, dense
from .program import Program

PROGRAM = Program("optim")
BLOCK, PIECE, MOST, COLUMNS = 256, 4096, 64, 5  # as in optim.cu
TENSORS = np.dtype(
    [("array", np.uint64, (COLUMNS, MOST)), ("n", np.int64, MOST), ("first", np.int32, MOST + 1)], align=True
)

Arrays = list[Any]


def _covered(params: Arrays, grads: Arrays, *remembered: Arrays) -> bool:
    """Say whether all arrays are float32, and contiguous if they are written to."""
    written = (params, *remembered)
    return all(g.dtype == FLOAT32 for g in grads) and all(
        x.dtype == FLOAT32 and x.flags.c_contiguous for column in written for x in column
    )


def _alike(values: list[Any], columns: list[Arrays]) -> Iterator[tuple[Any, list[Arrays]]]:
    """Yield each value, mostly there is one, and the columns of the parameters that have it."""
    for value in dict.fromkeys(values):
        yield value, [[x for x, own in zip(column, values, strict=True) if own == value] for column in columns]


def _launch(kernel: str, columns: list[Arrays], *settings: float) -> None:
    """Run a kernel over parameters, their gradients, and what is remembered of them."""
    columns[1] = [dense(g) for g in columns[1]]
    for start in range(0, len(columns[0]), MOST):
        tensors, count = _tensors([column[start : start + MOST] for column in columns])
        PROGRAM.launch(kernel, (count,), BLOCK, tensors, *settings)


def _tensors(columns: list[Arrays]) -> tuple[Any, int]:
    """Return the kernel's list of MOST parameters or fewer, and how many blocks they take."""
    tensors, sizes = np.zeros((), TENSORS), [p.size for p in columns[0]]
    for row, column in zip(tensors["array"], columns, strict=False):
        row[: len(sizes)] = [x.data.ptr for x in column]
    ends = np.cumsum([blocks(n, PIECE) for n in sizes])
    tensors["n"][: len(sizes)] = sizes
    tensors["first"][1:] = ends[-1]
    tensors["first"][1 : 1 + len(sizes)] = ends
    return tensors, int(ends[-1])


def sgd_update(
    params: Arrays, grads: Arrays, momentum_buffers: Arrays, first: list[bool], lr: float, momentum: float,
    dampening: float, weight_decay: float, nesterov: bool, maximize: bool,
) -> Any:  # fmt: skip
    """Take one step of SGD in place. A buffer is None without momentum; `first` says that it is still all 0."""
    columns, sign = [params, grads], -1 if maximize else 1
    if momentum_buffers[0] is not None:
        columns.append(momentum_buffers)
    if not _covered(*columns):
        return NotImplemented
    if len(columns) == 2:
        _launch("sgd<false>", columns, lr, 0, 0, weight_decay, sign, False)
        return None
    for is_first, chosen in _alike(first, columns):
        fresh = 1 if is_first else 1 - dampening
        _launch("sgd<true>", chosen, lr, momentum, fresh, weight_decay, sign, nesterov)
    return None


def adam_update(
    params: Arrays, grads: Arrays, exp_avgs: Arrays, exp_avg_sqs: Arrays, max_exp_avg_sqs: Arrays, steps: list[int],
    lr: float, beta1: float, beta2: float, eps: float, weight_decay: float, decoupled_weight_decay: bool,
    maximize: bool,
) -> Any:  # fmt: skip
    """Take one step of Adam in place. A max_exp_avg_sq is None without amsgrad."""
    columns, amsgrad = [params, grads, exp_avgs, exp_avg_sqs], max_exp_avg_sqs[0] is not None
    if amsgrad:
        columns.append(max_exp_avg_sqs)
    if not _covered(*columns):
        return NotImplemented
    kernel, sign = f"adam<{str(amsgrad).lower()}>", -1 if maximize else 1
    decay, keep = (0.0, 1 - lr * weight_decay) if decoupled_weight_decay else (weight_decay, 1.0)
    for t, chosen in _alike(steps, columns):
        rate, root = lr / (1 - beta1**t), 1 / math.sqrt(1 - beta2**t)  # correct for averages that began at 0
        _launch(kernel, chosen, rate, beta1, beta2, 1 - beta1, 1 - beta2, root, eps, decay, keep, sign)
    return None


def rmsprop_update(
    params: Arrays, grads: Arrays, square_avgs: Arrays, grad_avgs: Arrays, momentum_buffers: Arrays, lr: float,
    alpha: float, eps: float, weight_decay: float, momentum: float, maximize: bool,
) -> Any:  # fmt: skip
    """Take one step of RMSprop in place. A grad_avg is None if not centered, a buffer without momentum."""
    optional = [grad_avgs, momentum_buffers]
    columns = [params, grads, square_avgs, *(column for column in optional if column[0] is not None)]
    if not _covered(*columns):
        return NotImplemented
    choice = ", ".join(str(column[0] is not None).lower() for column in optional)
    settings = lr, alpha, 1 - alpha, eps, weight_decay, momentum, -1 if maximize else 1
    _launch(f"rmsprop<{choice}>", columns, *settings)
    return None
