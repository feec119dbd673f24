"""Device memory: counted in blocks of 512 bytes as CuPy's pool does, limited on demand, and full of nonsense when new."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from .ledger import spoiled

ROUND = 512  # bytes
CAPACITY = 80 * 2**30


class OutOfMemoryError(MemoryError):
    """The pool's limit, or the device, does not hold one more array."""

    def __init__(self, size: int, total: int, limit: int = 0) -> None:
        self._size, self._total, self._limit = size, total, limit
        bound = f" (limit set to: {limit:,} bytes)" if limit else ""
        super().__init__(f"Out of memory allocating {size:,} bytes (allocated so far: {total:,} bytes{bound}).")


class MemoryPool:
    """The pool that every array comes from."""

    def __init__(self, allocator: Any = None) -> None:
        self._used = self._total = self._limit = 0

    def used_bytes(self) -> int:
        """The bytes that arrays hold."""
        return self._used

    def total_bytes(self) -> int:
        """The bytes that the pool holds: those in use, and those that it keeps for later."""
        return self._total

    def free_bytes(self) -> int:
        """The bytes kept for later."""
        return self._total - self._used

    def n_free_blocks(self) -> int:
        """How many blocks are kept for later: the stand-in keeps them as one."""
        return int(self._total > self._used)

    def free_all_blocks(self, stream: Any = None) -> None:
        """Give back what is kept for later."""
        self._total = self._used

    def set_limit(self, size: int | None = None, fraction: float | None = None) -> None:
        """Set the most bytes that arrays may hold; 0 for all of the device."""
        self._limit = int(size if size is not None else (fraction or 0) * CAPACITY)

    def get_limit(self) -> int:
        """The most bytes that arrays may hold, 0 for all of the device."""
        return self._limit

    def malloc(self, size: int) -> Block:
        """Reserve memory, or say that there is no more."""
        rounded = -(-size // ROUND) * ROUND
        if self._used + rounded > (self._limit or CAPACITY):
            raise OutOfMemoryError(rounded, self._total, self._limit)
        return Block(self, rounded)


class Block:
    """The memory of one array; given back when the array and its views are gone."""

    __slots__ = ("nbytes", "pool")

    def __init__(self, pool: MemoryPool, nbytes: int) -> None:
        self.pool, self.nbytes = pool, nbytes
        pool._used += nbytes
        pool._total = max(pool._total, pool._used)

    def __del__(self) -> None:
        self.pool._used -= self.nbytes


class Allocation:
    """Where arrays get their memory: from the pool, or from what `cupy.cuda.set_allocator` named."""

    def __init__(self) -> None:
        self.allocator: Callable[[int], Block] = POOL.malloc

    def set_allocator(self, allocator: Callable[[int], Block] | None = None) -> None:
        """Let a function of the size in bytes find memory for arrays."""
        self.allocator = allocator or POOL.malloc

    def get_allocator(self) -> Callable[[int], Block]:
        """Return that function."""
        return self.allocator

    def alloc(self, size: int) -> Block:
        """Find memory."""
        return self.allocator(size)

    @contextmanager
    def using_allocator(self, allocator: Callable[[int], Block] | None = None) -> Iterator[None]:
        """Let a function find memory inside the block."""
        before = self.allocator
        self.set_allocator(allocator)
        try:
            yield
        finally:
            self.allocator = before


class PinnedMemoryPool:
    """Host memory that the device may copy from in its own time."""

    def n_free_blocks(self) -> int:
        """How many blocks are kept for later."""
        return 0

    def free_all_blocks(self) -> None:
        """Give back what is kept for later."""


POOL, PINNED = MemoryPool(), PinnedMemoryPool()
ALLOCATION = Allocation()


def nonsense(shape: Any, dtype: Any, order: str = "C") -> np.ndarray[Any, Any]:
    """Return fresh memory as a GPU may have it."""
    return spoiled(np.empty(shape, dtype, order))  # type: ignore[call-overload]
