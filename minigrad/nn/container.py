"""Modules that hold modules or parameters, in order or by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from ..errors import ArgumentError, RangeError
from .module import Module
from .parameter import Parameter

Item = TypeVar("Item")


class _Numbered(Module, Generic[Item]):
    """A list whose items are attributes named 0, 1, 2, ..., as their paths in a state dict say."""

    def _items(self) -> list[Any]:
        return [self.__dict__[name] for name in self._names()]

    def _names(self) -> list[str]:
        return [name for name in self.__dict__ if name.isdigit()]

    @classmethod
    def _of(cls, items: list[Any]) -> Any:
        """Return a container of the same kind that holds `items`."""
        make: Any = cls
        return make(items)

    def _replace(self, items: Iterable[Any]) -> None:
        for name in self._names():
            del self.__dict__[name]
        for i, item in enumerate(items):
            setattr(self, str(i), item)

    def __len__(self) -> int:
        return len(self._names())

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items())

    def __getitem__(self, index: int | slice) -> Any:
        items = self._items()
        if isinstance(index, slice):
            return self._of(items[index])
        if not -len(items) <= index < len(items):
            raise RangeError(f"{type(self).__name__}: there is no item {index}, it holds {len(items)}")
        return items[index]

    def __setitem__(self, index: int, item: Any) -> None:
        self[index]
        setattr(self, str(index % len(self)), item)

    def __delitem__(self, index: int) -> None:
        self[index]
        items = self._items()
        del items[index]
        self._replace(items)

    def append(self, item: Any) -> Any:
        """Put an item at the end; return the container."""
        setattr(self, str(len(self)), item)
        return self

    def extend(self, items: Iterable[Any]) -> Any:
        """Put items at the end; return the container."""
        for item in items:
            self.append(item)
        return self

    def insert(self, index: int, item: Any) -> None:
        """Put an item before position `index`."""
        items = self._items()
        items.insert(index, item)
        self._replace(items)


class Sequential(_Numbered[Module]):
    """Modules applied one after the other. Takes modules, or one dict of names to modules.

    >>> from minigrad import nn
    >>> nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    Sequential(
      (0): Flatten(start_dim=1, end_dim=-1)
      (1): Linear(in_features=4, out_features=2, bias=True)
    )
    """

    def __init__(self, *args: Module | Mapping[str, Module]) -> None:
        super().__init__()
        named = args[0].items() if len(args) == 1 and isinstance(args[0], Mapping) else enumerate(args)
        for name, module in named:
            if not isinstance(module, Module):
                raise ArgumentError(f"Sequential: item {name} is {type(module).__name__}, not a Module")
            setattr(self, str(name), module)

    def _names(self) -> list[str]:
        return [name for name, value in self.__dict__.items() if isinstance(value, Module)]

    @classmethod
    def _of(cls, items: list[Any]) -> Any:
        return cls(*items)

    def forward(self, input: Any) -> Any:
        """Apply the modules in order."""
        for module in self._items():
            input = module(input)
        return input


class ModuleList(_Numbered[Module]):
    """A list of modules whose parameters are found."""

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        super().__init__()
        self.extend(modules)


class ParameterList(_Numbered[Parameter]):
    """A list of parameters that are found; plain tensors become parameters."""

    def __init__(self, values: Iterable[Any] = ()) -> None:
        super().__init__()
        self.extend(values)

    def append(self, item: Any) -> Any:
        """Put a parameter at the end; return the list."""
        return super().append(item if isinstance(item, Parameter) else Parameter(item))

    def extra_repr(self) -> str:
        """Name the shapes."""
        return ", ".join(str(p.shape) for p in self)


class ModuleDict(Module):
    """A dict of modules whose parameters are found."""

    def __init__(self, modules: Mapping[str, Module] | None = None) -> None:
        super().__init__()
        self.update(modules or {})

    def _own(self) -> dict[str, Module]:
        return {name: value for name, value in self.__dict__.items() if isinstance(value, Module)}

    def __getitem__(self, key: str) -> Module:
        if key not in self._own():
            raise RangeError(f"ModuleDict: there is no {key!r}, only {', '.join(self._own())}")
        return self._own()[key]

    def __setitem__(self, key: str, module: Module) -> None:
        if hasattr(type(self), key):
            raise ArgumentError(f"ModuleDict: the key {key!r} would hide a method; choose another")
        setattr(self, key, module)

    def __delitem__(self, key: str) -> None:
        del self.__dict__[key]

    def __len__(self) -> int:
        return len(self._own())

    def __iter__(self) -> Iterator[str]:
        return iter(self._own())

    def __contains__(self, key: str) -> bool:
        return key in self._own()

    def keys(self) -> Iterable[str]:
        """Return the names."""
        return self._own().keys()

    def values(self) -> Iterable[Module]:
        """Return the modules."""
        return self._own().values()

    def items(self) -> Iterable[tuple[str, Module]]:
        """Return (name, module) pairs."""
        return self._own().items()

    def update(self, modules: Mapping[str, Module]) -> None:
        """Add modules by name."""
        for key, module in modules.items():
            self[key] = module

    def pop(self, key: str) -> Module:
        """Remove a module and return it."""
        module = self[key]
        del self[key]
        return module
