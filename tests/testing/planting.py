"""Bugs planted in a function for the length of a test."""

import inspect
import textwrap


def plant(monkeypatch, owner, name, old, new):
    """Put a copy of a function in its place in which a text, or each of several, is another."""
    function = getattr(owner, name)
    source = textwrap.dedent(inspect.getsource(function))
    for before, after in zip(*([x] if isinstance(x, str) else x for x in (old, new)), strict=True):
        assert source.count(before) >= 1, f"{before!r} is not in {name}"
        source = source.replace(before, after)
    names = dict(function.__globals__)
    exec("from __future__ import annotations\nimport minigrad\n" + source, names)
    monkeypatch.setattr(owner, name, names[name])
