"""From a check on given inputs to a law over drawn ones.

    check_causality(block, x)                       on this x
    @causality(tensors((2, 5, 4)))                  on every x that the strategy draws, shrunk if one fails
    def test_my_block(x):
        return block(x)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...errors import LawError
from ..variables import name_of

Check = Callable[..., None]
Test = Callable[[], None]
Law = Callable[..., Callable[[Callable[..., Any]], Test]]


def over_examples(check: Check) -> Law:
    """Return the decorator form of a check.

    It takes a strategy (or a fixed value) per input, then `examples`, their number, and the options of the check.
    What it decorates is the function that is checked, and becomes a test without arguments.
    """

    def law(*inputs: Any, examples: int | None = None, **options: Any) -> Callable[[Callable[..., Any]], Test]:
        def decorate(f: Callable[..., Any]) -> Test:
            def test() -> None:
                _run(lambda xs: check(f, *xs, **options), name_of(f), inputs, examples)

            test.__name__, test.__doc__ = name_of(f), getattr(f, "__doc__", None) or check.__doc__
            test.__module__, test.__qualname__ = f.__module__, getattr(f, "__qualname__", test.__name__)
            return test

        return decorate

    law.__name__, law.__doc__ = check.__name__.removeprefix("check_"), check.__doc__
    return law


def _run(check: Callable[[tuple[Any, ...]], None], name: str, inputs: tuple[Any, ...], examples: int | None) -> None:
    """Draw inputs and check them; a failure that does not happen again is a finding of its own."""
    from ..optional import HealthCheck, errors, given, settings, st

    drawn = st.tuples(*(x if isinstance(x, st.SearchStrategy) else st.just(x) for x in inputs))
    options: dict[str, Any] = {} if examples is None else {"max_examples": examples}

    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], **options)
    @given(drawn)
    def on_drawn(xs: tuple[Any, ...]) -> None:
        check(xs)

    try:
        on_drawn()
    except errors.Flaky as error:
        raise LawError(
            f"{name}: not deterministic: the same input gave different results when it was run again\n"
            "Hint: draw random numbers in forward only, and keep them for backward; reset what a call changes"
        ) from error
