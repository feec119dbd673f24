"""The tensor as a Python object: properties, operators, conversions, copies. What the ops compute is tested with the ops."""

import math

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, ops
from minigrad.errors import ArgumentError, AxisError, DtypeError, GradientError, ShapeError


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


@pytest.mark.parametrize("dim, error", [(2, AxisError), (-3, AxisError), ("a", ArgumentError)])
def test_the_size_of_an_axis_that_is_not_there_is_an_axis_error(dim, error):
    with pytest.raises(error, match="size"):
        Tensor([[1.0]]).size(dim)


def test_membership_of_a_shape_that_does_not_fit_is_a_shape_error():
    with pytest.raises(ShapeError):
        _ = np.zeros(3) in Tensor([1.0, 2.0])
