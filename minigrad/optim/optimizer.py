"""What all optimizers share: parameter groups, state, and the bookkeeping of a step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np

from ..autograd import Node
from ..backend import Array, device_of, to_device
from ..errors import ArgumentError, ShapeError, StateError
from ..grad_mode import enable_grad
from ..ops import as_tensor
from ..overwrites import note_overwrite
from ..tensor import Tensor

Group: TypeAlias = "dict[str, Any]"


class Optimizer:
    """Changes parameters by their gradients. A subclass defines `update`, which works on the arrays of one parameter.

    `params` is an iterable of parameters, or of groups: dicts with "params" and options of their own. State is
    numbered by parameter, as in PyTorch: state_dict() = {"state": {0: {...}, ...}, "param_groups": [...]}.
    """

    def __init__(self, params: Iterable[Any], defaults: Group) -> None:
        self.defaults = defaults
        self.param_groups: list[Group] = []
        self.state: dict[Tensor, dict[str, Any]] = {}
        groups = list(params)
        if not groups:
            raise ArgumentError(f"{type(self).__name__}: got no parameters\nHint: pass model.parameters()")
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    def add_param_group(self, param_group: Group) -> None:
        """Add parameters with options of their own; what is not given is as at construction."""
        name = type(self).__name__
        given = param_group["params"]
        params = [given] if isinstance(given, Node) else list(given)
        known = {id(p) for group in self.param_groups for p in group["params"]}
        for p in params:
            if not isinstance(p, Tensor):
                raise ArgumentError(f"{name}: parameters must be tensors, got {type(p).__name__}")
            if not p.is_leaf:
                raise ArgumentError(f"{name}: a result of {p.op}, shape {p.shape}, is no leaf and cannot be optimized")
            if id(p) in known:
                raise ArgumentError(f"{name}: a parameter of shape {p.shape} is given twice")
            known.add(id(p))
        group = {**self.defaults, **param_group, "params": params}
        self.check(group)
        self.param_groups.append(group)

    def check(self, group: Group) -> None:
        """Raise if an option is outside its range."""
        self.require(group["lr"] >= 0, group, "lr", "at least 0")
        self.require(group.get("weight_decay", 0) >= 0, group, "weight_decay", "at least 0")

    def require(self, holds: bool, group: Group, option: str, what: str) -> None:
        """Raise, naming the option, its value and its range, unless `holds`."""
        if not holds:
            raise ArgumentError(f"{type(self).__name__}: {option} must be {what}, got {group[option]}")

    def update(self, p: Array, g: Array, state: dict[str, Any], group: Group) -> None:
        """Change the array `p` in place, given the gradient `g`; keep what must be remembered in `state`."""
        raise NotImplementedError(f"{type(self).__name__} must define update")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient. A closure computes the loss anew, which is returned."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        place = f"{type(self).__name__}.step"
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    if p.grad.array.shape != p.array.shape:
                        raise ShapeError(f"{place}: a gradient is {p.grad.shape}, its parameter {p.shape}")
                    self.update(p.array, self._slope(p, group), self.state.setdefault(p, {}), group)
                    note_overwrite(p, place)
        return loss

    def _slope(self, p: Tensor, group: Group) -> Array:
        """Return the gradient to descend: negated to maximize, with the L2 penalty of `weight_decay`."""
        assert p.grad is not None
        g = -p.grad.array if group.get("maximize") else p.grad.array
        if group.get("weight_decay") and not self.decoupled:
            g = g + group["weight_decay"] * p.array
        return g

    decoupled = False  # True: weight decay is no part of the gradient (AdamW)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients."""
        for group in self.param_groups:
            for p in group["params"]:
                p.grad = None if set_to_none or p.grad is None else p.grad.new_zeros(p.shape)

    def state_dict(self) -> dict[str, Any]:
        """Return the state and the options, parameters replaced by their numbers."""
        numbers = {id(p): i for i, p in enumerate(self._parameters())}
        groups = [{**group, "params": [numbers[id(p)] for p in group["params"]]} for group in self.param_groups]
        state = {numbers[id(p)]: {k: _as_state(v) for k, v in s.items()} for p, s in self.state.items()}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue from a state; the parameters must be the same ones, in the same order."""
        name, groups = type(self).__name__, state_dict["param_groups"]
        sizes = [[len(g["params"]) for g in gs] for gs in (groups, self.param_groups)]
        if sizes[0] != sizes[1]:
            raise StateError(f"{name}: the state has groups of {sizes[0]} parameters, this optimizer {sizes[1]}")
        parameters = self._parameters()
        loaded: dict[Tensor, dict[str, Any]] = {}
        for number, values in state_dict["state"].items():
            p = parameters[int(number)]
            loaded[p] = {k: self._from_state(k, v, p) for k, v in values.items()}
        for mine, theirs in zip(self.param_groups, groups, strict=True):
            mine.update({k: v for k, v in theirs.items() if k != "params"})
        self.state = loaded

    def _parameters(self) -> list[Tensor]:
        return [p for group in self.param_groups for p in group["params"]]

    def _from_state(self, key: str, value: Any, p: Tensor) -> Any:
        if not isinstance(value, Node) and not hasattr(value, "__array__"):
            return value
        array = as_tensor(np.asarray(value)).array
        if array.ndim and array.shape != p.shape:
            raise StateError(f"{type(self).__name__}: {key} is {array.shape}, its parameter {p.shape}")
        return array.item() if not array.ndim else to_device(array.astype(p.dtype), device_of(p.array))


def _as_state(value: Any) -> Any:
    return as_tensor(value.copy()) if hasattr(value, "copy") and hasattr(value, "dtype") else value
