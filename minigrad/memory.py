"""What the tape keeps: the memory that a graph holds on to until backward has passed.

A graph keeps the result of every op on it, because the tensors between its edges hold their arrays, and whatever
else the rules mention. Views share memory, so each block is counted once, for the op that comes first.

>>> import minigrad
>>> x = minigrad.ones(100, 100, requires_grad=True)
>>> print(minigrad.memory.ledger((x * 2).exp().sum()))
op         blocks       bytes   share
leaf            1      40,000   33.3%
mul             1      40,000   33.3%
exp             1      40,000   33.3%
constant        1           4    0.0%
sum             1           4    0.0%
total           5     120,008
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from .autograd import Node
from .backend import Array, is_array

if TYPE_CHECKING:
    from .tensor import Tensor


class Block(NamedTuple):
    """One block of memory, and the op that made it; a leaf is a parameter or an input, a constant is neither."""

    op: str
    shape: tuple[int, ...]
    bytes: int
    place: str  # the user's line, where a watcher such as detect_anomaly noted it


class Ledger:
    """The blocks that a graph keeps alive."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self.blocks = list(blocks)

    @property
    def total(self) -> int:
        """The bytes in all."""
        return sum(block.bytes for block in self.blocks)

    def by_op(self) -> dict[str, tuple[int, int]]:
        """Return how many blocks and bytes each op has, the most bytes first."""
        sums: dict[str, tuple[int, int]] = {}
        for block in self.blocks:
            count, total = sums.get(block.op, (0, 0))
            sums[block.op] = count + 1, total + block.bytes
        return dict(sorted(sums.items(), key=lambda item: -item[1][1]))

    def __str__(self) -> str:
        rows = self.by_op()
        width = max(map(len, ["total", *rows])) + 2
        lines = [f"{'op':{width}} blocks {'bytes':>11}   share"]
        for op, (count, size) in rows.items():
            lines.append(f"{op:{width}} {count:6} {size:11,} {size / max(self.total, 1):7.1%}")
        return "\n".join([*lines, f"{'total':{width}} {len(self.blocks):6} {self.total:11,}"])

    __repr__ = __str__


def ledger(*outputs: Tensor) -> Ledger:
    """Return what the graphs behind `outputs` keep alive. Graphs that backward has freed keep nothing but leaves.

    A checkpointed block counts its inputs and results only: that is what it keeps.
    """
    nodes: dict[int, Node] = {}
    saved: list[tuple[Node, Array]] = []
    stack: list[Node] = list(outputs)
    while stack:
        y = stack.pop()
        if id(y) in nodes or not hasattr(y, "array"):  # the far end of a freed edge has none
            continue
        nodes[id(y)] = y
        for x, rule in y.edges if isinstance(y.edges, (tuple, list)) else [(x, None) for x in _inputs(y.edges)]:
            held = list(_mentioned(rule))
            stack += [x, *(kept for kept in held if isinstance(kept, Node))]
            saved += [(y, kept) for kept in held if not isinstance(kept, Node)]
    blocks: dict[int, Block] = {}
    for y in sorted(nodes.values(), key=lambda y: y.order):
        _count(blocks, y, y.array)
    for y, array in saved:
        _count(blocks, y, array)
    return Ledger(list(blocks.values()))


def _count(blocks: dict[int, Block], y: Node, array: Array) -> None:
    owner = array
    while is_array(owner.base):
        owner = owner.base
    op = "constant" if y.op == "leaf" and not y.tracked else y.op
    blocks.setdefault(id(owner), Block(op, array.shape, owner.nbytes, y.place))


def _inputs(edges: Any) -> list[Node]:
    """Return the inputs of edges that are computed on demand, those of a checkpoint."""
    return list(getattr(edges, "inputs", []))


def _mentioned(rule: Any, depth: int = 2) -> Iterator[Any]:
    """Yield the tensors and arrays that a rule holds on to."""
    for cell in getattr(rule, "__closure__", None) or ():
        yield from _held(cell.cell_contents, depth)


def _held(value: Any, depth: int) -> Iterator[Any]:
    if isinstance(value, Node) or is_array(value):
        yield value
    elif depth and isinstance(value, (tuple, list)):
        for item in value:
            yield from _held(item, depth - 1)
    elif depth and hasattr(value, "saved"):  # the two kernels of a composite op share a note of what they saved
        yield from _held(value.saved, depth - 1)
    elif depth and callable(value):
        yield from _mentioned(value, depth - 1)


class Peak:
    """The largest number of bytes that arrays and Python objects took at once, beyond those there before."""

    bytes = 0


@contextmanager
def peak() -> Iterator[Peak]:
    """Measure the peak of memory inside the block, by Python's tracemalloc, which slows small ops several times.

    >>> with peak() as measured:
    ...     _ = [0] * 100_000
    >>> measured.bytes >= 800_000
    True
    """
    result, running = Peak(), tracemalloc.is_tracing()
    if not running:
        tracemalloc.start()
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    try:
        yield result
    finally:
        result.bytes = max(tracemalloc.get_traced_memory()[1] - before, 0)
        if not running:
            tracemalloc.stop()
