"""Operators take tensors, arrays and numbers on either side, and refuse everything else."""

import operator

import numpy as np
import pytest

from minigrad import Tensor, ops
from minigrad.errors import DtypeError


def leaf(*values, dtype="float64"):
    return Tensor(np.array(values, dtype), requires_grad=True)


ARITHMETIC = [operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.pow]
COMPARISON = [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]
BITS = [operator.and_, operator.or_, operator.xor]
LEFT, RIGHT = np.array([[3.0, 1.5, 2.0], [0.5, 2.5, 4.0]]), np.array([2.0, 1.5, 0.7])


def same(op, got, expected):
    assert type(got) is Tensor, "an object array, or no tensor at all"
    assert got.dtype == expected.dtype and got.shape == expected.shape
    np.testing.assert_allclose(got.numpy(), expected, rtol=1e-12)


@pytest.mark.parametrize("op", ARITHMETIC + COMPARISON, ids=lambda op: op.__name__)
def test_every_operator_takes_a_tensor_an_array_or_a_number_on_either_side(op):
    x, y = Tensor(LEFT), Tensor(RIGHT)
    expected = op(LEFT, RIGHT)
    for left, right in [(x, y), (x, RIGHT), (LEFT, y)]:
        same(op, op(left, right), expected)
    for number in (1.5, 2, np.float64(1.5), np.array(1.5)):
        same(op, op(x, number), op(LEFT, number))
        same(op, op(number, x), op(number, LEFT))


@pytest.mark.parametrize("op", ARITHMETIC, ids=lambda op: op.__name__)
def test_the_gradient_of_an_operator_reaches_the_tensor_on_either_side_of_an_array(op):
    v = np.random.default_rng(3).normal(size=LEFT.shape)
    h = 1e-6
    for build, a in [(lambda t: op(t, RIGHT), LEFT), (lambda t: op(LEFT, t), RIGHT)]:
        x = Tensor(a, requires_grad=True)
        y = build(x)
        assert y.requires_grad
        y.backward(Tensor(v))
        expected = np.zeros(a.shape)
        for place in np.ndindex(a.shape):
            step = np.zeros(a.shape)
            step[place] = h
            if op is not operator.floordiv:
                expected[place] = (v * (np.asarray(build(a + step)) - np.asarray(build(a - step)))).sum() / (2 * h)
        if op is not operator.mod:  # a quotient that is a whole number is a jump of the remainder
            np.testing.assert_allclose(x.grad.numpy(), expected, rtol=1e-6, atol=1e-8)


def test_the_gradient_of_a_remainder_reaches_both_sides():
    v = np.random.default_rng(4).normal(size=3)
    a, b = np.array([5.0, -7.0, 3.3]), np.array([3.0, 2.0, -0.9])
    x, y = Tensor(a, requires_grad=True), Tensor(b, requires_grad=True)
    (x % y).backward(Tensor(v))
    np.testing.assert_allclose(x.grad.numpy(), v)
    np.testing.assert_allclose(y.grad.numpy(), -v * np.floor(a / b))


def test_matrix_products_take_arrays_on_either_side():
    a, b = np.random.default_rng(5).normal(size=(2, 3)), np.random.default_rng(6).normal(size=(3, 4))
    for left, right in [(Tensor(a), Tensor(b)), (Tensor(a), b), (a, Tensor(b))]:
        same(operator.matmul, left @ right, a @ b)
    x = Tensor(b, requires_grad=True)
    v = np.random.default_rng(7).normal(size=(2, 4))
    (a @ x).backward(Tensor(v))
    np.testing.assert_allclose(x.grad.numpy(), a.T @ v)
    x @= np.eye(4)
    assert type(x) is Tensor and x.shape == (3, 4)


@pytest.mark.parametrize("op", BITS, ids=lambda op: op.__name__)
@pytest.mark.parametrize("dtype", ["bool", "int64", "uint8"])
def test_bit_operators_take_arrays_and_numbers_on_either_side(op, dtype):
    a, b = np.array([0, 1, 2, 3]).astype(dtype), np.array([1, 3, 0, 1]).astype(dtype)
    expected = op(a, b)
    for left, right in [(Tensor(a), Tensor(b)), (Tensor(a), b), (a, Tensor(b))]:
        same(op, op(left, right), expected)
    one = True if dtype == "bool" else 1
    same(op, op(one, Tensor(a)), op(a, one))
    same(op, op(Tensor(a), one), op(a, one))
    with pytest.raises(DtypeError, match="needs bool or integer tensors, got float"):
        op(Tensor([1.0]), one)
    with pytest.raises(DtypeError):
        op(one, Tensor([1.0]))


def test_signs_sizes_and_complements():
    x = leaf(-1.5, 2.0)
    assert (-x).tolist() == [1.5, -2] and abs(x).tolist() == [1.5, 2]
    (abs(x) - x).backward(Tensor([2.0, 3.0], dtype="float64"))
    assert x.grad.tolist() == [-4, 0]
    assert (~Tensor([True, False])).tolist() == [False, True] and (~Tensor([0, 5])).tolist() == [-1, -6]
    with pytest.raises(DtypeError, match="bitwise_not"):
        ~Tensor([1.0])


@pytest.mark.parametrize("op", ARITHMETIC + COMPARISON[2:] + BITS + [operator.matmul], ids=lambda op: op.__name__)
@pytest.mark.parametrize("other", [None, "a", [1.0, 2.0], {}], ids=repr)
def test_an_operand_of_another_kind_is_refused_on_either_side(op, other):
    x = Tensor([1, 2]) if op in BITS else Tensor([1.0, 2.0])
    with pytest.raises(TypeError):
        op(x, other)
    if (op, other) not in [(operator.matmul, [1.0, 2.0]), (operator.mod, "a")]:  # a list is a matrix, a text a format
        with pytest.raises(TypeError):
            op(other, x)


def test_equality_with_what_is_no_tensor_is_false_and_not_an_error():
    x = Tensor([1.0, 2.0])
    for other in (None, "a", [1.0, 2.0], {}, object()):
        assert (x == other) is False and (x != other) is True and (other == x) is False


def test_a_tensor_is_hashed_by_identity():
    x, y = Tensor([1.0]), Tensor([1.0])
    assert {x: "x", y: "y"}[x] == "x" and len({x, y, x}) == 2 and hash(x) == hash(x)


@pytest.mark.parametrize("op, name", [(operator.iadd, "add"), (operator.isub, "sub"), (operator.imul, "mul"), (operator.itruediv, "div")])
def test_augmented_assignment_writes_in_place(op, name):
    x, y = Tensor(LEFT), Tensor(RIGHT)
    memory = x.array
    result = op(x, y)
    assert result is x and x.array is memory
    np.testing.assert_allclose(x.numpy(), getattr(ops, name)(Tensor(LEFT), y).numpy())


def test_augmented_assignment_of_a_tensor_to_an_array_does_not_change_the_array_silently():
    a = np.ones(2)
    with pytest.raises(TypeError):
        a += Tensor([1.0, 2.0])
    assert a.tolist() == [1, 1]


def test_elements_are_read_and_written_by_index():
    x = Tensor(np.arange(6.0).reshape(2, 3))
    assert x[1, 2].item() == 5 and x[:, 1].tolist() == [1, 4] and x[[1, 0]][0].tolist() == [3, 4, 5]
    x[0, 0] = 9
    x[1] = Tensor([7.0, 7.0, 7.0])
    assert x.tolist() == [[9, 1, 2], [7, 7, 7]]


def test_where_keeps_self_where_the_condition_holds():
    x, c = leaf(1.0, 2.0), Tensor([True, False])
    y = x.where(c, 0.0)
    assert y.tolist() == [1, 0]
    y.backward(Tensor([3.0, 5.0], dtype="float64"))
    assert x.grad.tolist() == [3, 0]


@pytest.mark.parametrize("op", [operator.ipow, operator.ifloordiv, operator.imod], ids=lambda op: op.__name__)
def test_every_augmented_assignment_writes_in_place(op):
    x = Tensor([3.0, 5.0])
    assert op(x, 2) is x


def test_a_plus_sign_changes_nothing():
    assert (+Tensor([1.0, -2.0])).tolist() == [1, -2]
