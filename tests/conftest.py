"""Hypothesis profiles: derandomised by default and in CI, random with --hypothesis-profile=explore."""

import pytest
from hypothesis import HealthCheck, settings

pytest.register_assert_rewrite("tests.ops.laws")

_common = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("ci", derandomize=True, database=None, max_examples=50, **_common)
settings.register_profile("dev", derandomize=True, database=None, max_examples=50, **_common)
settings.register_profile("explore", max_examples=1000, **_common)
settings.load_profile("ci")
