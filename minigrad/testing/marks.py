"""Marks for `pytest --gradcheck`: what in a module is to be checked, and on which inputs.

    @gradchecked(A(2, 3), A(3), order=2)
    def my_op(x, y): ...

    @gradchecked(A(4, 3))
    class MyLayer(nn.Module): ...        made without arguments; its parameters are checked too
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import partial
from types import ModuleType
from typing import Any, NamedTuple, TypeVar

import numpy as np

from ..errors import ArgumentError
from ..nn import Module
from .cases import Argument
from .gradcheck import gradcheck, gradgradcheck
from .variables import variables

T = TypeVar("T")


class Mark(NamedTuple):
    """What `gradchecked` notes on its function or class."""

    inputs: tuple[Any, ...]
    order: int
    options: dict[str, Any]

    def check(self, f: Any) -> None:
        """Check the derivatives of `f`, a function, a Module or a class of Modules.

        Raises  GradientError, which is the verdict
        """
        rng = np.random.default_rng(0)
        xs = [x.draw(rng) if isinstance(x, Argument) else x for x in self.inputs]
        model = f() if inspect.isclass(f) else f
        function, zs = variables(model, xs) if isinstance(model, Module) else (model, xs)
        for check in (gradcheck, gradgradcheck)[: self.order]:
            check(function, *zs, **self.options)


class Found(NamedTuple):
    """A check in a module: its name, and the call that makes it; None where a Module is not marked."""

    name: str
    check: Callable[[], None] | None


def gradchecked(*inputs: Any, order: int = 1, **options: Any) -> Callable[[T], T]:
    """Mark a function or a Module for `pytest --gradcheck`; may be used several times, for several inputs.

    `inputs` are arrays, tensors, or `A(*shape)` for random ones. With order=2 the gradient of the gradient is checked
    too. `options` go to gradcheck.
    """
    if order not in (1, 2):
        raise ArgumentError(f"gradchecked: order is {order}; derivatives of order 1 or 2 can be checked")

    def mark(f: T) -> T:
        marked: Any = f
        marked.gradchecks = (*getattr(f, "gradchecks", ()), Mark(inputs, order, options))
        return f

    return mark


def checks_in(module: ModuleType) -> Iterator[Found]:
    """Yield the checks that a module asks for: what is marked, what `op_test` made, and Modules without a mark."""
    for name, value in vars(module).items():
        if getattr(value, "__module__", None) != module.__name__:
            continue  # made elsewhere, and imported here
        if hasattr(value, "op_test"):
            test, case, laws = value.op_test
            for law in laws:
                yield Found(f"{name}[{law.__name__}]", partial(test, law, case))
        marks: tuple[Mark, ...] = getattr(value, "gradchecks", ())
        for i, mark in enumerate(marks):
            yield Found(name if len(marks) == 1 else f"{name}[{i}]", partial(mark.check, value))
        if not marks and inspect.isclass(value) and issubclass(value, Module):
            yield Found(name, None)
