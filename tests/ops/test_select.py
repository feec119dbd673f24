import numpy as np
import pytest

import minigrad
from minigrad import errors, ops
from tests.ops.laws import *

MASK = {"dtype": "bool"}


def fill(x, mask, value):
    return np.where(mask, value, x)


CASES = [
    *[Case("where", ops.where, np.where, list(p)) for p in [
        (A(2, 3, **MASK), A(2, 3), A(2, 3)), (A(2, 3, **MASK), A(3), A(2, 1)), (A(3, **MASK), A(2, 3), A()),
        (A(2, 1, **MASK), A(), A(3)), (A(4, **MASK), A(4), 0.5), (A(4, **MASK), -1, A(4)), (A(**MASK), A(2), A(3, 1)),
        (A(0, 3, **MASK), A(3), A(0, 1)), (A(2, 3, **MASK), 1.5, -2)]],
    *[Case("masked_fill", ops.masked_fill, fill, list(p)) for p in [
        (A(2, 3), A(2, 3, **MASK), 0.5), (A(2, 3), A(3, **MASK), A()), (A(3), A(2, 1, **MASK), -1), (A(), A(2, **MASK), A()),
        (A(0, 3), A(3, **MASK), 7.0)]],
]  # fmt: skip


def test_a_condition_alone_gives_the_places_where_it_holds():
    x = minigrad.tensor([[3.0, 0.0, 5.0], [0.0, 0.0, 7.0]])
    rows, columns = ops.where(x > 2)
    assert rows.tolist() == [0, 0, 1] and columns.tolist() == [0, 2, 2]
    assert x[ops.where(x > 2)].tolist() == [3, 5, 7]


def test_one_branch_alone_is_an_error():
    with pytest.raises(errors.DtypeError, match="where: works on tensors, arrays and numbers, got NoneType"):
        ops.where(minigrad.tensor([True]), 1.0)


def test_the_branch_not_taken_gets_exactly_zero():
    c = minigrad.tensor([True, False])
    x, y = (minigrad.tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    ops.where(c, x, y).backward(minigrad.tensor([np.inf, np.nan]))
    np.testing.assert_array_equal(x.grad.numpy(), [np.inf, 0])
    np.testing.assert_array_equal(y.grad.numpy(), [0, np.nan])


def test_a_number_that_is_a_tensor_gets_the_sum_of_what_it_filled():
    x = minigrad.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    v = minigrad.tensor(9.0, requires_grad=True)
    x.masked_fill(minigrad.tensor([[True, False], [True, True]]), v).backward(minigrad.tensor([[1.0, 2.0], [3.0, 4.0]]))
    assert x.grad.tolist() == [[0, 2], [0, 0]] and v.grad.item() == 8 and v.grad.shape == ()


def test_the_method_keeps_its_tensor_where_the_condition_holds():
    x = minigrad.tensor([1.0, 2.0])
    assert x.where(minigrad.tensor([True, False]), 0.5).tolist() == [1, 0.5]


@pytest.mark.parametrize(
    ("x", "y", "dtype"),
    [(1, 2, "int64"), (1.0, 2, "float32"), (True, False, "bool"), (minigrad.tensor([1, 2]), 0.5, "float32"),
     (minigrad.tensor([1.0, 2.0], dtype="float64"), minigrad.tensor(1.0), "float64"),
     (minigrad.tensor([1.0, 2.0]), minigrad.tensor(1.0, dtype="float64"), "float32")],
)  # fmt: skip
def test_the_type_is_that_of_the_two_branches(x, y, dtype):
    assert ops.where(minigrad.tensor([True, False]), x, y).dtype == dtype


@pytest.mark.parametrize("op", [lambda c: ops.where(c, 1.0, 2.0), lambda c: minigrad.zeros(2).masked_fill(c, 1.0)])
@pytest.mark.parametrize(
    ("condition", "message"),
    [(minigrad.tensor([1, 0]), r"the condition must be bool, got int64\nHint: compare, as in x != 0"),
     ([True, False], r"the condition must be a tensor, got list\nHint: wrap it")],
)  # fmt: skip
def test_a_condition_must_be_a_bool_tensor(op, condition, message):
    with pytest.raises(errors.DtypeError, match=message):
        op(condition)


def test_shapes_that_do_not_broadcast_are_named():
    c = minigrad.tensor([True, False])
    with pytest.raises(errors.ShapeError, match=r"where: shapes \(2,\) and \(3,\) and \(\) do not broadcast, axis -1"):
        ops.where(c, minigrad.zeros(3), 0.0)
    with pytest.raises(errors.ShapeError, match=r"masked_fill: shapes \(3,\) and \(2,\) do not broadcast, axis -1 is 3 and 2"):
        minigrad.zeros(3).masked_fill(c, 0.0)


def test_masked_fill_keeps_the_type_of_its_tensor():
    m = minigrad.tensor([True, False])
    assert minigrad.tensor([1, 2]).masked_fill(m, 7.9).tolist() == [7, 2]
    assert minigrad.tensor([1, 2], dtype="uint8").masked_fill(m, 255).tolist() == [255, 2]
    assert minigrad.tensor([1, 2], dtype="uint8").masked_fill(m, 0).tolist() == [0, 2]
    assert minigrad.tensor([False, False]).masked_fill(m, 2).tolist() == [True, False]
    assert minigrad.tensor([1.0, 2.0]).masked_fill(m, minigrad.tensor(0.5, dtype="float64")).dtype == minigrad.float32
    assert minigrad.tensor([1.0, 2.0], dtype="float16").masked_fill(m, -np.inf).tolist() == [-np.inf, 2]


@pytest.mark.parametrize(
    ("dtype", "value", "limits"),
    [("uint8", -1, "0 to 255"), ("uint8", 256, "0 to 255"), ("int64", np.nan, "-9223372036854775808 to"),
     ("int8", -np.inf, "-128 to 127"), ("float16", -1e9, "-65504.0 to 65504.0"), ("float32", 10**400, "-3.4")],
)  # fmt: skip
def test_a_number_that_the_type_cannot_hold_is_refused(dtype, value, limits):
    with pytest.raises(errors.ArgumentError, match=rf"masked_fill: .* does not fit into {dtype}, which holds {limits}"):
        minigrad.zeros(2, dtype=dtype).masked_fill(minigrad.tensor([True, False]), value)


def test_masked_fill_puts_in_one_number_only():
    with pytest.raises(errors.ShapeError, match=r"value must be a number or a 0-d tensor, it has shape \(2,\)\nHint: choose"):
        minigrad.zeros(2).masked_fill(minigrad.tensor([True, False]), minigrad.zeros(2))


def test_filling_in_place_gives_the_same_values_and_gradients():
    x = minigrad.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    assert y.masked_fill_(minigrad.tensor([True, False]), -1.0) is y and y.tolist() == [-1, 6]
    y.backward(minigrad.tensor([5.0, 7.0]))
    assert x.grad.tolist() == [0, 21]
