"""Recurrent layers on the GPU, forward and back through time: the pairs of minigrad/ops/recurrent.py.

    forward     a = x W_ihᵀ for all steps at once; then u = h W_hhᵀ and the cells, step by step
    backward    the cells and du W_hh, step by step, last to first; then, for all steps at once,
                dx = da W_ih,  dW_ih = daᵀ x,  dW_hh = duᵀ h,  biases Σ da and Σ du

How the steps are taken depends on what they wait for:

    narrow    all steps in one launch, W_hh in the shared memory of a processor      recurrent_sequence.cu
    middle    one launch per step, product and cells                                 recurrent_fused.cu
    wide      two launches per step, a product by cuBLAS and the cells               recurrent.cu

All of them keep the same arrays for the way back, so forward and backward need not agree.

Flops: 2·T·B·(I + M)·G forward, twice that backward, G = gates · M.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import cupy

from .arrays import FLOAT32, blocks, covered, dense, room
from .matmul import matmul_loop
from .program import Program

STEP, FUSED, SEQUENCE = Program("recurrent"), Program("recurrent_fused"), Program("recurrent_sequence")
BLOCK = 256  # threads of a step
ROWS, CELLS = 16, 8  # sequences and cells of a fused step's block
LANES, CHUNK, WARP = 4, 16, 32  # of the sequence kernels: threads per cell, numbers that they read at once
MANY_SEQUENCES = 2048  # for one launch: with more, steps cost more than their launches
LARGE = 2**27  # multiply-adds of a step, from which on cuBLAS saves more than a launch takes


class Cell(NamedTuple):
    """A kind of cell: its name in recurrent_cells.cuh, gates, numbers kept of a step, most threads of a block."""

    name: str
    gates: int
    kept: int
    threads: int


TANH, RELU = Cell("Tanh", 1, 0, 768), Cell("Relu", 1, 0, 768)
GRU, LSTM = Cell("Gru", 3, 4, 512), Cell("Lstm", 4, 4, 512)


class Layout(NamedTuple):
    """How a sequence kernel is launched: sequences per block, threads, bytes of shared memory."""

    together: int
    threads: int
    shared: int


@cache
def device_limits() -> tuple[int, int]:
    """Return how many processors the GPU has, and how many bytes of shared memory one of them can give a block."""
    attributes = cupy.cuda.Device().attributes
    return attributes["MultiProcessorCount"], attributes["MaxSharedMemoryPerBlockOptin"]


def layout_for(cell: Cell, B: int, M: int) -> Layout | None:
    """Return how all steps are taken in one launch, None where W_hh does not fit or there are too many sequences."""
    processors, most_shared = device_limits()
    together = 1 if processors >= B else LANES
    chunks, threads = blocks(M, CHUNK), blocks(M * LANES, WARP) * WARP
    weights, vectors = cell.gates * chunks * threads * 4, 2 * together * cell.gates * chunks * CHUNK
    layout = Layout(together, threads, 4 * (weights + vectors))
    fits = layout.shared <= most_shared and threads <= cell.threads
    return layout if fits and B <= MANY_SEQUENCES else None


def multiply(x: Any, w: Any) -> Any:
    """Return x w: by cuBLAS, or by the kernels that round the factors if less than full precision is asked for."""
    result = matmul_loop(x, w)
    return cupy.matmul(x, w) if result is NotImplemented else result


def step_for(cell: Cell, B: int, M: int) -> tuple[Program, str, tuple[int]]:
    """Return the program of one step, the start of its kernels' names, and the grid."""
    if B * M * M * cell.gates < LARGE:
        return FUSED, "fused_step", (blocks(B, ROWS) * blocks(M, CELLS),)
    return STEP, "step", (blocks(B * M, BLOCK),)


def _run(cell: Cell, x: Any, h0: Any, c0: Any, weights: Any, steps: Any, reverse: bool) -> Any:
    """Return y with the last states behind it, and what backward needs: the gates and c, as far as there are any."""
    if not covered(x, h0, c0, *weights):
        return NotImplemented
    w_ih, w_hh, b_ih, b_hh, h0, c0, steps = map(dense, (*weights, h0, c0, steps))
    (T, B, _), M = x.shape, h0.shape[1]
    y, c = room((T + (1 if c0 is None else 2), B, M)), room((T, B, 0 if c0 is None else M))
    gates = room((T, B, cell.kept * M))
    given = b_ih, b_hh, steps, c0
    made = y, gates if gates.size else None, c if c.size else None
    asked, layout = multiply(_rows(x), w_ih.T), layout_for(cell, B, M)
    if layout is None:
        _steps(cell, asked, w_hh, h0, given, made, reverse)
    else:
        kernel, grid = f"sequence<{cell.name}, {layout.together}>", (blocks(B, layout.together),)
        sizes = reverse, T, B, M
        SEQUENCE.launch(kernel, grid, layout.threads, asked, w_hh, h0, *given, *made, *sizes, shared=layout.shared)
    return y, gates, c


def _steps(cell: Cell, asked: Any, w_hh: Any, h: Any, given: Any, made: Any, reverse: bool) -> None:
    """Take all steps from the state h, in one or two launches each."""
    B, M = h.shape
    T, states = len(asked) // B, room((2, B, M))
    program, name, grid = step_for(cell, B, M)
    kernel = f"{name}<{cell.name}>"
    for step in range(T):
        t, before = (T - 1 - step, T - step) if reverse else (step, step - 1)
        factor, after = w_hh if program is FUSED else multiply(h, w_hh.T), states[step % 2]
        program.launch(kernel, grid, BLOCK, asked, factor, h, *given, after, *made, t, before, T, B, M)
        h = after


def _run_back(
    cell: Cell, dy: Any, y: Any, gates: Any, c: Any, needed: Any, x: Any, h0: Any, c0: Any, weights: Any, steps: Any,
    reverse: bool,
) -> Any:  # fmt: skip
    """Return the gradients of all inputs that need one."""
    if not covered(dy):
        return NotImplemented
    w_ih, w_hh, h0, c0, steps, dy = map(dense, (*weights, h0, c0, steps, dy))
    (T, B, _), M = x.shape, h0.shape[1]
    dh, dc = dy[T].copy(), None if c0 is None else dy[T + 1].copy()
    da = room((T, B, len(w_hh)))
    du = room(da.shape) if cell is GRU else da
    saved = steps, h0, c0, y, gates if gates.size else y, c if c.size else None
    back = dh, dc, da, None if du is da else du
    layout = layout_for(cell, B, M)
    if layout is None:
        _steps_back(cell, dy, w_hh, saved, back, du, reverse)
    else:
        kernel, grid = f"sequence_back<{cell.name}, {layout.together}>", (blocks(B, layout.together),)
        sizes = reverse, T, B, M
        SEQUENCE.launch(kernel, grid, layout.threads, dy, w_hh, *saved, *back, *sizes, shared=layout.shared)
    firsts = (dh,) if c0 is None else (dh, dc)
    return _of_inputs(needed, firsts, x, h0, w_ih, y, da, du, steps, reverse)


def _steps_back(cell: Cell, dy: Any, w_hh: Any, saved: Any, back: Any, du: Any, reverse: bool) -> None:
    """Take all steps back, last to first, in one or two launches each."""
    (T, B, _), M = du.shape, w_hh.shape[1]
    program, name, grid = step_for(cell, B, M)
    kernel, after, factor = f"{name}_back<{cell.name}>", -1, w_hh
    for step in range(T):
        t, before = (step, step + 1) if reverse else (T - 1 - step, T - 2 - step)
        if program is STEP and step:
            factor = multiply(du[after], w_hh)
        program.launch(kernel, grid, BLOCK, dy, factor, *saved, *back, t, before, after, T, B, M)
        after = t
    dh = back[0]
    dh += multiply(du[after], w_hh)


def _of_inputs(
    needed: Any, firsts: Any, x: Any, h0: Any, w_ih: Any, y: Any, da: Any, du: Any, steps: Any, reverse: bool
) -> Any:
    """Return the gradients of the inputs that need one, from da and du of all steps at once."""
    for_x, (for_w_ih, for_w_hh, for_b_ih, for_b_hh), rows = needed[0], needed[-4:], _rows(da)
    dx = multiply(rows, w_ih).reshape(x.shape) if for_x else None
    dw_ih = multiply(rows.T, _rows(_without_padding(x, steps))) if for_w_ih else None
    dw_hh = _of_recurrent(du, h0, y, steps, reverse) if for_w_hh else None
    db_ih = rows.sum(axis=0) if for_b_ih else None
    db_hh = db_ih if du is da and for_b_ih else _rows(du).sum(axis=0) if for_b_hh else None
    return dx, *firsts, dw_ih, dw_hh, db_ih, db_hh


def _of_recurrent(du: Any, h0: Any, y: Any, steps: Any, reverse: bool) -> Any:
    """Return Σ duᵀ h over all steps, h the state before each: y of the step before, which is 0 in padding, or h0."""
    T, B, _ = du.shape
    later, earlier = (du[:-1], y[1:T]) if reverse else (du[1:], y[: T - 1])
    if steps is None or not reverse:
        first = du[T - 1 if reverse else 0]
    else:
        first = du[steps - 1, cupy.arange(B)]
    dw = multiply(first.T, h0)
    if T > 1:
        dw += multiply(_rows(later).T, _rows(earlier))
    return dw


def _without_padding(x: Any, steps: Any) -> Any:
    """Return x with zeros for its padding: a NaN there would reach the weights as 0 · NaN."""
    if steps is None:
        return x
    absent = cupy.arange(len(x))[:, None] >= steps
    return cupy.where(absent[:, :, None], FLOAT32.type(0), x)


def _rows(x: Any) -> Any:
    """Return (T, B, n) as rows (T·B, n)."""
    return dense(x).reshape(-1, x.shape[2])


def _twins(cell: Cell) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return the pair of a layer with one state."""

    def forward(x: Any, h0: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, steps: Any, reverse: bool) -> Any:
        return _run(cell, x, h0, None, (w_ih, w_hh, b_ih, b_hh), steps, reverse)

    def backward(
        dy: Any, y: Any, gates: Any, c: Any, needed: Any, x: Any, h0: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any,
        steps: Any, reverse: bool,
    ) -> Any:  # fmt: skip
        return _run_back(cell, dy, y, gates, c, needed, x, h0, None, (w_ih, w_hh), steps, reverse)

    return forward, backward


rnn_tanh_layer_forward, rnn_tanh_layer_backward = _twins(TANH)
rnn_relu_layer_forward, rnn_relu_layer_backward = _twins(RELU)
gru_layer_forward, gru_layer_backward = _twins(GRU)


def lstm_layer_forward(
    x: Any, h0: Any, c0: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, steps: Any, reverse: bool
) -> Any:
    """Return y with the last h and c behind it, the gates, and c of all steps."""
    return _run(LSTM, x, h0, c0, (w_ih, w_hh, b_ih, b_hh), steps, reverse)


def lstm_layer_backward(
    dy: Any, y: Any, gates: Any, c: Any, needed: Any, x: Any, h0: Any, c0: Any, w_ih: Any, w_hh: Any, b_ih: Any,
    b_hh: Any, steps: Any, reverse: bool,
) -> Any:  # fmt: skip
    """Return the gradients of all inputs."""
    return _run_back(LSTM, dy, y, gates, c, needed, x, h0, c0, (w_ih, w_hh), steps, reverse)
