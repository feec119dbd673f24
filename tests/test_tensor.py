"""The tensor as a Python object: properties, operators, conversions, copies. What the ops compute is tested with the ops."""

import copy
import math
import operator
import pickle

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, ops
from minigrad.errors import ArgumentError, AxisError, DtypeError, GradientError, InPlaceError, MinigradError, ShapeError
from minigrad.nn import Parameter


def leaf(*values, dtype="float64"):
    return Tensor(np.array(values, dtype), requires_grad=True)


@pytest.mark.parametrize("data, dtype, shape", [
    (1.5, "float32", ()), (2, "int64", ()), (True, "bool", ()), ([1, 2.5], "float32", (2,)), ([[1], [2]], "int64", (2, 1)),
    ([], "float32", (0,)), (np.ones((2, 0), "int8"), "int8", (2, 0)), (np.float64(2), "float64", ()), ((1.0, 2.0), "float32", (2,)),
])  # fmt: skip
def test_the_type_of_the_data_decides_the_type_of_the_tensor(data, dtype, shape):
    x = Tensor(data)
    assert x.dtype == dtype and x.shape == shape and x.is_leaf and not x.requires_grad and x.grad is None


def test_a_dtype_that_is_asked_for_is_what_one_gets():
    assert Tensor([1, 2], dtype="float64").dtype == minigrad.float64
    assert Tensor(np.ones(2), dtype=float).dtype == minigrad.float32
    with pytest.raises(ArgumentError, match="'nonsense' is not an element type"):
        Tensor([1], dtype="nonsense")


def test_a_tensor_owns_its_memory():
    array = np.array([1.0, 2.0])
    first = Tensor(array)
    second = Tensor(first)
    array[0] = 9
    first.fill_(7)
    assert second.tolist() == [1, 2]


@pytest.mark.parametrize("data", ["text", ["a"], None, [None], 1j, [1j], object()])
def test_what_holds_no_numbers_is_refused(data):
    with pytest.raises(DtypeError, match="tensor: cannot hold"):
        Tensor(data)


def test_sequences_of_unequal_length_are_refused():
    with pytest.raises(ShapeError, match="unequal lengths"):
        Tensor([[1], [1, 2]])


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (2, 0, 4), (1, 2, 3, 1)])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int16", "bool"])
def test_sizes_and_types_are_those_of_the_array(shape, dtype):
    a = np.zeros(shape, dtype)
    x = Tensor(a)
    assert (x.shape, x.ndim, x.nbytes, x.itemsize, x.dtype) == (shape, a.ndim, a.nbytes, a.itemsize, a.dtype)
    assert (x.size(), x.dim(), x.numel(), x.element_size()) == (shape, a.ndim, a.size, a.itemsize)
    assert x.device == "cpu" and x.is_floating_point() == (dtype in ("float32", "float64")) and x.is_contiguous()
    for axis in range(-a.ndim, a.ndim):
        assert x.size(axis) == a.shape[axis]


def test_only_row_major_memory_counts_as_contiguous():
    x = Tensor(np.zeros((2, 3)))
    assert not x.T.is_contiguous() and not x[:, ::2].is_contiguous() and x[0].is_contiguous()
    assert x.T.contiguous().is_contiguous()


@pytest.mark.parametrize("name", ["shape", "dtype", "device", "ndim", "nbytes", "itemsize", "is_leaf", "T", "mT"])
def test_properties_that_are_facts_cannot_be_set(name):
    with pytest.raises(AttributeError):
        setattr(Tensor([[1.0]]), name, getattr(Tensor([[1.0]]), name))


def test_transposes_move_values_and_gradients():
    a, v = np.arange(24.0).reshape(2, 3, 4), np.random.default_rng(0).normal(size=24)
    for name, axes in (("T", (2, 1, 0)), ("mT", (0, 2, 1))):
        x = Tensor(a, requires_grad=True)
        y = getattr(x, name)
        np.testing.assert_array_equal(y.numpy(), a.transpose(axes))
        y.backward(Tensor(v.reshape(y.shape)))
        np.testing.assert_array_equal(x.grad.numpy(), v.reshape(y.shape).transpose(np.argsort(axes)))
    assert Tensor(1.0).T.shape == () and Tensor([1.0, 2.0]).T.shape == (2,)
    with pytest.raises(AxisError, match="transpose"):
        _ = Tensor([1.0]).mT


def test_requires_grad_is_set_for_leaves_of_floats_only():
    x = Tensor([1.0])
    assert x.requires_grad_() is x and x.requires_grad
    assert x.requires_grad_(False) is x and not x.requires_grad
    for dtype in ("int64", "bool", "uint8"):
        with pytest.raises(DtypeError, match=f"only floating tensors have gradients, this one is {dtype}"):
            Tensor([1], dtype=dtype).requires_grad = True
        with pytest.raises(DtypeError):
            Tensor([1], dtype=dtype, requires_grad=True)
        Tensor([1], dtype=dtype).requires_grad = False


def test_a_history_is_not_dropped_by_a_flag():
    y = leaf(1.0) * 2
    with pytest.raises(GradientError, match=r"cannot drop it in place\nHint: use detach\(\)"):
        y.requires_grad = False
    assert y.requires_grad
    y.requires_grad = True
    assert not y.is_leaf and not y.detach().requires_grad


def test_a_result_is_no_leaf_and_a_result_of_constants_is():
    x = leaf(1.0)
    assert x.is_leaf and not (x * 2).is_leaf and (x.detach() * 2).is_leaf and (x > 0).is_leaf


def test_retain_grad_and_hooks_need_a_gradient_to_see():
    with pytest.raises(GradientError, match="retain_grad: the tensor does not require a gradient"):
        Tensor([1.0]).retain_grad()
    with pytest.raises(GradientError, match="register_hook: the tensor does not require a gradient"):
        Tensor([1.0]).register_hook(lambda g: None)


def test_hooks_run_in_order_and_each_sees_what_the_last_returned():
    x, seen = leaf(1.0), []
    y = x * 3
    y.register_hook(lambda g: g * 2)
    y.register_hook(lambda g: seen.append(g.item()))
    y.register_hook(lambda g: g + 1)
    (y * 5).backward()
    assert seen == [10] and x.grad.item() == 33


def test_a_removed_hook_is_gone_the_others_stay_and_removing_twice_is_no_matter():
    x, seen = leaf(1.0), []
    first = x.register_hook(lambda g: seen.append("first"))
    x.register_hook(lambda g: seen.append("second"))
    first.remove()
    first.remove()
    (x * 1).backward()
    assert seen == ["second"]


def test_a_hook_of_a_leaf_replaces_what_is_added_to_grad():
    x = leaf(1.0, 2.0)
    x.register_hook(lambda g: g * 10)
    for _ in range(2):
        (x * Tensor([1.0, 2.0], dtype="float64")).sum().backward()
    assert x.grad.tolist() == [20, 40]


def test_retain_grad_on_a_leaf_changes_nothing():
    x = leaf(2.0)
    x.retain_grad()
    (x * 3).backward()
    assert x.grad.item() == 3


def test_backward_passes_its_arguments_on():
    x = leaf(2.0, 3.0)
    y = x**3
    y.backward(Tensor([1.0, 10.0], dtype="float64"), retain_graph=True)
    assert x.grad.tolist() == [12, 270] and not x.grad.requires_grad
    x.grad = None
    y.backward(gradient=Tensor([1.0, 10.0], dtype="float64"), create_graph=True)
    assert x.grad.requires_grad
    (g,) = minigrad.grad(x.grad.sum(), x)
    assert g.tolist() == [12, 180]


def test_data_is_the_same_memory_without_the_history():
    x = leaf(1.0, 2.0)
    y = x * 1
    for t in (x, y):
        assert np.shares_memory(t.data.array, t.array) and not t.data.requires_grad and t.data.is_leaf
    x.data[0] = 9
    assert x.tolist() == [9, 2] and x.requires_grad


def test_data_takes_tensors_arrays_and_lists_and_keeps_the_flag():
    x = leaf(1.0, 2.0)
    x.data = Tensor([3.0, 4.0])
    assert x.tolist() == [3, 4] and x.requires_grad and x.is_leaf
    x.data = np.array([[5.0]])
    assert x.tolist() == [[5]] and x.shape == (1, 1)
    x.data = [6.0]
    assert x.tolist() == [6]
    source = leaf(1.0) * 2
    x.data = source
    (x * 3).backward()
    assert x.grad.item() == 3 and x.is_leaf


def test_a_tensor_that_needs_a_gradient_cannot_become_integers_through_data():
    x = leaf(1.0, 2.0)
    with pytest.raises(DtypeError, match="data: a tensor that requires a gradient cannot become int64"):
        x.data = np.array([1, 2])
    with pytest.raises(DtypeError, match="cannot hold str"):
        x.data = "a"
    assert x.tolist() == [1, 2]
    y = Tensor([1.0])
    y.data = np.array([1, 2])
    assert y.dtype == minigrad.int64


def test_assigning_data_to_itself_raises_no_alarm():
    x, w = leaf(1.0), leaf(2.0)
    loss = x * w
    x.data = x.data
    loss.backward()
    assert w.grad.item() == 1


@pytest.mark.parametrize("value, kind", [(1.5, float), (2, int), (True, bool)])
def test_item_is_a_python_number_of_the_kind_of_the_elements(value, kind):
    for data in (value, [value], [[value]]):
        assert type(Tensor(data).item()) is kind and Tensor(data).item() == value


@pytest.mark.parametrize("shape", [(0,), (2,), (1, 2)])
@pytest.mark.parametrize("convert", [lambda x: x.item(), float, int, bool])
def test_several_elements_or_none_are_no_number(shape, convert):
    with pytest.raises(ArgumentError, match=rf"{math.prod(shape)} elements"):
        convert(Tensor(np.zeros(shape)))


def test_numbers_are_cut_and_compared_as_python_does():
    assert float(Tensor([2])) == 2.0 and int(Tensor(-2.7)) == -2 and int(leaf(3.0)) == 3
    assert bool(Tensor([[0.0]])) is False and bool(Tensor(-1)) is True and bool(Tensor(np.nan)) is True
    assert round(float(Tensor(2.5)), 1) == 2.5 and math.sqrt(Tensor(9.0)) == 3
    assert (1 if Tensor([1.0]) > 0 else 2) == 1
    assert (not Tensor(0)) is True


def test_the_truth_of_several_elements_hints_at_any_and_all():
    with pytest.raises(ArgumentError, match=r"bool: the truth of 2 elements is ambiguous\nHint: use any\(\) or all\(\)"):
        _ = Tensor([1, 2]) and True


def test_an_integer_tensor_is_an_index():
    assert ["a", "b", "c"][Tensor(1)] == "b" and list(range(Tensor([3]))) == [0, 1, 2] and [0, 1][Tensor(True)] == 1
    with pytest.raises(DtypeError, match="index: a float32 tensor cannot be used as an index"):
        _ = [1, 2][Tensor(1.0)]
    with pytest.raises(ArgumentError):
        _ = [1, 2][Tensor([0, 1])]


def test_tolist_nests_python_numbers():
    assert Tensor([[1, 2], [3, 4]]).tolist() == [[1, 2], [3, 4]] and Tensor(1.5).tolist() == 1.5
    assert type(Tensor([1.0]).tolist()[0]) is float and Tensor(np.zeros((2, 0))).tolist() == [[], []]
    assert leaf(1.0).tolist() == [1]


def test_length_and_iteration_run_along_the_first_axis():
    x = Tensor(np.arange(6.0).reshape(3, 2), requires_grad=True)
    assert len(x) == 3 and [row.tolist() for row in x] == [[0, 1], [2, 3], [4, 5]]
    a, b, c = x
    (a * 2 + b * 3 + c * 5).backward(Tensor([1.0, 10.0], dtype="float64"))
    assert x.grad.tolist() == [[2, 20], [3, 30], [5, 50]]
    assert len(Tensor(np.zeros((0, 2)))) == 0 and list(Tensor([])) == []
    assert sum(leaf(1.0, 2.0)).item() == 3


@pytest.mark.parametrize("use", [len, iter, list, lambda x: [*x]])
def test_a_number_has_no_length_and_is_not_iterated_over(use):
    with pytest.raises(DtypeError, match=r"a 0-d tensor (has no length|cannot be iterated over)"):
        use(Tensor(1.0))
    with pytest.raises(TypeError):
        use(Tensor(1.0))


def test_membership_is_of_elements():
    x = Tensor([[1, 2], [3, 4]])
    assert 3 in x and 3.0 in x and Tensor(4) in x and 5 not in x and 2.5 not in x
    assert [1, 2] in x and 1 not in Tensor([])
    assert Tensor(np.nan) not in Tensor([np.nan])


def test_numpy_shares_memory_and_cannot_be_written_through():
    x = leaf(1.0, 2.0)
    a = x.numpy()
    assert type(a) is np.ndarray and np.shares_memory(a, x.array) and not a.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        a[0] = 5
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(x)[0] = 5
    assert x.array.flags.writeable
    b = a.copy()
    b[0] = 5
    assert x.tolist() == [1, 2]


def test_numpy_makes_arrays_of_tensors():
    x = leaf(1.5, -2.5)
    assert np.shares_memory(np.asarray(x), x.array)
    fresh = np.array(x)
    assert not np.shares_memory(fresh, x.array) and fresh.flags.writeable
    cast = np.asarray(x, dtype="int64")
    assert cast.tolist() == [1, -2] and cast.dtype == np.int64
    assert np.asarray(Tensor(2.0)).shape == () and np.stack([x, x]).shape == (2, 2)
    np.testing.assert_array_equal(np.asarray(x), x.numpy())


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


@pytest.mark.parametrize("x, text", [
    (Tensor([1.0, 2.0]), "tensor([1., 2.])"),
    (Tensor(2.5), "tensor(2.5)"),
    (Tensor([1, 2]), "tensor([1, 2])"),
    (Tensor(True), "tensor(True)"),
    (Tensor([1, 2], dtype="int8"), "tensor([1, 2], dtype=int8)"),
    (Tensor([1.5], dtype="float64"), "tensor([1.5], dtype=float64)"),
    (Tensor([1.5], requires_grad=True), "tensor([1.5], requires_grad=True)"),
    (Tensor([1.5], requires_grad=True) * 2, "tensor([3.], op=mul)"),
    (leaf(1.5).exp().log(), "tensor([1.5], dtype=float64, op=log)"),
    (Tensor([[1, 2], [3, 4]]), "tensor([[1, 2],\n        [3, 4]])"),
    (Tensor([]), "tensor([])"),
    (Tensor([np.nan, np.inf]), "tensor([nan, inf])"),
])  # fmt: skip
def test_the_text_shows_values_and_whatever_is_not_the_default(x, text):
    assert repr(x) == text and str(x) == text and f"{x}" == text


def test_a_long_tensor_is_shown_in_part():
    assert len(repr(Tensor(np.zeros(100_000)))) < 200 and "..." in repr(Tensor(np.zeros(2000)))


def test_a_single_element_takes_a_format():
    assert f"{Tensor(2.5):.3f}" == "2.500" and f"{Tensor([7]):04d}" == "0007" and f"{leaf(0.5):8.1%}" == "   50.0%"
    assert f"{Tensor([1, 2]):>20}" == "      tensor([1, 2])" and f"{Tensor(2.5)}" == "tensor(2.5)"


def test_a_deep_copy_of_a_leaf_shares_nothing():
    x = leaf(1.0, 2.0)
    (x * 3).sum().backward()
    y = copy.deepcopy(x)
    assert type(y) is Tensor and y.requires_grad and y.is_leaf and y.tolist() == [1, 2] and y.grad.tolist() == [3, 3]
    y.data.fill_(0)
    y.grad.zero_()
    assert x.tolist() == [1, 2] and x.grad.tolist() == [3, 3]
    (y * 2).sum().backward()
    assert y.grad.tolist() == [2, 2] and x.grad.tolist() == [3, 3]


def test_a_deep_copy_raises_no_alarm_when_the_original_changes():
    x, w = leaf(1.0), leaf(2.0)
    x.data.fill_(5)
    y = copy.deepcopy(x)
    loss = y * w
    x.data.fill_(6)
    loss.backward()
    assert w.grad.item() == 5


def test_a_deep_copy_keeps_that_two_places_hold_one_tensor():
    x = leaf(1.0)
    a, b = copy.deepcopy([x, x])
    assert a is b and a is not x


def test_a_deep_copy_keeps_the_class_and_its_attributes():
    p = Parameter(Tensor([1.0, 2.0]))
    p.note = ["kept"]
    q = copy.deepcopy(p)
    assert type(q) is Parameter and q.requires_grad and q.note == ["kept"]


def test_a_result_cannot_be_deep_copied():
    with pytest.raises(GradientError, match=r"deepcopy: only leaves can be copied\nHint: use clone\(\)"):
        copy.deepcopy(leaf(1.0) * 2)
    assert copy.deepcopy((leaf(1.0) * 2).detach()).tolist() == [2]


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("x", [
    Tensor([1.0, 2.0]), Tensor(3), Tensor([True]), leaf(1.5, -2.0), Tensor(np.zeros((2, 0), "int8")), Parameter(Tensor([4.0])),
], ids=str)  # fmt: skip
def test_a_pickle_brings_back_values_type_class_and_flag(x, protocol):
    y = pickle.loads(pickle.dumps(x, protocol))
    assert type(y) is type(x) and y.dtype == x.dtype and y.shape == x.shape and y.requires_grad == x.requires_grad
    assert y.is_leaf and y.grad is None
    np.testing.assert_array_equal(y.numpy(), x.numpy())
    assert not np.shares_memory(y.array, x.array)


def test_a_pickled_result_comes_back_as_a_leaf():
    y = pickle.loads(pickle.dumps(leaf(1.0) * 2))
    assert y.is_leaf and y.requires_grad and y.tolist() == [2]
    (y * 3).backward()
    assert y.grad.item() == 3


def test_methods_are_the_ops_themselves():
    for name in ("sum", "exp", "reshape", "add_", "softmax", "matmul", "max", "clone"):
        assert getattr(Tensor, name) is getattr(ops, name)
    for alias, name in [("multiply", "mul"), ("clip", "clamp"), ("absolute", "abs"), ("divide", "div"), ("greater", "gt")]:
        assert getattr(Tensor, alias) is getattr(ops, name)


def test_casts_are_methods_though_their_names_are_builtins():
    x = Tensor([0.0, 2.7])
    casts = {"float": "float32", "double": "float64", "half": "float16", "int": "int32", "long": "int64", "bool": "bool"}
    for name, dtype in casts.items():
        assert getattr(x, name)().dtype == dtype
    assert x.int().tolist() == [0, 2] and x.bool().tolist() == [False, True]


def test_a_shallow_copy_does_not_let_a_write_escape_the_checks():
    x, w = leaf(2.0), leaf(3.0)
    loss = x * w
    twin = copy.copy(x).detach()
    twin.fill_(9)
    try:
        loss.backward()
    except InPlaceError:
        return
    assert w.grad.item() == 2


def test_data_taken_from_a_tensor_does_not_let_a_write_escape_the_checks():
    x, w, source = leaf(0.0), leaf(3.0), Tensor([2.0], dtype="float64")
    x.data = source
    loss = x * w
    source.fill_(9)
    try:
        loss.backward()
    except InPlaceError:
        return
    assert w.grad.item() == 2


def test_a_deep_copy_of_a_view_is_no_view():
    view = minigrad.zeros(4, dtype="float64")[:2]
    x = leaf(1.0, 2.0)
    copy.deepcopy(view).add_(x).sum().backward()
    assert x.grad.tolist() == [1, 1]


def test_a_hook_of_the_original_does_not_watch_its_deep_copy():
    x, seen = leaf(1.0), []
    x.register_hook(lambda g: seen.append(g))
    (copy.deepcopy(x) * 2).backward()
    assert seen == []


def test_a_hook_that_is_registered_twice_is_removed_once():
    x = leaf(1.0)

    def double(g):
        return g * 2

    handle = x.register_hook(double)
    x.register_hook(double)
    handle.remove()
    (x * 3).backward()
    assert x.grad.item() == 6


@pytest.mark.parametrize("replacement", [np.ones(2), 1.0, minigrad.ones(3)], ids=["array", "number", "shape"])
def test_a_hook_that_returns_no_gradient_of_this_shape_is_an_error_that_says_so(replacement):
    x = leaf(1.0, 2.0)
    x.register_hook(lambda g: replacement)
    with pytest.raises(MinigradError, match="hook"):
        (x * 3).sum().backward()


@pytest.mark.parametrize("gradient", [np.ones(2), 1.0, "a"], ids=["array", "number", "text"])
def test_a_gradient_that_is_no_tensor_is_an_error_that_says_so(gradient):
    with pytest.raises(MinigradError, match="gradient"):
        (leaf(1.0, 2.0) * 2).backward(gradient)


@pytest.mark.parametrize("dim, error", [(2, AxisError), (-3, AxisError), ("a", ArgumentError)])
def test_the_size_of_an_axis_that_is_not_there_is_an_axis_error(dim, error):
    with pytest.raises(error, match="size"):
        Tensor([[1.0]]).size(dim)


def test_membership_of_a_shape_that_does_not_fit_is_a_shape_error():
    with pytest.raises(ShapeError):
        _ = np.zeros(3) in Tensor([1.0, 2.0])


@pytest.mark.parametrize("op", [operator.ipow, operator.ifloordiv, operator.imod], ids=lambda op: op.__name__)
def test_every_augmented_assignment_writes_in_place(op):
    x = Tensor([3.0, 5.0])
    assert op(x, 2) is x


def test_a_plus_sign_changes_nothing():
    assert (+Tensor([1.0, -2.0])).tolist() == [1, -2]
