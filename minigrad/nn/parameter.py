"""The tensors that a module owns: what is trained, and what is only remembered."""

from __future__ import annotations

from typing import Any

from ..ops import as_tensor
from ..tensor import Tensor


class Parameter(Tensor):
    """A tensor that a module trains: assigned to an attribute of a module, it is found by `parameters()`.

    It shares the memory of `data`.
    """

    def __init__(self, data: Any, requires_grad: bool = True) -> None:
        self.array = as_tensor(data).array
        self.requires_grad = requires_grad

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"


class Buffer(Tensor):
    """A tensor that belongs to a module's state and is not trained, such as a running mean.

    It shares the memory of `data`; with `persistent=False` it is left out of `state_dict()`.
    """

    def __init__(self, data: Any, *, persistent: bool = True) -> None:
        self.array = as_tensor(data).array
        self.persistent = persistent
