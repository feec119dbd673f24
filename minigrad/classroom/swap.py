"""A student's function in the place of minigrad's, for as long as it is wanted.

    use("conv2d", mine.conv2d)              from now on every layer and function of minigrad calls mine.conv2d
    with use("conv2d", mine.conv2d): ...    inside the block only

Modules import ops by name, so the function is exchanged under every name in the package that holds it: in modules, in
classes such as Tensor, and in tables such as {"relu": relu}. Taking it back does the same the other way round.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any

import numpy as np

from .. import nn, ops
from ..autograd import record
from ..errors import ArgumentError
from ..nn import functional
from ..ops.operands import tensor_of
from ..tensor import Tensor

Function = Callable[..., Any]


class use:
    """Put `function` in the place of minigrad's `name`: an op, a function of nn.functional, or a layer of nn.

    It is in place at once. As a context manager, or by `restore()`, the reference comes back.

    Raises  ArgumentError if minigrad has nothing of that name, or `function` cannot be called

    >>> import minigrad
    >>> with use("relu", lambda x: x * 2.0):
    ...     minigrad.tensor([-1.0, 1.0]).relu().tolist()
    [-2.0, 2.0]
    >>> minigrad.tensor([-1.0, 1.0]).relu().tolist()
    [0.0, 1.0]
    """

    def __init__(self, name: str, function: Function) -> None:
        self.name, self.function = name, function
        if not callable(function):
            raise ArgumentError(f"use: {name} must be replaced by a function, got {type(function).__name__}")
        self.reference = _reference(name)
        if function is self.reference:
            raise ArgumentError(f"use: this is minigrad's own {name}\nHint: pass the function that you wrote")
        self.active = True
        _exchange(self.reference, function)

    def restore(self) -> None:
        """Put the reference back, wherever the function stands now. A second call changes nothing."""
        if self.active:
            self.active = False
            _exchange(self.function, self.reference)

    def __enter__(self) -> Function:
        return self.function

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.restore()


def _reference(name: str) -> Function:
    for room in (ops, functional, nn):
        found = getattr(room, name, None)
        if callable(found):
            reference: Function = found
            return reference
    raise ArgumentError(
        f"use: minigrad has no function or layer {name!r}\nHint: names are those of nn.functional and nn"
    )


def _exchange(old: Any, new: Any) -> None:
    """Replace one object by another wherever a module, class or table of the package names it."""
    for module_name, module in list(sys.modules.items()):
        if module_name.partition(".")[0] != "minigrad" or module_name.startswith("minigrad.classroom"):
            continue
        for name, value in list(vars(module).items()):
            if value is old:
                setattr(module, name, new)
            elif isinstance(value, dict) and not name.startswith("__"):
                value.update({key: new for key, item in list(value.items()) if item is old})
            elif isinstance(value, type) and value.__module__ == module_name:
                for attribute, item in list(vars(value).items()):
                    if item is old:
                        setattr(value, attribute, new)


def numpy_op(name: str, forward: Function, backward: Function, count: int | None = None) -> Function:
    """Return an op on tensors made of two NumPy functions; its first inputs are tensors, what follows are settings.

    Forward   y = forward(*arrays, *settings)
    Backward  dx, ... = backward(dy, *arrays, *settings): a gradient per array
    `count` says how many inputs are tensors; by default as many as are given as tensors. Gradients have no gradients.
    """

    def op(*inputs: Any, **settings: Any) -> Tensor:
        number = count if count is not None else sum(isinstance(x, Tensor) for x in inputs)
        xs = [tensor_of(name, x) for x in inputs[:number]]
        values = [*(x.array for x in xs), *inputs[number:]]
        y = np.asarray(forward(*values, **settings))
        once: dict[int, Any] = {}  # all gradients are computed together, when the first is asked for

        def rule(i: int) -> Callable[[Tensor, Tensor], Tensor]:
            def d_x(dy: Tensor, _: Tensor) -> Tensor:
                if not once:
                    found = backward(dy.array, *values, **settings)
                    once.update(enumerate(found if isinstance(found, (tuple, list)) else [found]))
                return _gradient(name, once.pop(i, None), values[i])

            return d_x

        return record(name, y, *((x, rule(i)) for i, x in enumerate(xs)))

    op.__name__ = op.__qualname__ = name
    return op


def _gradient(name: str, found: Any, x: Any) -> Tensor:
    """Return a gradient that a student's function gave, as a tensor."""
    if not isinstance(found, (np.ndarray, np.generic, float)):
        raise ArgumentError(
            f"{name}: its backward returned {type(found).__name__} where a gradient is expected\n"
            "Hint: return one array per input, as a tuple in the order of the inputs"
        )
    return Tensor(np.asarray(found, x.dtype))
