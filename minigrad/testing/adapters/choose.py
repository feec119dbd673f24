"""Which adapter sees a function: chosen by what the function is, then by what its inputs are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...errors import ArgumentError
from ...nn.module import Module
from .layers import LayerFunction, is_layer
from .modules import ModuleFunction
from .pairs import NumpyPair, PairFunction, numpy_pair
from .subject import Subject
from .tensors import TensorFunction


def subject_for(check: str, f: Any, inputs: Sequence[Any], wrt: Any = None, like: Sequence[Any] = ()) -> Subject:
    """Return `f` at `inputs` as a subject of `check`; a torch function shows in its inputs, or in those it is `like`.

    Raises  ArgumentError for what is no function of any known kind
    """
    if isinstance(f, (tuple, list)) and len(f) == 2:
        f = numpy_pair(*f)
    if isinstance(f, NumpyPair):
        return PairFunction(check, f, inputs, wrt)
    if isinstance(f, Module):
        return ModuleFunction(check, f, inputs, wrt)
    if is_torch(f, [*inputs, *like]):
        from .torch_functions import TorchFunction

        return TorchFunction(check, f, inputs, wrt)
    if is_layer(f):
        return LayerFunction(check, f, inputs, wrt)
    if not callable(f):
        raise ArgumentError(
            f"{check}: the first argument must be a function, a Module, a pair (forward, backward), or an object with "
            f".forward and .backward, got {type(f).__name__}\nHint: gradcheck(f, x): the function first, then inputs"
        )
    return TensorFunction(check, f, inputs, wrt)


def is_torch(f: Any, inputs: Sequence[Any]) -> bool:
    """Say whether a function works on PyTorch's tensors: it is a torch Module, or was given one of them."""
    kinds = [type(x) for x in inputs] + list(type(f).__mro__)
    return any(kind.__module__.partition(".")[0] == "torch" for kind in kinds)
