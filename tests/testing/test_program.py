"""A program computes the same on the engine, on NumPy, and as the text that it prints."""

import numpy as np
import pytest
from hypothesis import given

from minigrad import Tensor
from minigrad.testing.program import OPS, Program, Step, source_of
from minigrad.testing.strategies import programs

X = np.array([0.5, -1.0])
DIAMOND = Program((X,), (Step("mul", (0, 0)), Step("add", (1, 1)), Step("index", (2,), slice(None, None, -1))), np.array([1.0, 3.0]))


def test_values_and_gradients_agree_with_those_worked_out_by_hand():
    np.testing.assert_array_equal(DIAMOND.value(), [2.0, 0.5])
    np.testing.assert_array_equal(DIAMOND(Tensor(X)).numpy(), [2.0, 0.5])
    np.testing.assert_allclose(DIAMOND.gradients(), [[3 * 4 * 0.5, 4 * -1.0]])
    np.testing.assert_allclose(DIAMOND.true_gradients(), [[6.0, -4.0]], rtol=1e-15)
    np.testing.assert_allclose(DIAMOND.slope([np.array([1.0, 0.0])]), [0.0, 2.0], rtol=1e-15)


def test_the_slope_is_exact_where_differences_are_not():
    program = Program((np.array(0.7),), (Step("tanh", (0,)), Step("sin", (1,))), np.array(1.0))
    expected = np.cos(np.tanh(0.7)) * (1 - np.tanh(0.7) ** 2)
    assert program.slope([np.array(1.0)]) == pytest.approx(expected, rel=4e-16)


def test_a_detached_value_has_no_slope():
    program = Program((X,), (Step("detach", (0,)), Step("mul", (0, 1))), np.array([1.0, 2.0]))
    np.testing.assert_array_equal(program.true_gradients(), [[0.5, -2.0]])
    np.testing.assert_array_equal(program.gradients(), [[0.5, -2.0]])


def test_an_input_without_influence_has_a_gradient_of_zeros():
    program = Program((X, np.ones((1, 2))), (Step("detach", (0,)),), X)
    assert [g.tolist() for g in program.gradients()] == [[0, 0], [[0, 0]]]
    assert [g.tolist() for g in program.true_gradients()] == [[0, 0], [[0, 0]]]


@given(programs())
def test_the_printed_program_runs_and_computes_the_same(program):
    source, _, shown = program.source().rpartition("\nprint(")
    if program(*(Tensor(x, requires_grad=True) for x in program.inputs)).requires_grad:
        names = {}
        exec(source, names)
        for i, expected in enumerate(program.gradients()):
            got = names[f"x{i}"].grad
            np.testing.assert_array_equal(np.zeros(expected.shape) if got is None else got.numpy(), expected)
    assert shown.startswith("x0.grad")


def test_a_program_prints_as_code_to_paste():
    assert repr(DIAMOND) == (
        "Program of 3 steps:\n\n"
        "import numpy as np\n"
        "import minigrad\n\n"
        'x0 = minigrad.tensor(np.array([0.5, -1.0], "float64"), requires_grad=True)\n'
        "v1 = x0 * x0\n"
        "v2 = v1 + v1\n"
        "v3 = v2[slice(None, None, -1)]\n"
        'v3.backward(minigrad.tensor(np.array([1.0, 3.0], "float64")))\n'
        "print(x0.grad)\n"
    )


@pytest.mark.parametrize("value", [
    3, None, ..., slice(1, None, -2), (0, ..., None), (slice(None),), (), np.array([[1, 0]]), np.array([True, False]),
    np.zeros((0, 2), np.int64), (np.array([0]), slice(2)),
], ids=str)  # fmt: skip
def test_the_source_of_a_value_makes_the_value(value):
    made = eval(source_of(value), {"np": np})
    for a, b in zip(made if isinstance(made, tuple) else [made], value if isinstance(value, tuple) else [value], strict=True):
        assert type(a) is type(b) and np.array_equal(a, b) and getattr(a, "dtype", None) == getattr(b, "dtype", None)


def test_every_op_has_a_text_with_as_many_operands_as_it_takes():
    for op in OPS.values():
        operands = 2 if "{1}" in op.text else 1
        assert op.compute.__code__.co_argcount == 1 + operands + ("{option}" in op.text)
