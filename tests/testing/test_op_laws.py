"""Every law finds an op that breaks it, and says what is wrong; right ops pass them all."""

import numpy as np
import pytest

from minigrad import Tensor, tanh
from minigrad.autograd import constant, record
from minigrad.backend import accelerable
from minigrad.errors import GradientError, LawError
from minigrad.testing.cases import A, Case
from minigrad.testing.op_laws import LAWS, check_op, gradients_own_their_memory, inputs_are_left_as_they_were, laws_for
from minigrad_kernels import registry


def op(forward, rule=lambda dy, _: dy):
    return lambda x: record("wrong", forward(x.array), (x, lambda dy, y: rule(dy, y)))


def halved_square(x):
    """Half of x², with an x as its gradient that forgets dy."""
    return record("wrong", x.array**2 / 2, (x, lambda dy, _: x))


def constant_slope(x):
    """Half of x², whose gradient has no gradient."""
    return record("wrong", x.array**2 / 2, (x, lambda dy, _: dy * x.detach()))


def scale_cotangent(dy, _):
    dy.array[...] *= 2
    return dy / 2.0


def overwrite(x):
    x.flags.writeable = True
    x += 1
    return x - 1


def add_with_mean(a, b):
    """A sum whose gradient averages over the axes that b was stretched along."""
    def d_b(dy, _):
        return dy if dy.ndim == b.ndim else dy.mean(0)

    return record("add", a.array + b.array, (a, lambda dy, _: dy), (b, d_b))


@accelerable
def doubled_loop(x):
    return 2 * x


# One op per law that breaks it, and what the law says.
WRONG = {
    "values_agree_with_the_reference": (Case("op", op(np.negative), np.positive, [A(2)]), "op: the value, shape (2,): 2 of 2 elements differ"),
    "first_derivatives_agree_with_differences": (Case("op", op(np.positive, lambda dy, _: dy * 2), None, [A(2)]), ""),
    "second_derivatives_agree_with_differences": (Case("op", constant_slope, None, [A(2)]), ""),
    "forward_mode_is_the_adjoint_of_backward": (Case("op", op(np.positive, lambda dy, _: dy + 1), None, [A(2)]), "⟨v, J t⟩ beside ⟨vᵀ J, t⟩"),
    "float32_stays_float32": (Case("op", op(np.float64), None, [A()]), "op: float32 arguments gave a result of ['float64']"),
    "an_empty_axis_is_answered_or_refused_in_our_words": (Case("op", op(lambda x: x - x.max()), None, [A(2)]), "zero-size array"),
    "no_axes_at_all_are_answered_or_refused_in_our_words": (Case("op", op(lambda x: x.swapaxes(0, 0)), None, [A(2)]), "axis1: axis 0 is out of bounds"),
    "layout_of_the_inputs_does_not_matter": (
        Case("op", op(lambda x: x.ravel("K"), lambda dy, _: dy.reshape(2, 3)), None, [A(2, 3)]), "op on strided, reversed memory: the value, shape (6,)",
    ),
    "inputs_are_left_as_they_were": (Case("op", op(overwrite), None, [A(2)]), "op: argument 0 was written to"),
    "gradients_own_their_memory": (Case("op", halved_square, None, [A(2)]), "op: a gradient shares its memory with an input"),
    "every_implementation_agrees": (Case("op", op(doubled_loop, lambda dy, _: dy * 2), None, [A(2)]), "op, kernel beside definition: the value"),
    "broadcasting_is_repeating": (Case("add", add_with_mean, np.add, [A(2, 3), A(3)]), "add, broadcast beside repeated: the gradient 1, shape (3,)"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def a_wrong_kernel(monkeypatch):
    found = registry.find
    monkeypatch.setattr(registry, "find", lambda name, device: np.negative if name == "doubled_loop" else found(name, device))


def test_every_law_has_an_op_that_breaks_it():
    assert {law.__name__ for law in LAWS} == set(WRONG)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_a_law_finds_the_op_that_breaks_it(law):
    case, told = WRONG[law.__name__]
    assert law.speaks_of(case)
    with pytest.raises((GradientError, ValueError)) as error:
        law(case)
    assert told in str(error.value)


def test_a_rule_that_writes_to_its_dy_is_found():
    case = Case("op", op(np.positive, scale_cotangent), None, [A(2)])
    with pytest.raises(LawError, match="op: backward wrote to the gradient that it was given"):
        inputs_are_left_as_they_were(case)


def test_a_gradient_where_the_case_says_there_is_none_is_found():
    case = Case("op", op(np.floor), np.floor, [A(2)], differentiable=False)
    with pytest.raises(LawError, match="differentiable=False, but the result requires a gradient"):
        check_op(case)


def test_a_rule_may_hand_on_its_cotangent():
    gradients_own_their_memory(Case("op", op(np.positive, lambda dy, _: constant(dy.array)), None, [A(2)]))


def test_a_right_op_obeys_every_law():
    check_op(Case("tanh", tanh, np.tanh, [A(2, 3)]))
    check_op(Case("mul", lambda a, b: a * b, np.multiply, [A(2, 3), A(3)]))


def test_a_law_is_held_only_to_the_cases_that_it_speaks_of():
    def named(case):
        return {law.__name__ for law in laws_for(case)}

    plain = Case("op", tanh, None, [A(2)])
    assert "broadcasting_is_repeating" not in named(plain) and "first_derivatives_agree_with_differences" in named(plain)
    assert not {n for n in named(Case("op", tanh, None, [A(2)], differentiable=False)) if "derivatives" in n or "own" in n}
    assert "second_derivatives_agree_with_differences" not in named(Case("op", tanh, None, [A(2)], order=1))
    assert "broadcasting_is_repeating" in named(Case("op", tanh, np.hypot, [A(2), 1.0]))
    assert "broadcasting_is_repeating" not in named(Case("op", tanh, np.matmul, [A(2, 2), A(2, 2)]))
    assert "no_axes_at_all_are_answered_or_refused_in_our_words" not in named(Case("op", lambda: Tensor([1.0]), None, []))
