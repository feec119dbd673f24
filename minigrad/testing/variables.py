"""A function or a Module as a plain function of everything that it can be differentiated by.

A Module computes from its inputs and its parameters. For a check both are variables, in float64: `variables(model, xs)`
returns f and tensors zs such that f(*zs) is model(*xs), and any of zs may be replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..errors import ArgumentError
from ..nn import Module, Parameter
from ..ops import as_tensor
from ..tensor import Tensor

Function = Callable[..., Any]


def name_of(f: Any) -> str:
    """Return what a message calls `f`: the name of the function, or of the Module's class."""
    return str(getattr(f, "__name__", type(f).__name__))


def variables(f: Function, xs: Sequence[Any]) -> tuple[Function, list[Tensor]]:
    """Return f as a function of its floating inputs and, for a Module, of its parameters; and these, in float64."""
    inputs = [as_tensor(x) for x in xs]
    places = [i for i, x in enumerate(inputs) if x.is_floating_point()]
    parameters = list(f.parameters()) if isinstance(f, Module) else []

    def function(*zs: Tensor) -> Any:
        given = list(inputs)
        for i, z in zip(places, zs, strict=False):
            given[i] = z
        if not isinstance(f, Module):
            return f(*given)
        with _replaced(f, parameters, zs[len(places) :]):
            return f(*given)

    found = [x.detach().double() for x in [*(inputs[i] for i in places), *parameters]]
    if not found:
        raise ArgumentError(f"{name_of(f)}: there is no floating input or parameter to differentiate by")
    return function, found


@contextmanager
def _replaced(module: Module, old: Sequence[Parameter], new: Sequence[Tensor]) -> Iterator[None]:
    """Let the module compute with `new` in place of its parameters, wherever it holds them."""
    values = {id(p): z for p, z in zip(old, new, strict=True)}
    held = [
        (part.__dict__, name, value)
        for part in module.modules()
        for name, value in part.__dict__.items()
        if id(value) in values
    ]
    try:
        for attributes, name, value in held:
            attributes[name] = values[id(value)]
        yield
    finally:
        for attributes, name, value in held:
            attributes[name] = value
