import numpy as np
import pytest

import minigrad
from minigrad import Tensor, errors, ops
from tests.ops.laws import *


def listed(op, **kwargs):
    """Return the op as a function of several tensors instead of a list of them."""
    return lambda *xs: op(list(xs), **kwargs)


def joined(axis):
    return lambda *xs: np.concatenate(xs, axis)


def piled(axis):
    return lambda *xs: np.stack(xs, axis)


CASES = [
    *[Case(name, listed(op, dim=dim), joined(dim), [A(*s) for s in shapes]) for name, op in [
        ("cat", ops.cat), ("concat", ops.concat), ("concatenate", ops.concatenate)] for dim, shapes in [
        (0, [(2, 3), (1, 3)]), (-1, [(2, 3), (2, 1), (2, 2)]), (1, [(2, 3, 2), (2, 1, 2)]), (0, [(3,), (2,)])]],
    *[Case("cat", listed(ops.cat, dim=dim), joined(dim), [A(*s) for s in shapes]) for dim, shapes in [
        (0, [(2, 3)]), (0, [(0, 3), (2, 3)]), (1, [(0, 3), (0, 2)]), (0, [(0,), (0,)])]],
    *[Case("stack", listed(ops.stack, dim=dim), piled(dim), [A(*s)] * 3) for dim, s in [
        (0, (2, 3)), (1, (2, 3)), (-1, (2, 3)), (0, ()), (-1, ()), (1, (0, 2))]],
    *[Case("hstack", listed(ops.hstack), lambda *xs: np.hstack(xs), [A(*s) for s in shapes]) for shapes in [
        [(2,), (3,)], [(2, 1), (2, 3)], [(), (2,)], [(2, 1, 3), (2, 2, 3)]]],
    *[Case("vstack", listed(ops.vstack), lambda *xs: np.vstack(xs), [A(*s) for s in shapes]) for shapes in [
        [(2,), (2,)], [(1, 3), (2, 3)], [(3,), (2, 3)], [(), (1,)]]],
    *[Case("dstack", listed(ops.dstack), lambda *xs: np.dstack(xs), [A(*s) for s in shapes]) for shapes in [
        [(2,), (2,)], [(2, 3), (2, 3)], [(2, 3, 1), (2, 3, 2)], [(), ()]]],
]  # fmt: skip

X = minigrad.zeros(2, 3)


def test_the_same_tensor_may_be_joined_with_itself():
    x = Tensor([1.0, 2.0], requires_grad=True)
    ops.cat([x, x]).backward(Tensor([1.0, 10.0, 100.0, 1000.0]))
    assert x.grad.tolist() == [101, 1010]


def test_empty_vectors_are_left_out():
    assert ops.cat([minigrad.zeros(0), X, minigrad.zeros(0)], 1).shape == (2, 3)


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [(["float32", "float64"], "float64"), (["int64", "float32"], "float32"), (["bool", "int32"], "int32"), (["float16"] * 2, "float16")],
)
def test_the_result_has_the_dtype_that_all_promote_to(kinds, expected):
    assert ops.cat([minigrad.ones(2, dtype=k) for k in kinds]).dtype == expected
    assert ops.stack([minigrad.ones(2, dtype=k) for k in kinds]).dtype == expected


def test_every_input_gets_its_gradient_in_its_own_dtype():
    a, b = minigrad.ones(2, requires_grad=True), minigrad.ones(1, dtype="float64", requires_grad=True)
    ops.cat([a, b]).backward(Tensor([1.0, 2.0, 3.0], dtype="float64"))
    assert (a.grad.dtype, a.grad.tolist(), b.grad.dtype, b.grad.tolist()) == ("float32", [1, 2], "float64", [3])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ops.cat([]), errors.ArgumentError, "cat: needs at least one tensor, the list is empty"),
        (lambda: ops.cat(X), errors.DtypeError, "cat: needs a list or tuple of tensors, got Tensor"),
        (lambda: ops.cat([X, 1]), errors.DtypeError, "cat: tensor 1 must be a tensor, got int"),
        (lambda: ops.cat([minigrad.tensor(1.0)]), errors.ShapeError, "cat: tensor 0 has no axes to join along\nHint: use stack"),
        (lambda: ops.cat([X, X, X[0]]), errors.ShapeError, r"tensor 0 and tensor 2 do not\n  tensor 0: \(2, 3\)\n  tensor 2: \(3,\)"),
        (lambda: ops.cat([X, X.mT]), errors.ShapeError, r"cat: shapes must agree but for dim 0.*\n.*\n  tensor 1: \(3, 2\)"),
        (lambda: ops.cat([X, X], 2), errors.AxisError, r"cat: dim 2 is outside \[-2, 1\]"),
        (lambda: ops.stack([]), errors.ArgumentError, "stack: needs at least one tensor"),
        (lambda: ops.stack([X, X[0]]), errors.ShapeError, r"stack: shapes must be equal.*\n  tensor 0: \(2, 3\)\n  tensor 1: \(3,\)"),
        (lambda: ops.stack([X, X], 3), errors.AxisError, r"stack: dim 3 is outside \[-3, 2\]"),
        (lambda: ops.vstack([X, X[:, :2]]), errors.ShapeError, "cat: shapes must agree but for dim 0"),
    ],
)
def test_tensors_that_do_not_fit_together_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
