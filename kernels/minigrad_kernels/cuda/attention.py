"""Attention on the GPU: which cores multiply, how wide their tiles are, and where a head finds its mask."""

from __future__ import annotations

from functools import cache
from math import prod
from typing import Any, NamedTuple

import cupy
import numpy as np

from .. import registry
from .arrays import FLOAT32, MOST, blocks, covered, dense, room
from .dropout import dice_for
from .program import Program

PROGRAM, BACKWARD = Program("attention"), Program("attention_backward")
FLOAT16 = np.dtype("float16")
WIDE, NARROW = 64, 32  # lines of a tile that passes, forward and backward: as in the texts
DOTS = 8  # queries of a block of attention_dots
NO_DICE = (0, 0, 0, 1.0)


class Cores(NamedTuple):
    """What multiplies: its name, and what its arrays add to that of a kernel; lines and threads of a block; bytes.

    Tiles have one of the `widths`, the least that holds a key and a value. `hands`: rows are handed round.
    """

    name: str
    suffix: str
    rows: int
    threads: int
    size: int
    widths: tuple[int, ...]
    hands: bool = False

    def shared(self, width: int, kept: int, passing: int, lines: int) -> int:
        """Return the bytes of `kept` tiles, and of `passing` ones of so many lines; a line is 16 bytes longer."""
        tiles = (kept * self.rows + passing * lines) * (width * self.size + 16)
        return tiles + self.hands * self.rows * (lines + 4) * 4


CORES = {
    "highest": Cores("CudaCores<", "", 64, 128, 4, (32, 64, 128), hands=True),
    "high": Cores("TensorCores<Tf32, ", "", 128, 256, 4, (64, 128)),
    "medium": Cores("TensorCores<Bf16, ", "", 128, 256, 2, (64, 128)),
    "float16": Cores("TensorCores<F16, ", "_f16", 128, 256, 2, (64, 128)),
}


class Call(NamedTuple):
    """What the kernels of a call have in common."""

    cores: Cores
    width: int
    heads: int
    settings: tuple[Any, ...]  # of the kernels, from T on

    def run(self, program: Program, kernel: str, lines: int, shared: int, *arrays: Any) -> None:
        """Run a kernel whose blocks share out `lines` queries or keys per head."""
        grid = (self.heads * blocks(lines, self.cores.rows),)
        instance = f"{kernel}{self.cores.suffix}<{self.cores.name}{self.width}>>"
        program.launch(instance, grid, self.cores.threads, *arrays, *self.settings, shared=shared)


def _call_for(q: Any, k: Any, v: Any, mask: Any, causal: bool, scale: float, dropped: Any) -> Call | None:
    """Return the call, None for what the kernels do not cover."""
    (T, E), (U, F) = q.shape[-2:], v.shape[-2:]
    cores = _cores_for(q, k, v)
    width = None if cores is None else next((width for width in cores.widths if max(E, F) <= width), None)
    masked = mask is None or (mask.dtype in (FLOAT32, FLOAT16, np.bool_) and 0 < mask.size <= MOST)
    if cores is None or width is None or not masked or (dropped is not None and dropped[0] >= 1):
        return None
    dice = NO_DICE if dropped is None else dice_for(*dropped)
    settings = (T, U, E, F, scale, causal, *_mask_of(mask, q.shape[:-2]), *dice)
    return Call(cores, width, prod(q.shape[:-2]), settings)


def _cores_for(*arrays: Any) -> Cores | None:
    """Return what multiplies arrays: of float32 as the precision says; of float16 tensor cores."""
    if covered(*arrays):
        return CORES["highest" if registry.choice.mode == "exact" else registry.choice.precision]
    return CORES["float16"] if all(x.dtype == FLOAT16 and 0 < x.size <= MOST for x in arrays) else None


def _mask_of(mask: Any, lead: tuple[int, ...]) -> tuple[Any, ...]:
    """Return the mask as numbers to add or as bools, how many heads stand side by side, and the strides of its axes.

    Those are two leading axes, queries and keys; 0 where the mask broadcasts.
    """
    if mask is None:
        return None, None, 1, 0, 0, 0, 0
    shape = (1,) * (len(lead) + 2 - mask.ndim) + mask.shape
    *front, t, u = shape
    if len(lead) > 2:
        mask, front, lead = cupy.broadcast_to(mask.reshape(shape), (*lead, t, u)), [prod(lead)], (prod(lead),)
    outer, inner = (1, 1, *front)[-2:]
    strides = (inner * t * u if outer > 1 else 0, t * u if inner > 1 else 0, u if t > 1 else 0, int(u > 1))
    kinds = (None, dense(mask)) if mask.dtype == np.bool_ else (dense(mask.astype(FLOAT32, copy=False)), None)
    return *kinds, (1, *lead)[-1], *strides


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
    T = q.shape[-2]
    y, lse = room((*q.shape[:-1], v.shape[-1]), q.dtype), room((call.heads, T))
    call.run(PROGRAM, "attention_forward", T, shared, dense(q), dense(k), dense(v), y, lse)
    return y, lse


def attention_backward(
    dy: Any, y: Any, lse: Any, needed: Any, q: Any, k: Any, v: Any, mask: Any, causal: bool, scale: float, dropped: Any
) -> Any:  # fmt: skip
    """Return dq, dk and dv, as needed, and None; the gradient of a mask is the definition's."""
    call = None if needed[3] or dy.dtype != q.dtype else _call_for(q, k, v, mask, causal, scale, dropped)
    shared = 0 if call is None else call.cores.shared(call.width, 2, 3, NARROW)
    if call is None or shared > _most_shared(q.device.id):
        return NotImplemented
    (T, F), U = dy.shape[-2:], k.shape[-2]
    dy, lse, dots = dense(dy), dense(lse), room((call.heads, T))
    lines, kernel = call.heads * T, f"attention_dots{call.cores.suffix}"
    BACKWARD.launch(kernel, (blocks(lines, DOTS),), 32 * DOTS, dy, dense(y), dots, lines, F)
    given = (dy, dense(q), dense(k), dense(v), lse, dots)
    gradients: list[Any] = [None, None, None, None]
    if needed[0]:
        gradients[0] = room(q.shape, q.dtype)
        call.run(BACKWARD, "attention_dq", T, shared, *given, gradients[0])
    if needed[1] or needed[2]:
        gradients[1:3] = room(k.shape, q.dtype), room(v.shape, q.dtype)
        call.run(BACKWARD, "attention_dkv", U, shared, *given, *gradients[1:3])
    return gradients
