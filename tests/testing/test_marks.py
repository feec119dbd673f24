"""What a module asks to have checked."""

from types import ModuleType

import numpy as np
import pytest

import minigrad
from minigrad import nn
from minigrad.autograd import record
from minigrad.errors import ArgumentError, GradientError
from minigrad.testing import A, gradchecked, op_test
from minigrad.testing.marks import checks_in


def module_of(**members):
    module = ModuleType("mine")
    for name, value in members.items():
        value.__module__ = "mine"
        setattr(module, name, value)
    return module


def found(**members):
    return dict(checks_in(module_of(**members)))


def right(x, y):
    return x.tanh() * y


def wrong(x):
    return record("wrong", x.array**2, (x, lambda dy, _: dy * x))


def constant_slope(x):
    return record("wrong", x.array**2, (x, lambda dy, _: dy * (2 * x).detach()))


def test_a_marked_function_is_found_by_name_and_checked():
    checks = found(right=gradchecked(A(2, 3), A(3))(right))
    assert list(checks) == ["right"]
    checks["right"]()


def test_a_wrong_gradient_is_the_verdict():
    with pytest.raises(GradientError):
        found(wrong=gradchecked(A(3))(wrong))["wrong"]()


def test_the_second_order_is_checked_if_asked_for():
    gradchecked(A(3))(constant_slope).gradchecks[0].check(constant_slope)
    with pytest.raises(GradientError):
        gradchecked(A(3), order=2)(constant_slope).gradchecks[-1].check(constant_slope)
    with pytest.raises(ArgumentError, match="gradchecked: order is 3; derivatives of order 1 or 2 can be checked"):
        gradchecked(A(3), order=3)


def test_each_mark_of_a_function_is_a_check_of_its_own():
    def twice(x):
        return x * 2

    checks = found(twice=gradchecked(A(2))(gradchecked(np.ones((2, 2)))(twice)))
    assert list(checks) == ["twice[0]", "twice[1]"]
    for check in checks.values():
        check()


def test_a_marked_module_is_made_and_its_parameters_are_checked():
    @gradchecked(A(4, 3))
    class Layer(nn.Linear):
        def __init__(self):
            super().__init__(3, 2)

    found(Layer=Layer)["Layer"]()

    @gradchecked(A(4, 3))
    class Wrong(Layer):
        def forward(self, x):
            w = self.weight
            return record("wrong", x.array @ w.array.T, (x, lambda dy, _: dy @ w), (w, lambda dy, _: dy.mT @ x * 2))

    with pytest.raises(GradientError):
        Wrong.gradchecks[-1].check(Wrong)


def test_a_module_without_a_mark_is_found_but_not_checked():
    class Unmarked(nn.Module):
        pass

    assert found(Unmarked=Unmarked) == {"Unmarked": None}


def test_an_op_test_is_found_law_by_law():
    def test_tanh():
        return minigrad.tanh

    checks = found(test_tanh=op_test(np.tanh, A(2))(test_tanh))
    assert "test_tanh[float32_stays_float32]" in checks and len(checks) > 8
    checks["test_tanh[float32_stays_float32]"]()


def test_what_is_imported_from_elsewhere_is_not_checked():
    module = ModuleType("mine")
    module.Linear, module.tanh, module.number = nn.Linear, minigrad.tanh, 3
    assert list(checks_in(module)) == []
