"""Attention on the GPU: which cores multiply, how wide their tiles are, and where heads lie in memory.

Models make queries, keys and values of all heads at once, so that the heads of a token lie side by side, (B, T, A, E),
and attention sees a transposed view. The kernels take it as it lies, and give y back in the same way.
"""

from __future__ import annotations

from functools import cache
from math import prod
from typing import Any, NamedTuple

import cupy
import numpy as np

from .arrays import FLOAT32, MOST, blocks, covered, dense, precision, room
from .dropout import dice_for
from .program import Program

PROGRAM, BACKWARD = Program("attention"), Program("attention_backward")
FLOAT16 = np.dtype("float16")
WIDE, KEYS = 64, 32  # keys of a tile that passes, forward and backward: as in the texts
DOTS = 8  # queries of a block of attention_dots
NO_DICE = (0, 0, 0, 1.0)


class Cores(NamedTuple):
    """What multiplies: its name, and what its arrays add to that of a kernel; lines and threads of a block; bytes.

    Tiles have one of the `widths`, the least that holds a key and a value; for each, `queries` pass in attention_dkv.
    `hands`: rows are handed round.
    """

    name: str
    suffix: str
    rows: int
    threads: int
    size: int
    widths: tuple[int, ...]
    queries: tuple[int, ...]
    hands: bool = False

    def shared(self, width: int, kept: int, passing: int, lines: int) -> int:
        """Return the bytes of `kept` tiles, and of `passing` ones of so many lines; a line is 16 bytes longer."""
        tiles = (kept * self.rows + passing * lines) * (width * self.size + 16)
        return tiles + self.hands * self.rows * (lines + 4) * 4


CORES = {
    "highest": Cores("CudaCores<", "", 64, 128, 4, (32, 64, 128), (32, 32, 32), hands=True),
    "high": Cores("TensorCores<Tf32, ", "", 128, 256, 4, (64, 128), (32, 16)),
    "medium": Cores("TensorCores<Bf16, ", "", 128, 256, 2, (64, 128), (32, 16)),
    "float16": Cores("TensorCores<F16, ", "_f16", 128, 256, 2, (64, 128), (32, 16)),
}


class Call:
    """What the kernels of a call have in common, and where their arrays lie."""

    def __init__(self, cores: Cores, width: int, q: Any, k: Any, v: Any) -> None:
        self.cores, self.width, self.queries = cores, width, cores.queries[cores.widths.index(width)]
        (self.T, self.E), (self.U, self.F) = q.shape[-2:], v.shape[-2:]
        self.lead, self.dtype = q.shape[:-2], q.dtype
        heads = [_on_two_axes(x) for x in (q, k, v)]
        self.outer, self.inner = heads[0].shape[:2]
        self.inside = bool(heads[0].strides[1] < heads[0].strides[2])
        self.given, self.layouts = zip(*[_as_it_lies(x) for x in heads], strict=True)
        self.settings: tuple[Any, ...] = ()  # of the kernels, from T on

    def setup(self, mask: Any, causal: bool, scale: float, dropped: Any) -> None:
        """Note what the kernels are told besides arrays."""
        sizes = (self.T, self.U, self.E, self.F, self.inner, self.inside, causal, scale)
        layouts = [stride for layout in self.layouts for stride in layout]
        dice = NO_DICE if dropped is None else dice_for(*dropped)
        self.settings = (*sizes, *layouts, *_mask_of(mask, self.lead), *dice)

    def room(self, lines: int, width: int) -> tuple[Any, Any]:
        """Return memory for a result, as the kernels fill it, and the result as it is seen."""
        axes = (lines, self.inner) if self.inside else (self.inner, lines)
        memory = room((self.outer, *axes, width), self.dtype)
        seen = memory.swapaxes(1, 2) if self.inside else memory
        return memory, seen.reshape(*self.lead, lines, width)

    def laid_out(self, x: Any) -> Any:
        """Return what was made here, or its gradient, as it lies in memory."""
        x = _on_two_axes(x)
        return dense(x.swapaxes(1, 2) if self.inside else x)

    def run(self, program: Program, kernel: str, lines: int, shared: int, *arrays: Any) -> None:
        """Run a kernel whose blocks share out `lines` queries or keys per head."""
        grid = (self.outer * self.inner * blocks(lines, self.cores.rows),)
        instance = f"{kernel}{self.cores.suffix}<{self.cores.name}{self.width}>>"
        program.launch(instance, grid, self.cores.threads, *arrays, *self.settings, shared=shared)


def _call_for(q: Any, k: Any, v: Any, mask: Any, causal: bool, scale: float, dropped: Any) -> Call | None:
    """Return the call, None for what the kernels do not cover."""
    cores = _cores_for(q, k, v)
    masked = mask is None or (mask.dtype in (FLOAT32, FLOAT16, np.bool_) and 0 < mask.size <= MOST)
    if cores is None or not masked or (dropped is not None and dropped[0] >= 1):
        return None
    width = next((width for width in cores.widths if max(q.shape[-1], v.shape[-1]) <= width), None)
    if width is None:
        return None
    call = Call(cores, width, q, k, v)
    call.setup(mask, causal, scale, dropped)
    return call


def _cores_for(*arrays: Any) -> Cores | None:
    """Return what multiplies arrays: of float32 as the precision says; of float16 tensor cores."""
    wanted = precision()
    if wanted is None:
        return None
    if covered(*arrays):
        return CORES[wanted]
    return CORES["float16"] if all(x.dtype == FLOAT16 and 0 < x.size <= MOST for x in arrays) else None


def _on_two_axes(x: Any) -> Any:
    """Return x with its heads on two axes: (outer, inner, lines, numbers)."""
    if x.ndim < 4:
        return x.reshape((1,) * (4 - x.ndim) + x.shape)
    return x if x.ndim == 4 else x.reshape(-1, *x.shape[-3:])


def _as_it_lies(x: Any) -> tuple[Any, tuple[int, ...]]:
    """Return the memory of x from its first number on, and its strides, or those of a copy without gaps."""
    *strides, column = (step // x.itemsize if n > 1 else 0 for n, step in zip(x.shape, x.strides, strict=True))
    span = 1 + sum((n - 1) * step for n, step in zip(x.shape, (*strides, column), strict=True))
    if column > 1 or min(*strides, column) < 0 or span > MOST:
        return _as_it_lies(cupy.ascontiguousarray(x))
    memory = x if x.flags.c_contiguous else cupy.lib.stride_tricks.as_strided(x, (span,), (x.itemsize,))
    return memory, tuple(strides)


def _mask_of(mask: Any, lead: tuple[int, ...]) -> tuple[Any, ...]:
    """Return the mask, as numbers to add or as bools, and its strides, heads on two axes; 0 where it broadcasts."""
    if mask is None:
        return None, None, 0, 0, 0, 0
    *front, t, u = (1,) * (len(lead) + 2 - mask.ndim) + mask.shape
    if len(lead) > 2:
        mask = cupy.broadcast_to(mask.reshape(*front, t, u), (*lead, t, u))
        front = [prod(lead[:-1]), lead[-1]]
    outer, inner = (1, 1, *front)[-2:]
    strides = (inner * t * u if outer > 1 else 0, t * u if inner > 1 else 0, u if t > 1 else 0, int(u > 1))
    kinds = (None, dense(mask)) if mask.dtype == np.bool_ else (dense(mask.astype(FLOAT32, copy=False)), None)
    return *kinds, *strides


@cache
def _most_shared(device: int) -> int:
    """Return the bytes of shared memory that a block may have."""
    attributes: dict[str, int] = cupy.cuda.Device(device).attributes
    return attributes["MaxSharedMemoryPerBlockOptin"] - 2048  # what the texts declare themselves


def attention_forward(q: Any, k: Any, v: Any, mask: Any, causal: bool, scale: float, dropped: Any) -> Any:
    """Return y and ln Σ exp(score) per query."""
    call = _call_for(q, k, v, mask, causal, scale, dropped)
    shared = 0 if call is None else call.cores.shared(call.width, 1, 2, WIDE)
    if call is None or shared > _most_shared(q.device.id):
        return NotImplemented
    (memory, y), lse = call.room(call.T, call.F), room((call.outer * call.inner, call.T))
    call.run(PROGRAM, "attention_forward", call.T, shared, *call.given, memory, lse)
    return y, lse


def attention_backward(
    dy: Any, y: Any, lse: Any, needed: Any, q: Any, k: Any, v: Any, mask: Any, causal: bool, scale: float, dropped: Any
) -> Any:  # fmt: skip
    """Return dq, dk and dv, as needed, and None; the gradient of a mask is the definition's."""
    call = None if needed[3] or dy.dtype != q.dtype else _call_for(q, k, v, mask, causal, scale, dropped)
    if call is None:
        return NotImplemented
    shared = [call.cores.shared(call.width, 2, 3, lines) for lines in (KEYS, call.queries)]
    if max(shared) > _most_shared(q.device.id):
        return NotImplemented
    dy, lse, dots = call.laid_out(dy), dense(lse), room((lse.size,))
    sizes = (dots.size, call.T, call.F, call.inner, call.inside)
    kernel = f"attention_dots{call.cores.suffix}"
    BACKWARD.launch(kernel, (blocks(dots.size, DOTS),), 32 * DOTS, dy, call.laid_out(y), dots, *sizes)
    given, gradients = (dy, *call.given, lse, dots), [None] * 4
    if needed[0]:
        memory, gradients[0] = call.room(call.T, call.E)
        call.run(BACKWARD, "attention_dq", call.T, shared[0], *given, memory)
    if needed[1] or needed[2]:
        (of_k, gradients[1]), (of_v, gradients[2]) = call.room(call.U, call.E), call.room(call.U, call.F)
        call.run(BACKWARD, "attention_dkv", call.U, shared[1], *given, of_k, of_v)
    return gradients
