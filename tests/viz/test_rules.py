"""Formulas in pictures are those of the docstrings, each with its own input."""

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, ops
from minigrad.viz.rules import forward_formula, rule_formula


def leaf(*shape):
    return Tensor(np.random.default_rng(1).random(shape) + 0.5, requires_grad=True)


def formulas(y):
    edges = list(y.edges)
    return [rule_formula(y.op, rule, i, len(edges)) for i, (_, rule) in enumerate(edges)]


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (lambda: leaf() * leaf(), ["dx = dz · y", "dy = dz · x"]),
        (lambda: leaf() / leaf(), ["dx = dz / y", "dy = -dz · x / y²"]),
        (lambda: leaf(2) ** leaf(2), ["dx = dz · y x^(y-1)", "dy = dz · z ln x"]),
        (lambda: leaf(2, 3) @ leaf(3, 2), ["dx = dy wᵀ", "dw = xᵀ dy"]),
        (lambda: leaf(3).exp(), ["dx = dy · y"]),
        (lambda: leaf(3).softmax(0), ["dx = y · (dy - Σ_j dy_j y_j)"]),
        (lambda: leaf(3).mean(), ["dx_i = dy / n"]),
    ],
)  # fmt: skip
def test_every_input_gets_its_own_clause(result, expected):
    assert formulas(result()) == expected


def test_a_clause_stays_with_its_input_when_the_other_inputs_need_no_gradient():
    constant = Tensor(np.full((2, 2), 3.0))
    assert formulas(constant * leaf(2, 2)) == ["dy = dz · x"]
    assert formulas(constant @ leaf(2, 2)) == ["dw = xᵀ dy"]
    assert formulas(leaf(2) ** 2) == ["dx = dz · y x^(y-1)"]


def test_a_named_rule_among_unnamed_ones_takes_the_clause_of_its_name():
    assert formulas(ops.linear(leaf(2, 3), leaf(4, 3), leaf(4))) == ["dx = dy w", "dw = Σ_n dy_n x_nᵀ", "db = Σ_n dy_n"]
    assert formulas(ops.linear(leaf(2, 3).detach(), leaf(4, 3), leaf(4))) == ["dw = Σ_n dy_n x_nᵀ", "db = Σ_n dy_n"]


def test_a_rule_outside_its_op_is_found_by_the_name_of_the_op():
    assert formulas(leaf(3).relu())[0].startswith("dx = dy where x > 0")
    assert formulas(leaf(3).amax())[0].startswith("dx_i = dy / k where x_i is one of the k largest")


def test_what_an_op_computes_is_its_forward_field_or_its_first_line():
    assert forward_formula("softmax") == "y_i = exp(x_i - m) / Σ_j exp(x_j - m),   m = max x"
    assert forward_formula("tanh").startswith("y = (eˣ - e⁻ˣ)")
    assert forward_formula("reshape").startswith("Read the elements in row-major order")


def test_ops_without_a_docstring_have_no_formula():
    assert forward_formula("no_such_op") == "" and forward_formula("__name__") == ""
    assert rule_formula("no_such_op", lambda dy, _: dy) == ""


def test_a_users_own_op_is_described_by_its_own_docstring():
    def twice(x):
        """Twice: y = 2 x."""
        return minigrad.record("twice", 2 * x.array, (x, lambda dy, _: 2 * dy))

    assert formulas(twice(leaf(2))) == [""]
    assert formulas(halve(leaf(2))) == ["dx = dy / 2"]


def halve(x):
    """Halve: y = x / 2.

    Backward  dx = dy / 2
    """
    return minigrad.record("halve", x.array / 2, (x, lambda dy, _: dy / 2))
