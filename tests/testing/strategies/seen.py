"""Whether something comes up among the first examples of a strategy."""

from hypothesis import HealthCheck, Phase, find, settings
from hypothesis.errors import NoSuchExample

SETTINGS = settings(
    deadline=None, database=None, derandomize=True,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)  # fmt: skip


def smallest(strategy, predicate, examples=300):
    """Return the smallest example for which the predicate holds."""
    return find(strategy, predicate, settings=settings(SETTINGS, max_examples=examples))


def comes_up(strategy, predicate, examples=300):
    """Say whether the predicate holds for one of the first examples."""
    try:
        find(strategy, predicate, settings=settings(SETTINGS, max_examples=examples, phases=[Phase.generate]))
    except NoSuchExample:
        return False
    return True
