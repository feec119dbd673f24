"""Laws of backward as a linear map: right functions and Modules pass, each wrong rule is found."""

import numpy as np
import pytest

import minigrad
from minigrad import nn
from minigrad.autograd import record
from minigrad.errors import ArgumentError, GradientError, LawError
from minigrad.testing.laws import check_adjoint, check_differences, check_linearity, check_symmetric_hessian

RNG = np.random.default_rng(0)
X = RNG.normal(size=(3, 4))
CHECKS = [check_adjoint, check_differences, check_linearity, check_symmetric_hessian]


def mlp():
    minigrad.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2))


def embedding_sum():
    minigrad.manual_seed(0)
    return nn.Sequential(nn.Embedding(5, 2), nn.Tanh())


def with_rule(rule):
    return lambda x: record("wrong", x.array**2, (x, lambda dy, _: rule(dy, x)))


def standardised(x):
    """Divide by the length, with a rule that takes the length for a constant."""
    length = (x**2).sum(1, keepdim=True).sqrt()
    return record("standardised", (x / length).array, (x, lambda dy, _: dy / length))


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize(("f", "xs"), [
    (minigrad.tanh, [X]), (lambda a, b: (a @ b, a.sum()), [X, X.T.copy()]), (mlp(), [X]), (embedding_sum(), [np.array([[1, 1], [0, 4]])]),
], ids=["op", "two inputs and outputs", "module", "module of integers"])  # fmt: skip
def test_right_functions_and_modules_obey(check, f, xs):
    check(f, *xs)


def test_a_wrong_factor_is_found_by_differences():
    with pytest.raises(GradientError, match="backward"):
        check_differences(with_rule(lambda dy, x: dy * x), X)


def test_a_rule_that_adds_a_constant_is_not_the_adjoint_of_forward_mode():
    with pytest.raises(LawError, match=r"adjoint of <lambda>: ⟨v, J t⟩ beside ⟨Jᵀ v, t⟩, shape \(\): 1 of 1"):
        check_adjoint(with_rule(lambda dy, x: 2 * dy * x + 1), X)


@pytest.mark.parametrize(("rule", "told"), [
    (lambda dy, x: 2 * x, r"vjp\(2v - 3w\) beside 2 vjp\(v\) - 3 vjp\(w\), by input"),  # ones in place of dy
    (lambda dy, x: 2 * x * dy * dy, r"vjp\(2v - 3w\)"),
    (lambda dy, x: dy.abs() * x, r"vjp\(2v - 3w\)"),
], ids=["the cotangent forgotten", "the cotangent squared", "the sign of the cotangent lost"])  # fmt: skip
def test_a_rule_that_is_not_linear_in_its_cotangent_is_found_without_differences(rule, told):
    with pytest.raises(LawError, match="linearity of the backward of <lambda>: " + told):
        check_linearity(with_rule(rule), X)


def test_a_rule_that_divides_by_its_cotangent_has_no_answer_to_zeros():
    with pytest.raises(LawError, match=r"linearity of the backward of <lambda>: vjp\(0\), by input.*got nan, expected 0"):
        check_linearity(with_rule(lambda dy, x: 2 * x * dy * dy / dy), X)


def test_a_statistic_taken_for_a_constant_makes_the_hessian_asymmetric():
    with pytest.raises(LawError, match=r"symmetry of the Hessian of standardised: ⟨u, H w⟩ beside ⟨w, H u⟩"):
        check_symmetric_hessian(standardised, X)


def test_the_parameters_of_a_module_are_checked_too():
    class Wrong(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(minigrad.ones(4))

        def forward(self, x):
            w = self.weight
            return record("wrong", x.array * w.array, (x, lambda dy, _: dy * w), (w, lambda dy, _: (dy * x).mean(0)))

    with pytest.raises(GradientError):
        check_differences(Wrong(), X)


def test_a_function_of_integers_cannot_be_checked():
    with pytest.raises(ArgumentError, match="no floating input or parameter"):
        check_adjoint(lambda i: i, np.array([1]))
