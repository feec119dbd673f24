"""One line that holds an op to every law of op_laws.py.

    @op_test(np.maximum, A(2, 3), A(3))
    def test_maximum():
        return my_maximum

becomes a test per law: value, dtype, shapes, first and second derivatives, forward mode, broadcasting, layout,
aliasing, writes, empty axes, no axes, kernels. With `shapes=broadcastable(2)` every law holds for drawn shapes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..errors import ArgumentError
from .cases import A, Argument, Case, Shape
from .op_laws import LAWS, OpLaw, laws_for

if TYPE_CHECKING:
    from .optional import st

Maker = Callable[[], Callable[..., Any]]
OpTest = Callable[[OpLaw, Case], None]


def parameters(cases: Sequence[Case]) -> dict[str, Any]:
    """Return the arguments of pytest's `parametrize` that run each law on each case that it speaks of."""
    pairs = [(law, case) for case in cases for law in laws_for(case)]
    ids = [f"{case.id}-{law.__name__}" for law, case in pairs]
    return {"argnames": ("law", "case"), "argvalues": pairs, "ids": ids}


def op_test(
    reference: Callable[..., Any] | None,
    *args: Any,
    kwargs: dict[str, Any] | None = None,
    shapes: st.SearchStrategy[Sequence[Shape]] | None = None,
    examples: int = 20,
    **options: Any,
) -> Callable[[Maker], OpTest]:
    """Make a test of every law for the op that the decorated function returns.

    `reference` computes the value on NumPy arrays, `args` are the arguments (arrays as `A(*shape)`), and `options`
    are fields of `Case`: differentiable, order, rtol and so on. With a strategy `shapes` of one shape per argument,
    each law runs on `examples` drawn calls, and the smallest call that breaks it is shown.
    """

    def decorate(make: Maker) -> OpTest:
        name = make.__name__.removeprefix("test_")
        case = Case(name, make(), reference, list(args), kwargs or {}, **options)
        test = _on_one_case if shapes is None else _on_drawn_shapes(case, shapes, examples)
        return _parametrized(test, make, case, LAWS if shapes is not None else laws_for(case))

    return decorate


def _on_one_case(law: OpLaw, case: Case) -> None:
    law(case)


def _on_drawn_shapes(case: Case, shapes: st.SearchStrategy[Sequence[Shape]], examples: int) -> OpTest:
    from .optional import HealthCheck, given, settings

    def test(law: OpLaw, _: Case) -> None:
        @settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(shapes)
        def on_drawn(drawn: Sequence[Shape]) -> None:
            shaped = with_shapes(case, drawn)
            if law.speaks_of(shaped):
                law(shaped)

        on_drawn()

    return test


def with_shapes(case: Case, shapes: Sequence[Shape]) -> Case:
    """Return the case with these shapes for its array arguments, in turn; a case without arguments gets them."""
    args = case.args or [A() for _ in shapes]
    arrays = [i for i, a in enumerate(args) if isinstance(a, Argument)]
    if len(arrays) != len(shapes):
        raise ArgumentError(f"op_test: {len(shapes)} shapes for {len(arrays)} array arguments of {case.name}")
    shaped = list(args)
    for i, shape in zip(arrays, shapes, strict=True):
        shaped[i] = replace(args[i], shape=tuple(shape))
    return replace(case, args=shaped)


def _parametrized(test: OpTest, make: Maker, case: Case, laws: Sequence[OpLaw]) -> OpTest:
    """Return the test under the name and place of `make`, with pytest's mark that runs it once per law."""
    import pytest

    def run(law: OpLaw, case: Case) -> None:
        test(law, case)

    run.__name__, run.__qualname__, run.__module__, run.__doc__ = (
        make.__name__, make.__qualname__, make.__module__, make.__doc__,
    )  # fmt: skip
    run.op_test = (test, case, laws)  # type: ignore[attr-defined]  # read by `pytest --gradcheck`
    pairs = [(law, case) for law in laws]
    marked: OpTest = pytest.mark.parametrize(("law", "case"), pairs, ids=[law.__name__ for law in laws])(run)
    return marked
