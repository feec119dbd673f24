"""A .cu file and its kernels: compiled when first launched, called with arguments that are checked against the text.

CuPy's raw kernels take what they are given: a Python int arrives as 64 bits whatever the parameter is, a float as a
double, a view as if it were contiguous. So the text itself is asked what each kernel wants.

    PROGRAM = Program("softmax")                                        softmax.cu; nothing is compiled yet
    PROGRAM.launch("softmax_rows<32, false>", grid, block, x, y, n)     n becomes an int because the text says `int n`
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import cupy
import numpy as np

from .text import Parameter, instances_of, parameters_of

FOLDER = Path(__file__).parent
SCALARS: dict[str, Any] = {
    "bool": np.bool_, "int": np.int32, "unsigned": np.uint32, "long long": np.int64, "unsigned long long": np.uint64,
    "float": np.float32, "double": np.float64,
}  # fmt: skip
ELEMENTS = {**{name: np.dtype(scalar) for name, scalar in SCALARS.items()}, "unsigned char": np.dtype("uint8")}
SIXTEEN_BITS = "unsigned short"  # float16, or bfloat16 as bits: the kernel's business
NULL = np.uint64(0)
UNASKED_SHARED = 48 * 1024  # bytes; more dynamic shared memory than this has to be asked for

Cast = Callable[[Any], Any]


class Program:
    """The kernels of one .cu file."""

    def __init__(self, stem: str) -> None:
        self.stem = stem
        self._ready: dict[str, tuple[Any, list[Cast]]] = {}

    @cached_property
    def text(self) -> str:
        """The CUDA text."""
        return (FOLDER / f"{self.stem}.cu").read_text(encoding="utf-8")

    @cached_property
    def options(self) -> tuple[str, ...]:
        """How to compile it. CuPy's cache on disk does not look into headers, so their digest is part of its key."""
        headers = b"".join(path.read_bytes() for path in sorted(FOLDER.glob("*.cuh")))
        return "-std=c++17", f"-I{FOLDER}", f"-DHEADERS_{hashlib.sha256(headers).hexdigest()[:16]}"

    def launch(self, instance: str, grid: tuple[int, ...], block: int, *arguments: Any, shared: int = 0) -> None:
        """Run a kernel on the current stream: arrays as they are, None as a null pointer, numbers as the text wants.

        `shared` is the dynamic shared memory in bytes. An empty grid launches nothing.
        """
        if not all(grid):
            return
        function, casts = self._ready.get(instance) or self._prepare(instance)
        if len(arguments) != len(casts):
            raise TypeError(f"{self.stem}.cu: {instance} takes {len(casts)} arguments, got {len(arguments)}")
        if shared > UNASKED_SHARED:
            function.max_dynamic_shared_size_bytes = shared
        values = tuple(cast(value) for cast, value in zip(casts, arguments, strict=True))
        function(grid, (block,), values, shared_mem=shared)

    def _prepare(self, instance: str) -> tuple[Any, list[Cast]]:
        """Compile one kernel and find out what it takes."""
        if instance not in instances_of(self.text):
            raise KeyError(f"{self.stem}.cu: there is no line `// INSTANCE: {instance}`")
        name = instance.partition("<")[0]
        module = cupy.RawModule(code=self.text, options=self.options, name_expressions=(instance,))
        casts = [_cast_for(f"{self.stem}.cu: {name}", p) for p in parameters_of(self.text)[name]]
        self._ready[instance] = module.get_function(instance), casts
        return self._ready[instance]


def _cast_for(kernel: str, parameter: Parameter) -> Cast:
    """Return what turns an argument into what the parameter takes, or refuses it."""
    if not parameter.pointer:
        by_value: Cast = SCALARS.get(parameter.type, np.asarray)  # CuPy passes a structured array as a struct
        return by_value
    wanted = None if parameter.type == SIXTEEN_BITS else ELEMENTS[parameter.type]

    def pointer(x: Any) -> Any:
        if x is None:
            return NULL
        if not x.flags.c_contiguous or (x.dtype != wanted if wanted else x.dtype.itemsize != 2):
            layout = "a contiguous" if x.flags.c_contiguous else "a strided"
            takes = f"{parameter.name} is {layout} array of {x.dtype}, the kernel takes {parameter.type}*"
            raise TypeError(f"{kernel}: {takes}, contiguous")
        return x

    return pointer
