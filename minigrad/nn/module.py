"""The base of all layers: a function with parameters, made of smaller functions.

A module keeps everything in ordinary attributes. Parameters, buffers and submodules are found by looking at what
the attributes hold, in the order in which they were first set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

import numpy as np

from ..dtypes import DtypeLike, as_dtype, is_floating
from ..errors import DtypeError, StateError
from ..grad_mode import no_grad
from ..ops import as_tensor
from ..tensor import Tensor
from .hooks import HookHandle, HookTable
from .parameter import Buffer, Parameter

Self = TypeVar("Self", bound="Module")
State = dict[str, Tensor]


class IncompatibleKeys(NamedTuple):
    """What `load_state_dict` did not find in the state, and what it found too much."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class Module:
    """A differentiable function with parameters.

    >>> from minigrad import nn
    >>> class Twice(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.layer = nn.Linear(3, 3)
    ...     def forward(self, x):
    ...         return self.layer(self.layer(x))
    >>> [name for name, _ in Twice().named_parameters()]
    ['layer.weight', 'layer.bias']
    """

    training: bool = True
    _hooks: HookTable | None = None

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the function; every module defines its own."""
        raise NotImplementedError(f"{type(self).__name__}: define forward(self, ...)")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run forward, between the hooks if there are any."""
        if self._hooks is None:
            return self.forward(*args, **kwargs)
        return self._hooks.run(self, args, kwargs)

    def __setattr__(self, name: str, value: Any) -> None:
        current = self.__dict__.get(name)
        if isinstance(current, Parameter) and isinstance(value, Tensor) and not isinstance(value, Parameter):
            raise DtypeError(f"{type(self).__name__}.{name}: assign a Parameter or None, not a plain tensor")
        if isinstance(current, Buffer) and isinstance(value, Tensor) and not isinstance(value, Buffer):
            value = Buffer(value.detach(), persistent=current.persistent)
        self.__dict__[name] = value

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Set a parameter by name; None keeps the place of a parameter that this module does without."""
        setattr(self, name, param)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Set a tensor that is part of the state and not trained."""
        setattr(self, name, None if tensor is None else Buffer(tensor, persistent=persistent))

    def add_module(self, name: str, module: Module | None) -> None:
        """Set a submodule by name."""
        setattr(self, name, module)

    def children(self) -> Iterator[Module]:
        """Yield the modules that this one holds directly."""
        return (child for _, child in self.named_children())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Yield (name, module) for the modules that this one holds directly."""
        return ((name, value) for name, value in self.__dict__.items() if isinstance(value, Module))

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """Yield (path, module) for this module and all below it, each once."""
        seen: set[int] = set()
        stack: list[tuple[str, Module]] = [(prefix, self)]
        while stack:
            path, module = stack.pop()
            if id(module) not in seen:
                seen.add(id(module))
                yield path, module
                below = [(f"{path}.{name}" if path else name, child) for name, child in module.named_children()]
                stack.extend(reversed(below))

    def modules(self) -> Iterator[Module]:
        """Yield this module and all below it, each once."""
        return (module for _, module in self.named_modules())

    def _named_tensors(self, kind: type[Tensor], prefix: str, recurse: bool) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        for path, module in self.named_modules(prefix) if recurse else [(prefix, self)]:
            for name, value in module.__dict__.items():
                if isinstance(value, kind) and id(value) not in seen:
                    seen.add(id(value))
                    yield f"{path}.{name}" if path else name, value

    def named_parameters(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Parameter]]:
        """Yield (path, parameter), each parameter once, however many modules share it."""
        return self._named_tensors(Parameter, prefix, recurse)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Yield the parameters, each once."""
        return (p for _, p in self.named_parameters(recurse=recurse))

    def named_buffers(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Buffer]]:
        """Yield (path, buffer), each buffer once."""
        return self._named_tensors(Buffer, prefix, recurse)

    def buffers(self, recurse: bool = True) -> Iterator[Buffer]:
        """Yield the buffers, each once."""
        return (b for _, b in self.named_buffers(recurse=recurse))

    def get_submodule(self, target: str) -> Module:
        """Return the module at a path such as "features.0"."""
        for path, module in self.named_modules():
            if path == target:
                return module
        raise StateError(f"get_submodule: {type(self).__name__} has no module {target!r}")

    def get_parameter(self, target: str) -> Parameter:
        """Return the parameter at a path such as "features.0.weight"."""
        for path, parameter in self.named_parameters():
            if path == target:
                return parameter
        raise StateError(f"get_parameter: {type(self).__name__} has no parameter {target!r}")

    def state_dict(self, prefix: str = "") -> State:
        """Return the parameters and persistent buffers by path, sharing their memory."""
        state: State = {}
        for path, module in self._all_paths(prefix):
            for name, value in module.__dict__.items():
                if isinstance(value, Parameter) or (isinstance(value, Buffer) and value.persistent):
                    state[f"{path}.{name}" if path else name] = value.detach()
        return state

    def _all_paths(self, prefix: str) -> Iterator[tuple[str, Module]]:
        """Yield every path to every module: a shared module is part of the state under each of its names."""
        yield prefix, self
        for name, child in self.named_children():
            yield from child._all_paths(f"{prefix}.{name}" if prefix else name)

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> IncompatibleKeys:
        """Copy a state into the parameters and buffers; values may be tensors, arrays or what NumPy can read.

        Nothing is changed unless everything fits.

        Raises  StateError naming every key that is missing, unexpected or of another shape
        """
        own = self.state_dict()
        missing = [key for key in own if key not in state_dict]
        unexpected = [key for key in state_dict if key not in own]
        arrays = {key: as_tensor(np.asarray(value) if not isinstance(value, Tensor) else value).array
                  for key, value in state_dict.items() if key in own}  # fmt: skip
        misfits = [f"{key}: {tuple(a.shape)} in the state, {own[key].shape} in the module"
                   for key, a in arrays.items() if a.shape != own[key].shape]  # fmt: skip
        problems = [("wrong shapes", misfits)]
        if strict:
            problems += [("missing keys", missing), ("unexpected keys", unexpected)]
        told = [f"  {name}: {', '.join(keys)}" for name, keys in problems if keys]
        if told:
            raise StateError("\n".join([f"load_state_dict: the state does not fit {type(self).__name__}", *told]))
        with no_grad():
            for key, array in arrays.items():
                own[key].copy_(array)
        return IncompatibleKeys(missing, unexpected)

    def train(self: Self, mode: bool = True) -> Self:
        """Switch this module and all below it to training (dropout drops, batch norm uses the batch), or back."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self: Self) -> Self:
        """Switch to evaluation."""
        return self.train(False)

    def requires_grad_(self: Self, requires_grad: bool = True) -> Self:
        """Freeze or thaw every parameter."""
        for parameter in self.parameters():
            parameter.requires_grad = requires_grad
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of every parameter."""
        for parameter in self.parameters():
            if set_to_none or parameter.grad is None:
                parameter.grad = None
            else:
                parameter.grad = parameter.grad.new_zeros(parameter.shape)

    def apply(self: Self, fn: Callable[[Module], object]) -> Self:
        """Call fn(module) on every module below this one, then on this one."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def to(self: Self, *args: Any, dtype: DtypeLike | None = None, device: str | None = None) -> Self:
        """Move every parameter and buffer to a device, and cast the floating ones to a dtype, in place."""
        for arg in args:
            if isinstance(arg, str) and arg.partition(":")[0] in ("cpu", "cuda"):
                device = arg
            else:
                dtype = arg
        wanted = None if dtype is None else as_dtype(dtype)
        if wanted is not None and not is_floating(wanted):
            raise DtypeError(f"{type(self).__name__}.to: parameters must be floating, {wanted} is not")
        for module in self.modules():
            for value in module.__dict__.values():
                if isinstance(value, (Parameter, Buffer)):
                    kind = wanted if is_floating(value.dtype) else None
                    value.data = value.detach().to(dtype=kind, device=device)
                    value.grad = None if value.grad is None else value.grad.to(dtype=kind, device=device)
        return self

    def float(self: Self) -> Self:
        """Cast the floating parameters and buffers to float32."""
        return self.to("float32")

    def double(self: Self) -> Self:
        """Cast the floating parameters and buffers to float64."""
        return self.to("float64")

    def half(self: Self) -> Self:
        """Cast the floating parameters and buffers to float16."""
        return self.to("float16")

    def cpu(self: Self) -> Self:
        """Move to the CPU."""
        return self.to("cpu")

    def cuda(self: Self) -> Self:
        """Move to the GPU."""
        return self.to("cuda")

    def register_forward_pre_hook(self, hook: Callable[[Any, Any], Any]) -> HookHandle:
        """Call hook(module, args) before forward; what it returns, if anything, replaces the arguments."""
        return self._table().add_before(hook)

    def register_forward_hook(self, hook: Callable[[Any, Any, Any], Any]) -> HookHandle:
        """Call hook(module, args, output) after forward; what it returns, if anything, replaces the output."""
        return self._table().add_after(hook)

    def _table(self) -> HookTable:
        if self._hooks is None:
            self._hooks = HookTable()
        return self._hooks

    def extra_repr(self) -> str:
        """Return what stands between the brackets of the repr."""
        return ""

    def __repr__(self) -> str:
        rows = [f"({name}): {child!r}".replace("\n", "\n  ") for name, child in self.named_children()]
        if not rows:
            return f"{type(self).__name__}({self.extra_repr()})"
        return "\n  ".join([f"{type(self).__name__}({self.extra_repr()}", *rows]) + "\n)"
