"""What an optimizer remembers of a parameter, and whether a state dict fits it.

A state is checked whole before anything is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ..autograd import constant
from ..backend import Array, device_of, is_array, to_device
from ..dtypes import Dtype, float16, float32
from ..errors import StateError
from ..ops import as_tensor, zeros_like
from ..tensor import Tensor

if TYPE_CHECKING:
    from .optimizer import Optimizer

Group: TypeAlias = "dict[str, Any]"
Initial: TypeAlias = "int | float | Callable[[Tensor], Tensor]"  # a number, or what makes the first array


def state_dtype(p: Tensor) -> Dtype:
    """Return the dtype of what is remembered of `p`: float16 is too coarse for running averages of squares."""
    return float32 if p.dtype == float16 else p.dtype


def zeros(p: Tensor) -> Tensor:
    """Return zeros to remember something of `p` in."""
    return zeros_like(p, dtype=state_dtype(p))


def check_remembered(what: str, p: Tensor, array: Array) -> None:
    """Raise if `array`, remembered of `p`, is of a time when `p` had another shape, dtype or device."""
    kept, now = (array.shape, array.dtype, device_of(array)), (p.shape, state_dtype(p), p.device)
    if kept != now:
        raise StateError(
            f"{what} of a parameter is {_spelled(*kept)}, the parameter calls for {_spelled(*now)} now\n"
            "Hint: change the model (.to, .data) before the optimizer is made, not between its steps"
        )


def _spelled(shape: tuple[int, ...], dtype: Dtype, device: str) -> str:
    return f"{dtype} of shape {shape} on {device}"


def array_of(value: Any) -> Array:
    """Return the array in a value of a state: a tensor, an array, or what NumPy can read, such as PyTorch's tensors."""
    return as_tensor(value if isinstance(value, Tensor) or is_array(value) else np.asarray(value)).array


def fitted_groups(optimizer: Optimizer, state_dict: Mapping[str, Any]) -> list[Group]:
    """Return the groups of `optimizer` with the options of the state.

    A switch (`maximize` and the like) that the state lacks keeps its setting: PyTorch has added them over the years.
    """
    name, groups = optimizer.name, optimizer.param_groups
    missing = [key for key in ("state", "param_groups") if key not in state_dict]
    if missing:
        keys = f"{list(state_dict)!r:.80}"
        raise StateError(f"{name}: the state dict has no {' and no '.join(missing)}, its keys are {keys}")
    saved = state_dict["param_groups"]
    sizes, wanted = [len(group.get("params", ())) for group in saved], [len(group["params"]) for group in groups]
    if sizes != wanted:
        raise StateError(
            f"{name}: the state has groups of {sizes} parameters, this optimizer has {wanted}\n"
            "Hint: build the optimizer over the same model, with the same groups"
        )
    for i, group in enumerate(saved):
        lacking = [key for key, value in optimizer.defaults.items()
                   if key not in group and not isinstance(value, bool)]  # fmt: skip
        if lacking:
            raise StateError(
                f"{name}: group {i} of the state has no {', '.join(lacking)}, its keys are {sorted(group)}\n"
                "Hint: is it the state of another kind of optimizer?"
            )
    return [optimizer.check({**group, **loaded, "params": group["params"]})
            for group, loaded in zip(groups, saved, strict=True)]  # fmt: skip


def fitted_state(
    optimizer: Optimizer, state_dict: Mapping[str, Any], groups: list[Group]
) -> dict[Tensor, dict[str, Any]]:
    """Return what the state remembers, copied, for the parameters in `groups`."""
    numbers = [number for group in state_dict["param_groups"] for number in group["params"]]
    owners = [(p, group) for group in groups for p in group["params"]]
    found = dict(zip(numbers, owners, strict=True))
    state: dict[Tensor, dict[str, Any]] = {}
    for number, values in state_dict["state"].items():
        if number not in found:
            raise StateError(f"{optimizer.name}: the state remembers parameter {number!r}, but no group has it")
        p, group = found[number]
        initial = optimizer.initial_state(group)
        kept = {key: value for key, value in values.items() if value is not None}  # SGD's, before its first step
        lacking = [key for key in initial if key not in kept]
        if kept and lacking:
            raise StateError(
                f"{optimizer.name}: parameter {number} has no {', '.join(lacking)} in the state, only {sorted(kept)}\n"
                "Hint: is it the state of another kind of optimizer?"
            )
        where = f"{optimizer.name}: parameter {number} of the state"
        state[p] = {key: _fitted(f"{where}: {key}", p, initial.get(key), value) for key, value in kept.items()}
    return state


def _fitted(where: str, p: Tensor, initial: Initial | None, value: Any) -> Any:
    """Return a copy of `value`: a number if it begins as one, else an array like `p`."""
    array = array_of(value)
    if isinstance(initial, (int, float)):
        if array.size != 1:
            raise StateError(f"{where} has shape {tuple(array.shape)}, it must be one number")
        return type(initial)(array.reshape(()).item())
    if array.shape != p.shape:
        raise StateError(f"{where} has shape {tuple(array.shape)}, the parameter {p.shape}")
    return constant(to_device(array.astype(state_dtype(p), copy=True), device_of(p.array)))
