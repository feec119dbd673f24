"""Forward mode, backward mode and differences are three readings of one number."""

import numpy as np
import pytest

from minigrad import nn
from minigrad.autograd import record
from minigrad.errors import ArgumentError
from minigrad.testing import GradcheckError, check_jvp_vjp

X, W = np.random.default_rng(0).normal(size=(2, 3)), np.random.default_rng(1).normal(size=(3, 2))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("f, inputs", [(lambda x, w: (x @ w).tanh(), [X, W]), (lambda x: x.softmax(-1), [X]), (lambda x: (x.sin(), x.sum(0)), [X]),
                                       (nn.Linear(3, 2), [X]), (lambda x: x.relu(), [np.array([0.0, 1.0])])])  # fmt: skip
def test_right_rules_agree_in_both_directions(f, inputs, seed):
    report = check_jvp_vjp(f, *inputs, seed=seed)
    assert report and "⟨v, J t⟩ = " in str(report)


def test_a_wrong_value_disagrees_with_differences():
    with pytest.raises(GradcheckError, match="check_jvp_vjp: backward does not agree with differences: ⟨v, J t⟩ = "):
        check_jvp_vjp(lambda x: record("exp", np.exp(x.array), (x, lambda dy, y: 2 * dy * y)), X)


def test_a_rule_that_detaches_dy_has_a_wrong_forward_mode():
    f = lambda x: record("tripled", x.array * 3, (x, lambda dy, _: dy.detach() * 3))
    report = check_jvp_vjp(f, X, raise_exception=False)
    assert not report and report.diagnosis == ("not-adjoint",) and "forward mode is not the adjoint of backward" in str(report)


def test_one_input_may_be_chosen():
    f = lambda x, w: record("mm", x.array @ w.array, (x, lambda dy, _: dy @ w.t()), (w, lambda dy, _: 2 * x.t() @ dy))
    assert check_jvp_vjp(f, X, W, wrt="x")
    assert not check_jvp_vjp(f, X, W, wrt="w", raise_exception=False)


def test_numpy_functions_have_no_forward_mode():
    with pytest.raises(ArgumentError, match="check_jvp_vjp: second derivatives need minigrad's tape"):
        check_jvp_vjp((np.exp, lambda dy, x: dy * np.exp(x)), X)


def test_an_error_in_the_function_is_reported():
    report = check_jvp_vjp(lambda x: x.nothing, X, raise_exception=False)
    assert not report and report.kind == "raises" and "AttributeError" in report.sentence
