"""The arguments of a launch: checked as CuPy should check them, and copied to where a wrong access is noticed."""

from __future__ import annotations

import ctypes
import mmap
from typing import Any

import numpy as np

from tests.cusim.errors import SimError

PAGE = mmap.PAGESIZE
FORBIDDEN = 2**30  # bytes on each side that nobody may touch; they take addresses, not memory
POISON = 0xFF

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]


def offset_in_memory(array: np.ndarray) -> int:
    """Return how far a view lies behind the start of the array that owns its memory."""
    owner = array
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    return array.ctypes.data - owner.ctypes.data


class GuardedCopy:
    """A copy of an array, flush with addresses that nobody may touch. The rest of its pages is NaN and must stay so."""

    def __init__(self, array: np.ndarray, alignment: int):
        self.array, self.bytes = array, array.nbytes
        self.misalignment = offset_in_memory(array) % alignment  # as on a GPU, where allocations begin aligned
        body = -(-(self.bytes + alignment) // PAGE) * PAGE
        self.length = body + 2 * FORBIDDEN
        self.base = libc.mmap(None, self.length, 0, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)
        if self.base in (None, ctypes.c_void_p(-1).value):
            raise MemoryError(f"no memory for a guarded copy of {self.bytes} bytes")
        self.start, self.end = self.base + FORBIDDEN, self.base + FORBIDDEN + body
        libc.mprotect(self.start, body, mmap.PROT_READ | mmap.PROT_WRITE)
        self.address = self.misalignment + (self.end - self.bytes - self.misalignment) // alignment * alignment
        ctypes.memset(self.start, POISON, self.address - self.start)
        ctypes.memset(self.address + self.bytes, POISON, self.end - self.address - self.bytes)
        ctypes.memmove(self.address, array.ctypes.data, self.bytes)

    def side_of_a_stray_write(self) -> str | None:
        """Return where the kernel wrote that is not the array, or None."""
        for side, start, end in ("before", self.start, self.address), ("past", self.address + self.bytes, self.end):
            if ctypes.string_at(start, end - start).strip(b"\xff"):
                return side
        return None

    def copy_back(self) -> None:
        ctypes.memmove(self.array.ctypes.data, self.address, self.bytes)

    def close(self) -> None:
        libc.munmap(self.base, self.length)


def kind(dtype: np.dtype) -> str:
    return f"{dtype.kind}{dtype.itemsize}"


def takes(parameter: str, dtype: np.dtype) -> bool:
    """Tell whether a pointer to `parameter` may point to an array of a dtype."""
    if parameter == "V0" or parameter == kind(dtype):
        return True
    if parameter in ("u2", "u1"):  # bits of numbers that C has no name for; bytes
        return dtype.itemsize == int(parameter[1])
    return parameter[0] == "V" and kind(dtype) == "u1"


class Arguments:
    """The arguments of one launch, as the array of pointers that the launch takes."""

    def __init__(self, kernel: str, signature: list[str], values: tuple[Any, ...], alignment: int):
        self.kernel, self.alignment = kernel, alignment
        self.copies: list[GuardedCopy] = []
        self.written: list[GuardedCopy] = []
        self.placed: list[GuardedCopy | np.ndarray] = []  # in the order of the parameters: a copy, or a number
        self.cells: list[ctypes.c_void_p] = []
        if len(values) != len(signature):
            raise SimError(f"{kernel}: {len(values)} arguments for {len(signature)} parameters")
        self.pointers = (ctypes.c_void_p * len(values))()
        try:
            for number, (value, parameter) in enumerate(zip(values, signature, strict=True)):
                self.pointers[number] = self.place(number, value, parameter)
        except BaseException:
            self.close()
            raise

    def place(self, number: int, value: Any, parameter: str) -> int:
        """Return the address where the launch finds an argument."""
        if "*" in parameter and not isinstance(value, np.uint64):
            copy = self.checked_copy(number, value, parameter)
            self.placed.append(copy)
            self.cells.append(ctypes.c_void_p(copy.address))
            return ctypes.addressof(self.cells[-1])
        address_or_number = np.array(value if "*" in parameter else self.scalar(number, value, parameter))
        self.placed.append(address_or_number)
        return address_or_number.ctypes.data

    def checked_copy(self, number: int, array: Any, parameter: str) -> GuardedCopy:
        """Return the guarded copy of an array that suits its parameter."""
        writes, element = not parameter.startswith("c"), parameter.split("*")[1]
        where = f"{self.kernel}: argument {number}"
        if not isinstance(array, np.ndarray):
            wanted = "an array or an address, np.uint64(0) for none"
            raise SimError(f"{where} is a {type(array).__name__}, the parameter is a pointer: pass {wanted}")
        if not takes(element, array.dtype):
            have = f"{array.dtype} ({kind(array.dtype)})"
            raise SimError(f"{where} is an array of {have}, the parameter points to {element}")
        if not array.flags.c_contiguous:
            raise SimError(f"{where} is not C-contiguous: a kernel knows no strides")
        if writes and not array.flags.writeable:
            raise SimError(f"{where} is read-only, the parameter points to what may be written")
        copy = self.copy_of(number, array, writes)
        if writes and copy not in self.written:
            self.written.append(copy)
        return copy

    def copy_of(self, number: int, array: np.ndarray, writes: bool) -> GuardedCopy:
        """Return the copy of an array, the same for the same memory."""
        for other in self.copies:
            if (other.array.ctypes.data, other.bytes) == (array.ctypes.data, array.nbytes):
                return other
            if np.may_share_memory(other.array, array) and (writes or other in self.written):
                raise SimError(f"{self.kernel}: argument {number} overlaps another one, and one of them is written")
        self.copies.append(GuardedCopy(array, self.alignment))
        return self.copies[-1]

    def scalar(self, number: int, value: Any, parameter: str) -> np.generic:
        """Return a scalar as CuPy would pass it, if that is what the parameter wants."""
        python = {bool: np.bool_, int: np.int64, float: np.float64}.get(type(value))
        scalar = value if python is None else python(value)
        where = f"{self.kernel}: argument {number}"
        if not isinstance(scalar, np.generic):
            raise SimError(f"{where} is a {type(value).__name__}, the parameter is {parameter}")
        if kind(scalar.dtype) != parameter:
            raise SimError(
                f"{where} is passed as {scalar.dtype} ({kind(scalar.dtype)}), the parameter is {parameter}: "
                "wrap it in the NumPy scalar of that type"
            )
        return scalar

    def copy_back(self) -> None:
        """Give the arrays what the kernel wrote, and refuse what it wrote elsewhere."""
        for number, copy in enumerate(self.copies):
            if side := copy.side_of_a_stray_write():
                raise SimError(f"{self.kernel}: a write {side} the array no. {number + 1} of shape {copy.array.shape}")
        for copy in self.written:
            copy.copy_back()

    def close(self) -> None:
        for copy in self.copies:
            copy.close()
        self.copies = []
