"""The items that `pytest --gradcheck my_ops.py` runs: one per check, with the verdict as its failure.

The option itself is added by the small module `minigrad_pytest`, which pytest loads at every start. It imports this
one, and with it minigrad, only if the option is given.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ..errors import MinigradError
from .marks import Found, checks_in


class Gradchecks:
    """Adds the checks of the modules named on the command line; run alone if no tests are named beside them."""

    def __init__(self, config: pytest.Config, targets: list[str]) -> None:
        self.targets = targets
        if config.args_source is not pytest.Config.ArgsSource.ARGS:
            config.args = []

    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Add the checks to what was collected."""
        for target in self.targets:
            collector = GradcheckModule.from_parent(session, name=target, nodeid=target)
            items.extend(collector.collect())


class GradcheckModule(pytest.Collector):
    """A module with checks in it."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield an item per check; a module without any is refused, for it would pass unseen."""
        module = load(self.name, self.config.invocation_params.dir)
        found = list(checks_in(module))
        if not found:
            raise pytest.UsageError(
                f"--gradcheck: {self.name} has nothing to check\n"
                "Hint: mark functions and Modules with @minigrad.testing.gradchecked(A(2, 3))"
            )
        for check in found:
            yield GradcheckItem.from_parent(self, name=check.name, check=check, file=str(module.__file__))


class GradcheckItem(pytest.Item):
    """A check of one function or Module."""

    def __init__(self, *, check: Found, file: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.check, self.file = check, file

    def runtest(self) -> None:
        """Make the check."""
        if self.check.check is None:
            pytest.skip("a Module without a mark: say with @gradchecked(A(2, 3)) what it is called on")
        self.check.check()

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return the verdict as it is; of other errors, the traceback."""
        if isinstance(excinfo.value, MinigradError):
            return "\n".join([str(excinfo.value), *getattr(excinfo.value, "__notes__", [])])
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[str, int | None, str]:
        """Return the file, and what the item is called."""
        return self.file, None, f"gradcheck of {self.check.name}"


def load(target: str, folder: Path) -> ModuleType:
    """Import a module by its name, or by the path of its file, seen from `folder`."""
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    try:
        if not target.endswith(".py"):
            return importlib.import_module(target)
        path = folder / target
        spec = importlib.util.spec_from_file_location(path.stem, path)
        if spec is None or spec.loader is None:
            raise ImportError(f"{path} is no Python file")
        module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    except Exception as error:
        raise pytest.UsageError(f"--gradcheck: cannot import {target}: {type(error).__name__}: {error}") from error
