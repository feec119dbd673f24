"""What every op is held to: one law per function, each for one case.

`LAWS` lists them all; `laws_for(case)` those that have something to say of a case. minigrad's own ops and the ops that
you write obey the same list.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import func
from ..backend import kernels
from ..errors import LawError, MinigradError
from ..ops import from_numpy
from ..tensor import Tensor
from .cases import Argument, Case, Shape
from .compare import NumpyArray, arrays_of, check_close, floating, several
from .gradcheck import gradcheck, gradgradcheck
from .layouts import scrambled

Change = Callable[[NumpyArray], NumpyArray]


@dataclass(frozen=True)
class OpLaw:
    """A law, and the cases that it speaks of."""

    check: Callable[[Case], None]
    speaks_of: Callable[[Case], bool]

    @property
    def __name__(self) -> str:
        return self.check.__name__

    def __call__(self, case: Case) -> None:
        """Hold `case` to the law."""
        self.check(case)


def _has_gradient(case: Case) -> bool:
    return case.differentiable and bool(case.floating())


def _has_two_gradients(case: Case) -> bool:
    return _has_gradient(case) and case.order > 1


def _has_arrays(case: Case) -> bool:
    return any(isinstance(a, Argument) for a in case.args)


def _is_elementwise(case: Case) -> bool:
    """Say whether NumPy itself calls the reference an elementwise function of several arguments."""
    elementwise = isinstance(case.reference, np.ufunc) and case.reference.signature is None
    return elementwise and not case.kwargs and len(case.args) > 1 and _has_gradient(case)


def _leaves(case: Case, args: list[Any], change: Change = np.array, dtype: str = "float64") -> list[Any]:
    """Return `args` as tensors on the memory that `change` lays out; those that are differentiated are leaves."""
    floats = case.floating()
    xs = [from_numpy(change(a)) if isinstance(a, np.ndarray) else a for a in args]
    return [x.to(dtype).requires_grad_() if i in floats else x for i, x in enumerate(xs)]


def _pull(result: Any, change: Change = np.array) -> None:
    """Walk back from every floating output, with a random cotangent for each."""
    for k, y in enumerate(floating(result)):
        if y.requires_grad:
            dy = np.random.default_rng(k).normal(size=y.shape).astype(y.dtype)
            y.backward(from_numpy(change(dy)))


def _call_and_pull(
    case: Case, args: list[Any], change: Change = np.array, dtype: str = "float64"
) -> tuple[Any, list[Any]]:
    """Return the result of the case, and the gradients of its floating arguments, where there are any."""
    xs = _leaves(case, args, change, dtype)
    result = case.call(xs)
    _pull(result, change)
    return result, [x.grad for x in case.floats(xs) if x.grad is not None]


def values_agree_with_the_reference(case: Case) -> None:
    """The op computes what its reference says, and carries a gradient only if it has one."""
    args = case.draw()
    if case.reference is not None:
        check_close(case.name, "the value", case.on(args), case.reference(*args, **case.kwargs), case.rtol, 1e-12)
    if not case.differentiable:
        tracked = case.on(args, [Tensor(a, requires_grad=True) for a in case.floats(args)])
        if any(y.requires_grad for y in several(tracked) if isinstance(y, Tensor)):
            raise LawError(f"{case.name}: the case says differentiable=False, but the result requires a gradient")


def first_derivatives_agree_with_differences(case: Case) -> None:
    """Backward agrees with differences of the value."""
    args = case.draw(1)
    gradcheck(lambda *xs: case.on(args, xs), *case.floats(args), zero="allowed")


def second_derivatives_agree_with_differences(case: Case) -> None:
    """Backward through backward agrees with differences of the gradient."""
    args = case.draw(2)
    gradgradcheck(lambda *xs: case.on(args, xs), *case.floats(args), zero="allowed")


def forward_mode_is_the_adjoint_of_backward(case: Case) -> None:
    """⟨v, J t⟩ = ⟨vᵀ J, t⟩ for random v and t."""
    args, rng = case.draw(9), np.random.default_rng(10)
    primals = [Tensor(a) for a in case.floats(args)]
    tangents = [Tensor(rng.normal(size=x.shape)) for x in primals]

    def f(*xs: Tensor) -> list[Tensor]:
        return floating(case.on(args, xs))

    ys, pushed = func.jvp(f, primals, tangents)
    _, pull = func.vjp(f, *primals)
    vs = [Tensor(rng.normal(size=y.shape)) for y in ys]
    pulled = several(pull(*vs) if len(vs) > 1 else pull(vs))
    forward = sum(float((v * p).sum().item()) for v, p in zip(vs, pushed, strict=True))
    backward = sum(float((g * t).sum().item()) for g, t in zip(pulled, tangents, strict=True))
    check_close(case.name, "⟨v, J t⟩ beside ⟨vᵀ J, t⟩", forward, backward, 1e-8, 1e-9)


def float32_stays_float32(case: Case) -> None:
    """In float32 the op gives float32, its gradients too, and nearly the values of float64."""
    args = case.draw(3)
    xs = _leaves(case, args, dtype="float32")
    result = case.call(xs)
    check_close(f"{case.name} in float32", "the value", result, case.on(args), case.float32_rtol, 1e-4)
    _pull(result)
    for what, tensors in (("result", floating(result)), ("gradient", [x.grad for x in case.floats(xs)])):
        kinds = {str(y.dtype) for y in tensors if y is not None} if case.floating() else set()
        if kinds - {"float32"}:
            raise LawError(f"{case.name}: float32 arguments gave a {what} of {sorted(kinds)}")
    _check_shapes(case, case.floats(xs))


def _check_shapes(case: Case, xs: list[Tensor]) -> None:
    for i, x in enumerate(xs):
        if x.grad is not None and x.grad.shape != x.shape:
            got = x.grad.shape
            raise LawError(f"{case.name}: the gradient of floating argument {i} has shape {got}, not {x.shape}")


def _answers_or_refuses(case: Case) -> None:
    """Hold a case to this: the value of the reference, gradients of the right shape, or an error of ours."""
    args = case.draw(11)
    xs = [Tensor(a, requires_grad=True) for a in case.floats(args)]
    try:
        result = case.on(args, xs)
    except MinigradError:
        return
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = None if case.reference is None else case.reference(*args, **case.kwargs)
    except Exception:
        expected = None  # the reference does not know this input
    if expected is not None and case.general:
        check_close(case.name, "the value", result, expected, case.rtol, 1e-12)
    _pull(result)
    _check_shapes(case, xs)


def an_empty_axis_is_answered_or_refused_in_our_words(case: Case) -> None:
    """Arrays without elements give what the reference gives, or an error that minigrad raises on purpose."""
    longest = max(len(a.shape) for a in case.args if isinstance(a, Argument))
    for axis in range(longest):

        def emptied(shape: Shape, axis: int = axis) -> Shape:
            return (*shape[:axis], 0, *shape[axis + 1 :]) if axis < len(shape) else shape

        _answers_or_refuses(case.reshaped(emptied))


def no_axes_at_all_are_answered_or_refused_in_our_words(case: Case) -> None:
    """0-d arrays give what the reference gives, or an error that minigrad raises on purpose."""
    _answers_or_refuses(case.reshaped(lambda shape: ()))


def layout_of_the_inputs_does_not_matter(case: Case) -> None:
    """Values and gradients are the same, however inputs and cotangents lie in memory."""
    args = case.draw(5)
    (expected, plain), (result, odd) = _call_and_pull(case, args), _call_and_pull(case, args, scrambled)
    check_close(f"{case.name} on strided, reversed memory", "the value", result, expected, 1e-9, 1e-12)
    check_close(f"{case.name} on strided, reversed memory", "the gradient", odd, plain, 1e-9, 1e-12)


def inputs_are_left_as_they_were(case: Case) -> None:
    """Neither forward nor backward writes to its inputs or to the cotangent."""
    args = case.draw(6)
    before = [np.array(a) if isinstance(a, np.ndarray) else a for a in args]
    result = case.call(_leaves(case, args, lambda a: a))
    for y in several(result):
        if isinstance(y, Tensor) and y.requires_grad:
            dy = np.random.default_rng(7).normal(size=y.shape)
            kept = dy.copy()
            y.backward(from_numpy(dy))
            if not np.array_equal(dy, kept):
                raise LawError(f"{case.name}: backward wrote to the gradient that it was given")
    for i, (a, b) in enumerate(zip(args, before, strict=True)):
        if isinstance(a, np.ndarray) and not np.array_equal(a, b):
            raise LawError(f"{case.name}: argument {i} was written to")


def gradients_own_their_memory(case: Case) -> None:
    """No gradient is a view of another one, of an input, of the result or of the cotangent."""
    xs = _leaves(case, case.draw(12))
    result = case.call(xs)
    cotangents = [from_numpy(np.random.default_rng(k).normal(size=y.shape)) for k, y in enumerate(floating(result))]
    for y, dy in zip(floating(result), cotangents, strict=True):
        if y.requires_grad:
            y.backward(dy)
    gradients = [("another gradient", x.grad.array) for x in case.floats(xs) if x.grad is not None]
    others = [("an input", x.array) for x in xs if isinstance(x, Tensor)]
    others += [("the result", y) for y in arrays_of(result)] + [("the cotangent", dy.array) for dy in cotangents]
    pairs = itertools.chain(itertools.combinations(gradients, 2), itertools.product(gradients, others))
    for (_, g), (owner, other) in pairs:
        if np.shares_memory(g, other):
            raise LawError(f"{case.name}: a gradient shares its memory with {owner}\nHint: let the rule return a copy")


def every_implementation_agrees(case: Case) -> None:
    """Kernels and NumPy definitions give the same values and gradients."""
    for dtype, rtol, atol in (("float64", 1e-9, 1e-11), ("float32", case.float32_rtol, 1e-4)):
        args = case.draw(13)
        with kernels("reference"):
            expected, slow = _call_and_pull(case, args, dtype=dtype)
        with kernels("auto"):
            result, fast = _call_and_pull(case, args, dtype=dtype)
        check_close(f"{case.name}, kernel beside definition", "the value", result, expected, rtol, atol)
        check_close(f"{case.name}, kernel beside definition", "the gradient", fast, slow, rtol, atol)


def broadcasting_is_repeating(case: Case) -> None:
    """To broadcast an input is to repeat it, and its gradient is the sum over the copies."""
    args = case.draw(14)
    shape = np.broadcast_shapes(*(np.shape(a) for a in args))
    xs = _leaves(case, args)
    wide = [x.broadcast_to(shape) if isinstance(x, Tensor) else x for x in xs]
    twins = _leaves(case, args)
    for ys in (wide, twins):
        _pull(case.call(ys))
    got, expected = ([x.grad for x in case.floats(all_)] for all_ in (twins, xs))
    check_close(f"{case.name}, broadcast beside repeated", "the gradient", got, expected, 1e-10, 1e-12)


LAWS = (
    OpLaw(values_agree_with_the_reference, lambda case: True),
    OpLaw(first_derivatives_agree_with_differences, _has_gradient),
    OpLaw(second_derivatives_agree_with_differences, _has_two_gradients),
    OpLaw(forward_mode_is_the_adjoint_of_backward, _has_two_gradients),
    OpLaw(float32_stays_float32, lambda case: True),
    OpLaw(an_empty_axis_is_answered_or_refused_in_our_words, _has_arrays),
    OpLaw(no_axes_at_all_are_answered_or_refused_in_our_words, _has_arrays),
    OpLaw(layout_of_the_inputs_does_not_matter, lambda case: True),
    OpLaw(inputs_are_left_as_they_were, lambda case: True),
    OpLaw(gradients_own_their_memory, _has_gradient),
    OpLaw(every_implementation_agrees, lambda case: True),
    OpLaw(broadcasting_is_repeating, _is_elementwise),
)


def laws_for(case: Case) -> list[OpLaw]:
    """Return the laws that speak of `case`."""
    return [law for law in LAWS if law.speaks_of(case)]


def check_op(case: Case) -> None:
    """Hold one case to every law that speaks of it.

    Raises  GradientError, LawError among them, from the first law that is broken
    """
    for law in laws_for(case):
        law(case)
