"""Functions that a module calls before and after its forward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class HookHandle:
    """Takes a hook off again."""

    def __init__(self, hooks: list[Callable[..., Any]], hook: Callable[..., Any]) -> None:
        self._hooks, self._hook = hooks, hook

    def remove(self) -> None:
        """Take the hook off; a second call does nothing."""
        self._hooks[:] = [hook for hook in self._hooks if hook is not self._hook]


class HookTable:
    """The hooks of one module."""

    def __init__(self) -> None:
        self.before: list[Callable[..., Any]] = []
        self.after: list[Callable[..., Any]] = []

    def add_before(self, hook: Callable[..., Any]) -> HookHandle:
        """Add a hook that sees the arguments."""
        self.before.append(hook)
        return HookHandle(self.before, hook)

    def add_after(self, hook: Callable[..., Any]) -> HookHandle:
        """Add a hook that sees the arguments and the output."""
        self.after.append(hook)
        return HookHandle(self.after, hook)

    def run(self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the forward of `module` between its hooks."""
        for hook in list(self.before):
            changed = hook(module, args)
            if changed is not None:
                args = changed if isinstance(changed, tuple) else (changed,)
        output = module.forward(*args, **kwargs)
        for hook in list(self.after):
            changed = hook(module, args, output)
            output = output if changed is None else changed
        return output
