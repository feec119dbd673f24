import numpy as np
import pytest

import minigrad
from minigrad import ops
from minigrad.errors import DtypeError, ShapeError
from tests.ops.laws import *

RNG = np.random.default_rng(0)


def added(product):
    return lambda c, x, w, beta=1, alpha=1: beta * c + alpha * product(x, w)


SCALED = {"beta": -0.5, "alpha": 3}
CASES = [
    *[Case("matmul", ops.matmul, np.matmul, list(p)) for p in [
        (A(3, 4), A(4, 2)), (A(4), A(4)), (A(4), A(4, 2)), (A(3, 4), A(4)), (A(2, 3, 4), A(4, 5)), (A(4), A(2, 4, 3)),
        (A(2, 3, 4), A(4)), (A(3, 4), A(2, 4, 5)), (A(2, 3, 4), A(2, 4, 1)), (A(2, 1, 3, 4), A(5, 4, 2)),
        (A(3, 3), A(3, 3)), (A(1, 3), A(3)),
        (A(1, 3, 4), A(2, 4, 5)), (A(2, 3, 0), A(0, 4)), (A(0, 4), A(4, 3)), (A(0, 3, 4), A(4, 2)), (A(0), A(0)),
    ]],
    Case("mm", ops.mm, np.matmul, [A(3, 4), A(4, 2)]),
    Case("bmm", ops.bmm, np.matmul, [A(2, 3, 4), A(2, 4, 5)]),
    Case("mv", ops.mv, np.matmul, [A(3, 4), A(4)]),
    Case("dot", ops.dot, np.dot, [A(5), A(5)]),
    Case("vdot", ops.vdot, np.dot, [A(5), A(5)]),
    *[Case("inner", ops.inner, np.inner, list(p)) for p in [
        (A(4), A(4)), (A(2, 3, 4), A(5, 4)), (A(3, 4), A(4)), (A(), A(3)), (A(2, 0), A(3, 0)),
    ]],
    Case("outer", ops.outer, np.outer, [A(3), A(4)]),
    Case("outer", ops.outer, np.outer, [A(0), A(4)]),
    Case("ger", ops.ger, np.outer, [A(3), A(4)]),
    *[Case("kron", ops.kron, np.kron, list(p)) for p in [(A(2, 3), A(3, 2)), (A(3), A(2, 2)), (A(2, 1, 3), A(2)), (A(), A(3))]],
    *[Case("addmm", ops.addmm, added(np.matmul), [c, A(3, 4), A(4, 2)], k)
      for c, k in [(A(3, 2), {}), (A(2), SCALED), (A(3, 1), {"beta": 0}), (A(), {"alpha": 0})]],
    Case("addmv", ops.addmv, added(np.matmul), [A(3), A(3, 4), A(4)], SCALED),
    Case("addr", ops.addr, added(np.outer), [A(4), A(3), A(4)], SCALED),
    Case("baddbmm", ops.baddbmm, added(np.matmul), [A(2, 3, 5), A(2, 3, 4), A(2, 4, 5)], SCALED),
    Case("baddbmm", ops.baddbmm, added(np.matmul), [A(3, 1), A(2, 3, 4), A(2, 4, 5)]),
    Case("addbmm", ops.addbmm, added(lambda x, w: (x @ w).sum(0)), [A(3, 5), A(2, 3, 4), A(2, 4, 5)], SCALED),
]  # fmt: skip


def test_integers_multiply_as_integers():
    x = minigrad.tensor([[1, 2], [3, 4]])
    assert (x @ x).tolist() == [[7, 10], [15, 22]] and (x @ x).dtype == minigrad.int64


def test_beta_zero_hides_a_nan_in_the_summand():
    c = minigrad.tensor([np.nan, np.inf], requires_grad=True)
    y = ops.addmm(c, minigrad.ones(2, 3), minigrad.ones(3, 2), beta=0)
    y.sum().backward()
    assert y.tolist() == [[3, 3], [3, 3]] and c.grad.tolist() == [0, 0]


def test_unequal_inner_sizes_are_named():
    with pytest.raises(ShapeError) as caught:
        ops.matmul(minigrad.ones(2, 5, 3, 4), minigrad.ones(3, 2))
    assert str(caught.value) == (
        "matmul: K is 4 in input but 3 in other\n"
        "  input (..., T, K) = (2, 5, 3, 4)\n"
        "  other (K, M) = (3, 2)\n"
        "Hint: transpose one operand with .mT"
    )


@pytest.mark.parametrize(
    ("op", "shapes", "first_line"),
    [
        (ops.matmul, [(), (3,)], r"matmul: needs at least 1 axis, got shapes \(\) and \(3,\)"),
        (ops.matmul, [(2, 3, 4), (3, 4, 5)], r"matmul: shapes \(2,\) and \(3,\) do not broadcast"),
        (ops.mm, [(2, 3), (2, 3)], "mm: K is 3 in input but 2 in mat2"),
        (ops.mm, [(1, 2, 3), (3, 2)], "mm: input needs 2 axes, has 3"),
        (ops.bmm, [(2, 3, 4), (1, 4, 5)], "bmm: B is 2 in input but 1 in mat2"),
        (ops.mv, [(2, 3), (2,)], "mv: K is 3 in input but 2 in vec"),
        (ops.dot, [(3,), (4,)], "dot: K is 3 in input but 4 in tensor"),
        (ops.dot, [(3, 1), (3,)], "dot: input needs 1 axes, has 2"),
        (ops.inner, [(2, 3), (3, 2)], "inner: K is 3 in input but 2 in other"),
        (ops.outer, [(2, 3), (3,)], "outer: input needs 1 axes, has 2"),
        (ops.addmm, [(2, 2), (2, 3), (2, 2)], "addmm: K is 3 in mat1 but 2 in mat2"),
        (ops.addmm, [(4, 2), (2, 3), (3, 2)], r"addmm: shapes \(4, 2\) and \(2, 2\) do not broadcast"),
        (ops.addmm, [(5, 2, 2), (2, 3), (3, 2)], r"addmm: input has shape \(5, 2, 2\), which does not broadcast to"),
    ],
)
def test_shapes_that_do_not_fit_are_explained(op, shapes, first_line):
    with pytest.raises(ShapeError, match=first_line):
        op(*(minigrad.ones(*s) if s else minigrad.tensor(1.0) for s in shapes))


def test_two_dtypes_are_not_multiplied_silently():
    with pytest.raises(DtypeError, match="mm: input is float32 but mat2 is float64\nHint"):
        ops.mm(minigrad.ones(2, 2), minigrad.ones(2, 2, dtype="float64"))


def test_a_product_with_a_list_says_how_to_wrap_it():
    with pytest.raises(DtypeError, match="matmul: other must be a tensor, got list"):
        ops.matmul(minigrad.ones(2), [1.0, 2.0])


def test_the_methods_are_the_ops():
    x, v = minigrad.tensor(RNG.normal(size=(3, 3))), minigrad.tensor(RNG.normal(size=3))
    for name, other in [("mm", x), ("matmul", v), ("mv", v), ("inner", x), ("kron", x)]:
        np.testing.assert_array_equal(getattr(x, name)(other).numpy(), getattr(ops, name)(x, other).numpy())
    np.testing.assert_array_equal((x @ v).numpy(), x.numpy() @ v.numpy())
