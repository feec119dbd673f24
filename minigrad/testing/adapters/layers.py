"""Layer objects under check: x goes into .forward, dy into .backward, gradients of parameters are left in the object.

    class Affine:                                         parameters and gradients are found as
        def forward(self, x): self.x = x; ...             self.params and self.grads, lists or dicts, or
        def backward(self, dy): self.dW = ...; return dx  self.W beside self.dW, self.grad_W or self.W_grad

A layer may add to its gradients or assign them: they are set to zero before each backward. The check works on a copy.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property, partial
from typing import Any

import numpy as np

from ..directions import FloatArray, is_floats
from .pairs import arrange, copied, outputs_of
from .subject import Forward, Subject, flat, parameter_names

Read = Callable[[], Any]


def is_layer(f: object) -> bool:
    """Say whether an object has a forward and a backward of its own."""
    return callable(getattr(f, "forward", None)) and callable(getattr(f, "backward", None))


class LayerFunction(Subject):
    """A layer as a function of its inputs and its parameters."""

    def __init__(self, check: str, layer: Any, inputs: Sequence[Any], wrt: Any = None) -> None:
        self.layer = copy.deepcopy(layer)
        rehearse(self.layer, inputs)
        self.gradients = gradients_of(self.layer)
        for read in self.gradients.values():
            if is_floats(read()):
                _in_double(self.layer, read())
        self.parameters = {name: _in_double(self.layer, array) for name, array in parameters_of(self.layer).items()
                           if name in self.gradients}  # fmt: skip
        super().__init__(check, layer.forward, inputs, wrt, list(self.parameters.values()))

    @cached_property
    def names(self) -> list[str]:
        """The names of forward's parameters, then those of the layer's."""
        return [*parameter_names(self.function, self.given), *self.parameters]

    def _run(self, arrays: Sequence[Any]) -> list[Any]:
        for parameter, value in zip(self.parameters.values(), arrays[self.given :], strict=True):
            parameter[...] = value
        return outputs_of(self.layer.forward(*arrays[: self.given]))

    def evaluate(self, arrays: Sequence[Any]) -> Any:
        """Return all outputs, one after another."""
        return flat(self._run(copied(arrays[: self.given]) + list(arrays[self.given :])))

    def forward(self, arrays: Sequence[Any]) -> Forward:
        """Run forward on copies of the arrays."""
        copies = copied(arrays[: self.given])
        outputs = self._run([*copies, *arrays[self.given :]])
        return Forward(outputs, [*copies, *self.parameters.values()])

    def backward(self, run: Forward, cotangents: Sequence[FloatArray]) -> list[Any]:
        """Clear the layer's gradients, run backward, and collect what it returned and what it left."""
        for read in self.gradients.values():
            if isinstance(read(), np.ndarray):
                read()[...] = 0
        result = self.layer.backward(cotangents[0] if len(cotangents) == 1 else tuple(cotangents))
        own = [i for i in self.wrt if i < self.given]
        returned = arrange(result, self.arrays[: self.given], own) if own else []
        left = [self.gradients[self.names[i]]() for i in self.wrt if i >= self.given]
        return [*returned, *copied(left)]  # the next run clears them


def rehearse(layer: Any, inputs: Sequence[Any]) -> None:
    """Run the layer once, so that it has the gradients that it makes only then; the check tells what goes wrong."""
    with suppress(Exception):
        y = layer.forward(*(np.array(x) if isinstance(x, np.ndarray) else x for x in inputs))
        layer.backward(np.ones_like(y))


def parameters_of(layer: Any) -> dict[str, Any]:
    """Return the float arrays that a layer holds, by name; those in `params` under the name of their attribute."""
    own = {name: a for name, a in vars(layer).items() if is_floats(a)}
    listed = getattr(layer, "params", None)
    if isinstance(listed, dict):
        return {**own, **{name: a for name, a in listed.items() if is_floats(a)}}
    if isinstance(listed, (list, tuple)):
        names = {id(a): name for name, a in own.items()}
        return {**own, **{names.get(id(a), f"params[{k}]"): a for k, a in enumerate(listed) if is_floats(a)}}
    return own


def gradients_of(layer: Any) -> dict[str, Read]:
    """Return how to read the gradient of each parameter that has one."""
    found: dict[str, Read] = {}
    for name in parameters_of(layer):
        for spelling in (f"d{name}", f"d_{name}", f"grad_{name}", f"{name}_grad"):
            if hasattr(layer, spelling):
                found[name] = partial(getattr, layer, spelling)
    grads, listed = getattr(layer, "grads", None), getattr(layer, "params", None)
    if isinstance(grads, dict):
        for key in grads:
            for name in (key, str(key).removeprefix("d")):
                if name in parameters_of(layer):
                    found[name] = partial(_item, layer, key)
                    break
    elif isinstance(grads, list) and isinstance(listed, (list, tuple)):
        names = {id(a): name for name, a in parameters_of(layer).items()}
        for k, a in enumerate(listed[: len(grads)]):
            if id(a) in names:
                found[names[id(a)]] = partial(_item, layer, k)
    return found


def _item(layer: Any, key: Any) -> Any:
    return layer.grads[key]


def _in_double(layer: Any, array: Any) -> Any:
    """Return `array` in float64, put in its place wherever the layer holds it."""
    if array.dtype == np.float64:
        return array
    double = array.astype(np.float64)
    for name, value in vars(layer).items():
        if value is array:
            setattr(layer, name, double)
        elif isinstance(value, list):
            value[:] = [double if x is array else x for x in value]
        elif isinstance(value, dict):
            value.update({key: double for key, x in value.items() if x is array})
    return double
