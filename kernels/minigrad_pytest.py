"""What pytest loads at every start where minigrad is installed; so it imports nothing, not even minigrad.

It lies here because this folder is on the import path: a module inside minigrad would import NumPy first.

    pytest --gradcheck my_ops.py        check the gradients of what is marked in my_ops.py
    pytest --gradcheck my_package.ops   the same, by the name of the module

It also says in plain words what Hypothesis calls flaky: the same input gave different results.
"""

from __future__ import annotations

import sys
from collections.abc import Generator

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option --gradcheck."""
    parser.getgroup("minigrad").addoption(
        "--gradcheck", action="append", default=[], metavar="MODULE",
        help="check the gradients of functions and Modules marked with @minigrad.testing.gradchecked, and of every "
        "op_test, in a module or file; alone if no tests are named beside it",
    )  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    """Load the rest of the plugin if there is something to check."""
    targets = config.getoption("gradcheck")
    if targets:
        from minigrad.testing.plugin import Gradchecks

        config.pluginmanager.register(Gradchecks(config, targets), "minigrad-gradchecks")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put "not deterministic" above the report of a test that Hypothesis calls flaky, where minigrad is in use."""
    report = yield
    errors = sys.modules.get("hypothesis.errors")
    flaky = errors is not None and call.excinfo is not None and isinstance(call.excinfo.value, errors.Flaky)
    if flaky and "minigrad" in sys.modules:
        report.longrepr = (
            f"{item.name}: not deterministic: the same input passed and failed\n"
            "Hint: draw random numbers in forward only and keep them for backward; reset what a call changes\n\n"
            f"{report.longreprtext}"
        )
    return report
