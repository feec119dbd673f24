"""What all optimizers share: groups of parameters, a memory per parameter, and the bookkeeping around a step.

    param_groups   [{"params": [p, ...], "lr": η, ...}, ...]      what is moved, and with which options
    state          {p: {"step": t, "exp_avg": m, ...}, ...}       what is remembered from step to step

A subclass says what it remembers (`initial_state`) and how it moves the parameters of one group (`update`). The
arithmetic is a function on lists of arrays, so that one call, and one kernel, serves all parameters of a group.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from ..backend import Array, device_of, is_recording
from ..dtypes import float16, float32, is_floating
from ..errors import ArgumentError, DeviceError, DtypeError, ShapeError
from ..grad_mode import enable_grad
from ..ops.operands import quiet
from ..overwrites import note_overwrite
from ..tensor import Tensor
from .hyperparameters import check_options
from .state import Group, Initial, check_remembered, fitted_groups, fitted_state

Params: TypeAlias = "Iterable[Tensor] | Iterable[tuple[str, Tensor]] | Iterable[Group]"


class Optimizer:
    """Moves parameters along their gradients.

    `params` are tensors, pairs (name, tensor), or groups: dicts of "params" and of options that differ from
    `defaults`.

    Raises  ArgumentError for no parameters, a parameter given twice, a result of an op, a number out of range
    """

    def __init__(self, params: Params, defaults: Group) -> None:
        self.defaults = self.check(defaults)
        self.param_groups: list[Group] = []
        self.state: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)
        groups = self._listed(params)
        if not groups:
            raise ArgumentError(f"{self.name}: params is empty\nHint: pass model.parameters() or a list of tensors")
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    @property
    def name(self) -> str:
        """The name of the class, which opens every message."""
        return type(self).__name__

    def initial_state(self, options: Group) -> dict[str, Initial]:
        """Return what is remembered of a parameter, by name, and how it begins."""
        return {}

    def update(self, options: Group, params: list[Tensor], grads: list[Array]) -> None:
        """Move `params`, all of one dtype and device, along the gradients `grads`."""
        raise NotImplementedError(f"{self.name}: define update(self, options, params, grads)")

    def check(self, options: Group) -> Group:
        """Return `options` with every hyperparameter checked."""
        return check_options(self.name, options)

    def add_param_group(self, param_group: Group) -> None:
        """Add parameters with options of their own; an option that is not given is the optimizer's default."""
        if not isinstance(param_group, dict) or "params" not in param_group:
            raise ArgumentError(f'{self.name}: a group is a dict with the key "params", got {param_group!r:.60}')
        given = param_group["params"]
        entries = [given] if isinstance(given, Tensor) else self._listed(given)
        pairs = [entry if isinstance(entry, tuple) else (None, entry) for entry in entries]
        names, params = [name for name, _ in pairs if name is not None], [p for _, p in pairs]
        if names and len(names) < len(params):
            raise ArgumentError(f"{self.name}: {len(names)} of {len(params)} parameters have a name; give all or none")
        self._check_params(params)
        named = {"param_names": names} if names else {}
        self.param_groups.append(self.check({**self.defaults, **param_group, **named, "params": params}))

    def _listed(self, params: Any) -> list[Any]:
        if isinstance(params, Tensor):
            raise ArgumentError(f"{self.name}: params is one tensor of shape {params.shape}\nHint: put it in a list")
        if isinstance(params, (set, frozenset)):
            raise ArgumentError(f"{self.name}: params is a set, whose order differs from run to run\nHint: pass a list")
        if not isinstance(params, Iterable):
            raise ArgumentError(f"{self.name}: params is {params!r:.80}, it must be an iterable of tensors or of dicts")
        return list(params)

    def _check_params(self, params: list[Any]) -> None:
        seen = {id(p) for group in self.param_groups for p in group["params"]}
        for j, p in enumerate(params):
            which = f"{self.name}: parameter {j} of group {len(self.param_groups)}"
            if not isinstance(p, Tensor):
                raise ArgumentError(f"{which} is of type {type(p).__name__}, only tensors can be optimized")
            if not is_floating(p.dtype):
                raise ArgumentError(f"{which} is {p.dtype}, only floating tensors can be optimized")
            if not p.is_leaf:
                raise ArgumentError(
                    f"{which}, shape {p.shape}, is the result of {p.op}, only leaves can be optimized\n"
                    "Hint: pass the tensor it was computed from, or make a leaf with detach().requires_grad_()"
                )
            if id(p) in seen:
                raise ArgumentError(f"{which}, shape {p.shape}, is given twice\nHint: list shared parameters once")
            seen.add(id(p))

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move every parameter that has a gradient; return what `closure` (zero_grad, loss, backward) returns.

        Nothing is changed unless every gradient fits its parameter.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        place = f"{self.name}.step"
        batches = [(check_options(place, group), params) for i, group in enumerate(self.param_groups)
                   for params in _ready(place, i, group)]  # fmt: skip
        for options, params in batches:
            with quiet():
                self.update(options, params, [_wide(p.grad.array) for p in params if p.grad is not None])
            for p in params:
                note_overwrite(p, place)
        return loss

    def columns(self, options: Group, params: list[Tensor], *names: str) -> list[list[Any]]:
        """Return what is remembered of `params`, one list per name; None for what these options do not need."""
        initial = self.initial_state(options)
        return [[None if name not in initial else self._remembered(p, name, initial[name]) for p in params]
                for name in names]  # fmt: skip

    def _remembered(self, p: Tensor, name: str, initial: Initial) -> Any:
        state = self.state[p]
        if name not in state:
            state[name] = initial(p) if callable(initial) else initial
        value = state[name]
        if not isinstance(value, Tensor):
            return value
        check_remembered(f"{self.name}.step: {name}", p, value.array)
        return value.array

    def count_step(self, params: list[Tensor]) -> None:
        """Count one more step of each parameter."""
        for p in params:
            self.state[p]["step"] = self.state[p].get("step", 0) + 1

    def step_numbers(self, params: list[Tensor]) -> list[int]:
        """Count one more step of each parameter and return the counts, 1 at the first.

        Raises  DeviceError while a graph is recorded, which would repeat what follows from these counts
        """
        if is_recording() and any(device_of(p.array) != "cpu" for p in params):
            raise DeviceError(
                f"{type(self).__name__}: a step depends on its number, and a recorded graph would repeat this one\n"
                "Hint: record what comes before it and call step() after each replay, or use SGD"
            )
        self.count_step(params)
        return [self.state[p]["step"] for p in params]

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients, or set them to 0."""
        for group in self.param_groups:
            for p in group["params"]:
                p.grad = None if set_to_none or p.grad is None else p.grad.new_zeros(p.shape)

    def state_dict(self) -> dict[str, Any]:
        """Return state and options in PyTorch's layout: a parameter's number stands for it.

        Counts are Python numbers. The arrays are the optimizer's own, so a later step changes them; save or deepcopy
        the dict to keep it.
        """
        number = {id(p): i for i, p in enumerate(self._params())}
        return {
            "state": {number[id(p)]: dict(values) for p, values in self.state.items()},
            "param_groups": [group | {"params": [number[id(p)] for p in group["params"]]}
                             for group in self.param_groups],
        }  # fmt: skip

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue from a state of the same kind of optimizer, over parameters of the same shapes in the same order.

        The state may be PyTorch's. Nothing is changed unless everything fits.

        Raises  StateError naming the group or parameter that does not fit
        """
        groups = fitted_groups(self, state_dict)
        state = fitted_state(self, state_dict, groups)
        self.param_groups, self.state = groups, defaultdict(dict, state)

    def _params(self) -> list[Tensor]:
        return [p for group in self.param_groups for p in group["params"]]

    def __repr__(self) -> str:
        rows = [f"{self.name} ("]
        for i, group in enumerate(self.param_groups):
            rows.append(f"Parameter Group {i}")
            rows += [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
        return "\n".join([*rows, ")"])


def _ready(place: str, i: int, group: Group) -> list[list[Tensor]]:
    """Return the parameters of group number `i` that have a gradient, in lists of one dtype and device."""
    alike: dict[Any, list[Tensor]] = {}
    for j, p in enumerate(group["params"]):
        if p.grad is not None:
            _check_gradient(f"{place}: the gradient of parameter {j} of group {i}", p, p.grad)
            alike.setdefault((type(p.array), p.array.dtype), []).append(p)
    return list(alike.values())


def _check_gradient(which: str, p: Tensor, grad: Any) -> None:
    if not isinstance(grad, Tensor):
        raise DtypeError(f"{which} is of type {type(grad).__name__}, it must be a tensor")
    if grad.array.shape != p.array.shape:
        raise ShapeError(f"{which} has shape {grad.shape}, the parameter {p.shape}")
    if grad.array.dtype != p.array.dtype:
        raise DtypeError(f"{which} is {grad.dtype}, the parameter {p.dtype}\nHint: convert it with .to(p.dtype)")
    if type(grad.array) is not type(p.array):
        raise DeviceError(f"{which} is on {grad.device}, the parameter on {p.device}")


def _wide(g: Array) -> Array:
    return g.astype(float32) if g.dtype == float16 else g


def arrays(params: list[Tensor]) -> list[Array]:
    """Return the arrays of `params`."""
    return [p.array for p in params]


def objective_gradient(p: Array, g: Array, weight_decay: float, maximize: bool) -> Array:
    """Return the gradient of what is minimized: f + λ/2 ‖θ‖², or -f + λ/2 ‖θ‖² to maximize f."""
    g = -g if maximize else g
    return g + weight_decay * p if weight_decay else g
