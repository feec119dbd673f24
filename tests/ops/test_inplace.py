"""Each in-place op is its op, stored where the input was. The rules about histories are in tests/test_overwrites.py."""

import inspect

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, no_grad
from minigrad.errors import ArgumentError, DtypeError, InPlaceError, MinigradError, RangeError, ShapeError
from minigrad.ops import inplace
from minigrad.testing import gradcheck, gradgradcheck

RNG = np.random.default_rng(0)
MASK = np.array([[True, False, True], [False, False, True]])
KEY = (slice(None), [2, 0])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# name, how the op is called on (x, y), the same on arrays, the shape of y
CALLS = [
    ("add_", lambda x, y: x.add_(y), lambda x, y: x + y, (3,)),
    ("add_", lambda x, y: x.add_(y, alpha=-0.5), lambda x, y: x - 0.5 * y, (2, 1)),
    ("sub_", lambda x, y: x.sub_(y), lambda x, y: x - y, ()),
    ("sub_", lambda x, y: x.sub_(y, alpha=3), lambda x, y: x - 3 * y, (2, 3)),
    ("mul_", lambda x, y: x.mul_(y), lambda x, y: x * y, (2, 3)),
    ("div_", lambda x, y: x.div_(y), lambda x, y: x / y, (1, 3)),
    ("div_", lambda x, y: x.div_(y, rounding_mode="floor"), lambda x, y: np.floor(x / y), (2, 3)),
    ("div_", lambda x, y: x.div_(y, rounding_mode="trunc"), lambda x, y: np.trunc(x / y), (2, 3)),
    ("floor_divide_", lambda x, y: x.floor_divide_(y), lambda x, y: np.floor(x / y), (2, 3)),
    ("remainder_", lambda x, y: x.remainder_(y), lambda x, y: np.mod(x, y), (2, 3)),
    ("pow_", lambda x, y: x.pow_(y), lambda x, y: x**y, (2, 3)),
    ("neg_", lambda x, y: x.neg_(), lambda x, y: -x, None),
    ("exp_", lambda x, y: x.exp_(), lambda x, y: np.exp(x), None),
    ("sqrt_", lambda x, y: x.sqrt_(), lambda x, y: np.sqrt(x), None),
    ("tanh_", lambda x, y: x.tanh_(), lambda x, y: np.tanh(x), None),
    ("sigmoid_", lambda x, y: x.sigmoid_(), lambda x, y: sigmoid(x), None),
    ("relu_", lambda x, y: x.sub_(1).relu_(), lambda x, y: np.where(x > 1, x - 1, 0), None),
    ("clamp_", lambda x, y: x.clamp_(0.8, 1.4), lambda x, y: np.clip(x, 0.8, 1.4), None),
    ("clamp_", lambda x, y: x.clamp_(min=y), lambda x, y: np.maximum(x, y), (2, 3)),
    ("clamp_", lambda x, y: x.clamp_(max=y), lambda x, y: np.minimum(x, y), (3,)),
    ("masked_fill_", lambda x, y: x.masked_fill_(Tensor(MASK), 7.0), lambda x, y: np.where(MASK, 7, x), None),
    ("masked_fill_", lambda x, y: x.masked_fill_(Tensor(MASK), y), lambda x, y: np.where(MASK, y, x), ()),
    ("copy_", lambda x, y: x.copy_(y * 1), lambda x, y: y + 0 * x, (3,)),
    ("fill_", lambda x, y: x.fill_(y * 1), lambda x, y: y + 0 * x, ()),
    ("setitem", lambda x, y: (x.__setitem__(KEY, y), x)[1], lambda x, y: np.stack([y[:, 1], x[:, 1], y[:, 0]], 1), (2, 2)),
    ("setitem", lambda x, y: (x.__setitem__(1, y), x)[1], lambda x, y: np.stack([x[0], y + 0 * x[0]]), ()),
]  # fmt: skip
IDS = [f"{i}-{call[0]}" for i, call in enumerate(CALLS)]


def draw(shape):
    x = RNG.uniform(0.5, 2, (2, 3))
    return [x] if shape is None else [x, RNG.uniform(0.5, 2, shape)]


def applied(call, xs, y=None):
    """Run the op on a copy, so that the inputs keep their values."""
    return call(xs * 1, y)


def test_every_in_place_op_is_in_the_table():
    listed = {name for name, *_ in CALLS} | {"zero_"}
    assert listed == set(inplace.__all__)


@pytest.mark.parametrize("row", CALLS, ids=IDS)
def test_the_value_is_that_of_the_op_and_the_object_and_its_memory_stay(row):
    _, call, reference, shape = row
    for tracked in (False, True):
        arrays = draw(shape)
        tensors = [Tensor(a, requires_grad=tracked) for a in arrays]
        x = tensors[0] * 1
        memory = x.array
        result = call(x, tensors[1] if shape is not None else None)
        assert result is x and x.array is memory
        expected = reference(arrays[0], arrays[1] if shape is not None else None)
        np.testing.assert_allclose(x.numpy(), expected, rtol=1e-12)
        for t, a in zip(tensors, arrays, strict=True):
            np.testing.assert_array_equal(t.numpy(), a)


@pytest.mark.parametrize("row", CALLS, ids=IDS)
def test_first_and_second_derivatives_agree_with_differences(row):
    _, call, _, shape = row
    gradcheck(lambda *xs: applied(call, *xs), *draw(shape), zero="allowed")  # a floor is flat
    gradgradcheck(lambda *xs: applied(call, *xs), *draw(shape), zero="allowed")


@pytest.mark.parametrize("row", CALLS, ids=IDS)
def test_float32_stays_float32(row):
    _, call, _, shape = row
    xs = [Tensor(a, dtype="float32", requires_grad=True) for a in draw(shape)]
    y = applied(call, *xs)
    y.sum().backward()
    assert y.dtype == minigrad.float32 and all(x.grad is None or x.grad.dtype == minigrad.float32 for x in xs)


@pytest.mark.parametrize("row", CALLS, ids=IDS)
def test_a_leaf_that_requires_a_gradient_is_left_alone_outside_no_grad(row):
    _, call, reference, shape = row
    arrays = draw(shape)
    x, y = Tensor(arrays[0], requires_grad=True), Tensor(arrays[1]) if shape is not None else None
    with pytest.raises(InPlaceError, match="leaf that requires a gradient"):
        call(x, y)
    np.testing.assert_array_equal(x.numpy(), arrays[0])
    with no_grad():
        call(x, y)
    assert x.is_leaf and x.requires_grad
    np.testing.assert_allclose(x.numpy(), reference(arrays[0], arrays[1] if shape is not None else None))


@pytest.mark.parametrize("name", sorted(set(inplace.__all__) - {"setitem"}))
def test_each_op_is_a_method_of_the_tensor(name):
    assert inspect.getattr_static(Tensor, name) is getattr(inplace, name)


def test_zero_sets_every_element_to_zero():
    x = Tensor([[1.0, np.nan], [np.inf, -3.0]])
    assert x.zero_() is x and x.tolist() == [[0, 0], [0, 0]]


def test_a_zero_dimensional_and_an_empty_tensor_can_be_written_to():
    assert Tensor(2.0).add_(1).item() == 3
    assert minigrad.zeros(0, 3).mul_(2).shape == (0, 3)
    assert minigrad.zeros(0, 3).fill_(2).shape == (0, 3)


def test_a_view_writes_into_its_base():
    base = minigrad.zeros(2, 3)
    base[1].fill_(4)
    base.t()[0].add_(1)
    assert base.tolist() == [[1, 0, 0], [5, 4, 4]]


def test_overlapping_memory_is_read_before_it_is_written():
    x = minigrad.arange(5)
    x[1:].copy_(x[:-1])
    assert x.tolist() == [0, 0, 1, 2, 3]
    m = Tensor([[1.0, 2.0], [3.0, 4.0]])
    m.add_(m.t())
    assert m.tolist() == [[2, 5], [5, 8]]


def test_copy_and_setitem_cast_to_the_type_of_what_they_write_to():
    x = minigrad.zeros(3, dtype="int64")
    x.copy_(Tensor([1.9, -1.9, 0.0]))
    assert x.dtype == minigrad.int64 and x.tolist() == [1, -1, 0]
    x[0] = 2.7
    x[1:] = np.array([3.5, 4.5])
    assert x.dtype == minigrad.int64 and x.tolist() == [2, 3, 4]
    assert minigrad.zeros(2).fill_(minigrad.tensor(3)).dtype == minigrad.float32


def test_the_gradient_of_a_copy_has_the_type_of_its_source():
    source = Tensor([1.0, 2.0], dtype="float32", requires_grad=True)
    minigrad.zeros(2, dtype="float64").copy_(source).backward(Tensor([3.0, 4.0], dtype="float64"))
    assert source.grad.dtype == minigrad.float32 and source.grad.tolist() == [3, 4]


def test_arithmetic_in_place_may_widen_the_computation_but_not_the_result():
    x, w = minigrad.ones(2), Tensor([0.1, 0.2], dtype="float64", requires_grad=True)
    x.mul_(w)
    x.backward(Tensor([2.0, 3.0]))
    assert x.dtype == minigrad.float32 and w.grad.dtype == minigrad.float64 and w.grad.tolist() == [2, 3]


@pytest.mark.parametrize("write", [
    lambda x: x.exp_(), lambda x: x.sqrt_(), lambda x: x.sigmoid_(), lambda x: x.tanh_(), lambda x: x.div_(2),
    lambda x: x.mul_(1.5), lambda x: x.sub_(minigrad.ones(2)), lambda x: x.clamp_(0.5),
])  # fmt: skip
def test_a_floating_result_does_not_fit_into_integers(write):
    x = minigrad.tensor([1, 2])
    with pytest.raises(DtypeError, match=r"_: the result is float32 and cannot be stored in a tensor of int64"):
        write(x)
    assert x.tolist() == [1, 2]


def test_integers_are_written_by_ops_that_stay_in_the_integers():
    x = minigrad.tensor([-3, 5])
    assert x.add_(1).mul_(2).div_(3, rounding_mode="floor").neg_().relu_().clamp_(max=1).tolist() == [1, 0]


def test_a_result_of_another_shape_is_refused_with_both_shapes():
    x = minigrad.ones(3)
    for name in ("add_", "sub_", "mul_", "div_"):
        with pytest.raises(ShapeError, match=rf"{name}: the result has shape \(2, 3\), the tensor written to \(3,\)"):
            getattr(x, name)(minigrad.ones(2, 3))
    with pytest.raises(ShapeError, match=r"\(2,\) and \(3,\) do not broadcast|\(3,\) and \(2,\) do not broadcast"):
        x.add_(minigrad.ones(2))
    with pytest.raises(ShapeError):
        x.copy_(minigrad.ones(2))
    with pytest.raises(ShapeError):
        x.copy_(minigrad.ones(2, 3))
    assert x.tolist() == [1, 1, 1]


@pytest.mark.parametrize("tracked", [False, True])
@pytest.mark.parametrize("key, value, error, message", [
    (5, 1.0, RangeError, "index 5 is out of bounds for axis 0 with size 3"),
    ((0, 0), 1.0, RangeError, "too many indices"),
    (1.0, 1.0, DtypeError, "an index must be an integer, got 1.0"),
    ("a", 1.0, RangeError, "cannot be indexed so"),
    (slice(None), np.zeros(2), ShapeError, r"a value of shape \(2,\) does not fit"),
    (0, np.zeros((2, 3)), ShapeError, r"a value of shape \(2, 3\) does not fit"),
    (0, "a", DtypeError, "value must be a tensor, got str"),
    (0, None, DtypeError, "value must be a tensor, got NoneType"),
    (slice(None), [1.0, 2.0, 3.0], DtypeError, "value must be a tensor, got list"),
])  # fmt: skip
def test_what_cannot_be_written_is_named_and_nothing_changes(tracked, key, value, error, message):
    x = Tensor([1.0, 2.0, 3.0], requires_grad=tracked) * 1
    with pytest.raises(error, match=message):
        x[key] = value
    assert x.tolist() == [1, 2, 3]


def test_a_value_may_have_leading_axes_of_size_one():
    for tracked in (False, True):
        x = minigrad.zeros(2, 3).requires_grad_(tracked) * 1
        x[0] = minigrad.ones(1, 3)
        assert x.tolist() == [[1, 1, 1], [0, 0, 0]]


def test_bad_arguments_are_the_errors_of_the_op():
    x = minigrad.ones(2)
    with pytest.raises(ArgumentError, match="rounding_mode is 'up'"):
        x.div_(2, rounding_mode="up")
    with pytest.raises(ArgumentError, match="no bound"):
        x.clamp_()
    with pytest.raises(DtypeError, match="masked_fill: the condition must be bool, got float32"):
        x.masked_fill_(Tensor([1.0, 0.0]), 2.0)
    with pytest.raises(DtypeError, match="got str: 'a'"):
        x.add_("a")
    with pytest.raises(DtypeError, match="copy_: input must be a tensor, got str"):
        x.copy_("a")
    with pytest.raises(DtypeError, match="a bool tensor has no sign"):
        minigrad.tensor([True]).neg_()
    with pytest.raises(ShapeError, match="masked_fill"):
        x.masked_fill_(Tensor([True, False, True]), 2.0)
    assert x.tolist() == [1, 1]


def test_a_refused_change_leaves_the_history_as_it_was():
    x = Tensor([1.0, 2.0], requires_grad=True)
    h = x * 2
    with pytest.raises(ShapeError):
        h.add_(minigrad.ones(3, 2))
    h.backward(Tensor([1.0, 5.0]))
    assert x.grad.tolist() == [2, 10]


def test_reaching_infinity_in_place_gives_no_warning():
    assert Tensor([1000.0]).exp_().tolist() == [np.inf]
    assert np.isnan(Tensor([-1.0]).sqrt_().item())
    assert Tensor([1.0]).div_(0).item() == np.inf


@pytest.mark.parametrize("dtype, number", [("int64", np.nan), ("int64", 10**30), ("uint8", 300), ("uint8", -1), ("int32", np.inf)])
@pytest.mark.parametrize("write", [lambda x, n: x.fill_(n), lambda x, n: x.__setitem__(0, n)])
def test_a_number_that_the_type_cannot_hold_is_refused(dtype, number, write):
    with pytest.raises(MinigradError, match=dtype):
        write(minigrad.zeros(2, dtype=dtype), number)


def test_an_element_of_shared_memory_cannot_be_written():
    with pytest.raises(InPlaceError, match="shared by several"):
        minigrad.zeros(1).expand(3)[0] = 1
