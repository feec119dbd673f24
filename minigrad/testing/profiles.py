"""How many examples a run of the tests draws, and whether it draws the same ones every time.

    dev        few, the same every time: while you write
    ci         more, the same every time: a red run is red again on your machine
    explore    many, new ones every time, no database: to look for what nobody thought of

No profile has a deadline: the first call of a compiled kernel takes seconds, and that is no failure.

    pytest --hypothesis-profile=explore
"""

from __future__ import annotations

from typing import Any

EXAMPLES = {"dev": 20, "ci": 50, "explore": 1000}


def register_profiles(load: str | None = None) -> None:
    """Tell Hypothesis the profiles "dev", "ci" and "explore"; load one of them, if named. For a conftest.py."""
    from .optional import HealthCheck, settings

    common: dict[str, Any] = {"deadline": None, "database": None, "suppress_health_check": [HealthCheck.too_slow]}
    for name, examples in EXAMPLES.items():
        settings.register_profile(name, max_examples=examples, derandomize=name != "explore", **common)
    if load is not None:
        settings.load_profile(load)
