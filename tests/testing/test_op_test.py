"""One line holds an op to every law: on one call, or on drawn shapes."""

import numpy as np
import pytest

import minigrad
from minigrad import ops
from minigrad.autograd import record
from minigrad.errors import ArgumentError, GradientError, LawError
from minigrad.testing.cases import A, Case
from minigrad.testing.op_laws import LAWS, laws_for
from minigrad.testing.op_test import op_test, parameters, with_shapes
from minigrad.testing.strategies import broadcastable, matmul_shapes


@op_test(np.tanh, A(2, 3))
def test_tanh():
    return minigrad.tanh


@op_test(lambda x, dim: x.sum(dim), A(2, 3), kwargs={"dim": 1})
def test_sum():
    return ops.sum


@op_test(np.hypot, A(away_from=(0.0,), gap=0.3), A(away_from=(0.0,), gap=0.3), shapes=broadcastable(2))
def test_hypot_of_any_shapes():
    return ops.hypot


@op_test(np.matmul, shapes=matmul_shapes(), examples=10)
def test_matmul_of_any_shapes():
    return minigrad.matmul


@op_test(np.less, A(3), A(2, 3), differentiable=False)
def test_less():
    return minigrad.lt


def wrong_mul(a, b):
    """Multiply, with a gradient of b that forgets the axes of size 1."""
    def d_b(dy, _):
        dx = dy * a
        return dx.sum(tuple(range(dx.ndim - b.ndim))) if dx.ndim > b.ndim else dx

    return record("wrong_mul", a.array * b.array, (a, lambda dy, _: (dy * b).sum_to_size(a.shape)), (b, d_b))


def law_named(name):
    return next(law for law in LAWS if law.__name__ == name)


def test_a_failure_on_drawn_shapes_is_shrunk_to_the_smallest():
    @op_test(np.multiply, shapes=broadcastable(2), examples=100)
    def test_mul():
        return wrong_mul

    check, case, _ = test_mul.op_test
    with pytest.raises(GradientError, match="a gradient of shape") as error:
        check(law_named("first_derivatives_agree_with_differences"), case)
    assert "drawn=((2,), (1,))" in "".join(error.value.__notes__)


def test_laws_that_do_not_speak_of_a_case_make_no_tests():
    assert test_less.op_test[2] == laws_for(test_less.op_test[1])
    assert len(test_less.op_test[2]) < len(LAWS) == len(test_matmul_of_any_shapes.op_test[2])


def test_the_test_keeps_the_name_and_place_of_what_it_decorates():
    assert test_tanh.__name__ == "test_tanh" and test_tanh.__module__ == __name__
    assert test_tanh.op_test[1].id == "tanh([2,3])"


def test_cases_in_a_list_become_one_test_per_law():
    cases = [Case("tanh", minigrad.tanh, np.tanh, [A(2)]), Case("lt", minigrad.lt, np.less, [A(2), 1.0], differentiable=False)]
    found = parameters(cases)
    assert found["argnames"] == ("law", "case") and len(found["ids"]) == len(found["argvalues"])
    assert found["ids"][0] == "tanh([2])-values_agree_with_the_reference"
    assert [case for _, case in found["argvalues"]].count(cases[1]) == len(laws_for(cases[1]))


def test_shapes_go_to_the_array_arguments_in_turn():
    case = with_shapes(Case("mul", minigrad.mul, np.multiply, [A(low=1.0), 2.0, A()]), ((2,), (3, 1)))
    assert case.args[0].shape == (2,) and case.args[0].low == 1.0 and case.args[1:] == [2.0, A(3, 1)]
    with pytest.raises(ArgumentError, match="op_test: 2 shapes for 1 array arguments of mul"):
        with_shapes(Case("mul", minigrad.mul, np.multiply, [A(), 2.0]), ((), ()))


def test_a_law_that_is_broken_says_so():
    @op_test(np.sin, A(2))
    def test_cos():
        return minigrad.cos

    check, case, laws = test_cos.op_test
    with pytest.raises(LawError, match=r"^cos: the value"):
        check(laws[0], case)
