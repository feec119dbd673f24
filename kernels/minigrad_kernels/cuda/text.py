"""What a CUDA text says about itself: which kernels it has, what they take, and for which they are compiled.

    template <int T, bool LOGS> __global__ void softmax_rows(const float* x, float* y, int rows, int n)
    // INSTANCE: softmax_rows<{32|256}, {false|true}>                 stands for four kernels
"""

from __future__ import annotations

import re
from itertools import product
from typing import NamedTuple

_PARENTHESES = r"\((?:[^()]|\([^()]*\))*\)"
_KERNEL = re.compile(
    rf"__global__\s+(?:void\s+)?(?:__launch_bounds__\s*{_PARENTHESES}\s*)?(?:void\s+)?(?P<name>\w+)\s*"
    r"\((?P<parameters>[^)]*)\)\s*\{"
)
_INSTANCE = re.compile(r"^//\s*INSTANCE:\s*(.+?)\s*$", re.MULTILINE)
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)


class Parameter(NamedTuple):
    """One parameter of a kernel: its name, and the type of its value, or of what it points to."""

    name: str
    type: str
    pointer: bool


def parameters_of(text: str) -> dict[str, list[Parameter]]:
    """Return what each kernel of a CUDA text takes."""
    kernels = _KERNEL.finditer(_COMMENT.sub("", text))
    return {m["name"]: [_parameter(p) for p in m["parameters"].split(",")] for m in kernels}


def _parameter(declaration: str) -> Parameter:
    words = re.sub(r"\b(const|__restrict__)\b|\*", " ", declaration).split()
    return Parameter(words[-1], " ".join(words[:-1]), "*" in declaration)


def instances_of(text: str) -> list[str]:
    """Return the kernels that a text lists to be compiled, each {a|b} written out."""
    return [name for line in _INSTANCE.findall(text) for name in _written_out(line)]


def _written_out(line: str) -> list[str]:
    pieces = re.split(r"\{([^{}]*)\}", line)  # every second piece is a choice
    choices = [piece.split("|") if k % 2 else [piece] for k, piece in enumerate(pieces)]
    return ["".join(chosen) for chosen in product(*choices)]
