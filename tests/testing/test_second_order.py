"""The vjp is checked as a function, and its derivative by x is symmetric (rule 10)."""

import numpy as np
import pytest

from minigrad import Tensor, nn
from minigrad.autograd import record
from minigrad.errors import ArgumentError
from minigrad.testing import gradgradcheck
from minigrad.testing.adapters.choose import subject_for
from minigrad.testing.examine import Check
from minigrad.testing.flaws import Flaw
from minigrad.testing.second_order import SecondOrder, check_symmetry
from minigrad.testing.settings import Settings

X = np.random.default_rng(0).normal(size=(2, 3))


def second(f, *inputs):
    vjp = SecondOrder(subject_for("gradgradcheck", f, inputs))
    vjp.prepare()
    return vjp


def test_the_inputs_of_the_vjp_are_the_inputs_and_the_cotangents_by_name():
    assert second(lambda x, w: x * w, X, X).names == ["x", "w", "dy"]
    assert second(lambda x: (x, x.sum()), X).names == ["x", "dy0", "dy1"]
    assert second(nn.Linear(3, 2), X).names == ["input", "weight", "bias", "dy"]


def test_the_value_of_the_vjp_is_the_gradient():
    vjp = second(lambda x: x**3, X)
    np.testing.assert_allclose(vjp.evaluate(vjp.arrays), (3 * X**2 * vjp.arrays[1]).reshape(-1))
    np.testing.assert_allclose(vjp.forward(vjp.arrays).outputs[0], 3 * X**2 * vjp.arrays[1])


def test_a_function_without_a_path_has_a_vjp_of_zeros():
    vjp = second(lambda x: Tensor(np.ones(3)), X)
    np.testing.assert_array_equal(vjp.evaluate(vjp.arrays), np.zeros(6))


def test_numpy_functions_are_refused():
    with pytest.raises(ArgumentError, match=r"gradgradcheck: second derivatives need minigrad's tape[^\n]*\nHint: write it with minigrad's ops"):
        gradgradcheck((np.exp, lambda dy, x: dy * np.exp(x)), X)


def half_detached(x, w):
    """x w with a rule for x that takes w for a constant: H is not symmetric."""
    return record("mul", x.array * w.array, (x, lambda dy, _: dy * w.detach()), (w, lambda dy, _: dy * x))


def test_a_hessian_that_is_not_symmetric_is_told_without_differences():
    check = Check(second(half_detached, X, X + 1), Settings("gradgradcheck"))
    from minigrad.testing.point import Point

    check.point = Point(check.subject, check.subject.arrays)
    with pytest.raises(Flaw, match=r"⟨w, H u⟩ = .* and ⟨u, H w⟩ = .* symmetric") as raised:
        check_symmetry(check)
    assert raised.value.guesses[0].code == "asymmetric-hessian"
    check.subject = second(lambda x, w: x * w, X, X + 1)
    check.point = Point(check.subject, check.subject.arrays)
    check_symmetry(check)


def test_the_check_finds_it_by_differences_first():
    report = gradgradcheck(half_detached, X, X + 1, raise_exception=False)
    assert not report and report.kind == "value"
