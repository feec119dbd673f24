"""Hypothesis profiles: derandomised by default and in CI, random with --hypothesis-profile=explore. And our own plugin."""

import minigrad_pytest
from minigrad.testing.profiles import register_profiles

register_profiles(load="ci")


def pytest_addoption(pluginmanager):
    if not pluginmanager.has_plugin("minigrad"):  # a checkout that is not installed has no entry points
        pluginmanager.register(minigrad_pytest, "minigrad")
