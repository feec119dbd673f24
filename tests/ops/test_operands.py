"""Whatever a caller hands in becomes tensors of one dtype, one device and, where a gradient needs it, one shape."""

import itertools
import sys
import types
import warnings

import numpy as np
import pytest

import minigrad
from minigrad import Tensor
from minigrad.autograd import constant
from minigrad.errors import DeviceError, DtypeError, MinigradError, ShapeError
from minigrad.ops.operands import operands, quiet, real, tensor_of, together


def leaf(*shape, dtype="float64"):
    return Tensor(np.random.default_rng(0).normal(size=shape), dtype=dtype, requires_grad=True)


class CudaArray:
    """An array of another device, as far as its type tells."""

    def __init__(self, *shape):
        self.shape, self.ndim, self.dtype = shape, len(shape), np.dtype("float32")


CudaArray.__module__ = "cupy"


@pytest.fixture
def cuda(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", types.ModuleType("cupy"))

    def make(*shape):
        x = object.__new__(Tensor)
        x.array = CudaArray(*shape)
        return x

    return make


def test_a_tensor_is_itself():
    x = leaf(2, 3)
    assert tensor_of("op", x) is x and real("op", x) is x


@pytest.mark.parametrize("array", [np.zeros((2, 3)), np.zeros(()), np.zeros(0, "int8"), np.float32(2.5), np.bool_(True)])
def test_an_array_becomes_a_constant_of_its_own_type(array):
    y = tensor_of("op", array)
    assert isinstance(y, Tensor) and y.is_leaf and not y.requires_grad
    assert type(y.array) is np.ndarray and y.dtype == array.dtype and y.shape == array.shape


@pytest.mark.parametrize("value", [1, 2.0, True, None, "text", [1.0], (np.zeros(2),), {}])
def test_anything_else_is_refused_by_the_name_of_the_op_and_the_argument(value):
    with pytest.raises(DtypeError) as error:
        tensor_of("conv2d", value, "weight")
    kind = type(value).__name__
    assert str(error.value) == f"conv2d: weight must be a tensor, got {kind}\nHint: wrap it with minigrad.tensor(...)"
    with pytest.raises(DtypeError, match=f"exp: input must be a tensor, got {kind}"):
        real("exp", value)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int16", "int32", "int64"])
def test_integers_and_bools_become_the_default_floating_type_where_only_floats_will_do(dtype):
    y = real("exp", minigrad.tensor([0, 1], dtype=dtype))
    assert y.dtype == minigrad.float32 and y.tolist() == [0, 1]
    minigrad.set_default_dtype("float64")
    try:
        assert real("exp", np.array([0, 1], dtype)).dtype == minigrad.float64
    finally:
        minigrad.set_default_dtype("float32")


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floats_stay_as_they_are_where_only_floats_will_do(dtype):
    x = minigrad.ones(2, dtype=dtype)
    assert real("exp", x) is x


def test_two_tensors_of_one_shape_and_type_pass_through():
    x, y = leaf(2, 3), leaf(2, 3)
    a, b = operands("add", x, y)
    assert a is x and b is y


def test_a_python_float_takes_the_type_of_a_floating_tensor():
    for dtype in ("float16", "float32", "float64"):
        x = leaf(2, dtype=dtype)
        a, b = operands("add", x, 0.1)
        assert a is x and b.dtype == dtype and b.shape == () and b.item() == np.array(0.1, dtype).item()
        b, a = operands("add", 0.1, x)
        assert a is x and b.dtype == dtype and b.item() == np.array(0.1, dtype).item()


# two operands and the type that PyTorch computes in
TYPES = [
    (minigrad.ones(2), 2, "float32"),
    (minigrad.ones(2), 2.5, "float32"),
    (minigrad.ones(2), True, "float32"),
    (minigrad.ones(2, dtype="float64"), 2.5, "float64"),
    (minigrad.ones(2, dtype="float16"), 2.5, "float16"),
    (minigrad.ones(2, dtype="int64"), 2, "int64"),
    (minigrad.ones(2, dtype="int64"), 2.5, "float32"),
    (minigrad.ones(2, dtype="int8"), 2, "int8"),
    (minigrad.ones(2, dtype="uint8"), True, "uint8"),
    (minigrad.ones(2, dtype="bool"), 2, "int64"),
    (minigrad.ones(2, dtype="bool"), 2.5, "float32"),
    (minigrad.ones(2, dtype="bool"), True, "bool"),
    (minigrad.ones(2), minigrad.ones(2, dtype="float64"), "float64"),
    (minigrad.ones(2), minigrad.ones((), dtype="float64"), "float32"),
    (minigrad.ones(()), minigrad.ones((), dtype="float64"), "float64"),
    (minigrad.ones(2, dtype="int64"), minigrad.ones((), dtype="float32"), "float32"),
    (minigrad.ones(2, dtype="int64"), minigrad.ones(2, dtype="float16"), "float16"),
    (minigrad.ones(2, dtype="int8"), minigrad.ones((), dtype="int64"), "int8"),
    (minigrad.ones(2, dtype="int8"), minigrad.ones(2, dtype="uint8"), "int16"),
    (minigrad.ones(2), np.ones(2), "float64"),
    (minigrad.ones(2), np.ones(2, "int64"), "float32"),
    (minigrad.ones(2), np.float64(3), "float32"),
]


@pytest.mark.parametrize("x, y, dtype", TYPES, ids=[f"{i}-{row[2]}" for i, row in enumerate(TYPES)])
def test_both_get_the_type_of_the_result_in_either_order(x, y, dtype):
    for pair in ((x, y), (y, x)):
        got = operands("add", *pair)
        assert [t.dtype for t in got] == [dtype, dtype]


def test_a_cast_keeps_the_history():
    x, y = leaf(3, dtype="float32"), leaf(3)
    a, b = operands("add", x, y)
    assert b is y
    a.backward(Tensor([1.0, 2.0, 3.0], dtype="float64"))
    assert x.grad.dtype == minigrad.float32 and x.grad.tolist() == [1, 2, 3]


@pytest.mark.parametrize("shapes", [
    [(2, 3), (3,)], [(3,), (2, 3)], [(2, 1), (1, 3)], [(), (2, 3)], [(1,), ()], [(4, 1, 3), (2, 1)], [(0, 3), (1, 3)], [(1, 3), (0, 1)],
])  # fmt: skip
def test_what_needs_a_gradient_gets_the_shape_of_the_result_and_a_sum_on_the_way_back(shapes):
    rng = np.random.default_rng(1)
    target = np.broadcast_shapes(*shapes)
    xs = [leaf(*shape) for shape in shapes]
    for x, y in zip(xs, operands("add", *xs), strict=True):
        assert y.shape == target
        v = rng.normal(size=target)
        (y * Tensor(v)).sum().backward()
        expected = np.zeros(x.shape)
        padded = (1,) * (len(target) - x.ndim) + x.shape
        for place in np.ndindex(target):
            at = tuple(0 if n == 1 else i for i, n in zip(place, padded, strict=True))
            expected[at[len(target) - x.ndim :]] += v[place]
        np.testing.assert_allclose(x.grad.numpy(), expected, atol=1e-12)


def test_what_needs_no_gradient_is_left_to_the_broadcasting_of_numpy():
    x, c = leaf(2, 3), Tensor(np.ones(3))
    a, b = operands("add", x, c)
    assert a is x and b is c


def test_several_values_meet_in_one_shape_and_type():
    x, y, z, k = together("op", leaf(2, 1), 3, np.ones(4, "float32"), leaf(1, 4))
    assert [t.shape for t in (x, y, z, k)] == [(2, 4), (), (4,), (2, 4)]
    assert {t.dtype for t in (x, y, z, k)} == {np.dtype("float64")}


def test_numbers_alone_become_numbers_of_the_type_that_python_gives_them():
    assert [t.dtype for t in together("op", 1, 2)] == ["int64", "int64"]
    assert [t.dtype for t in together("op", 1, 2.5)] == ["float32", "float32"]
    assert [t.dtype for t in together("op", True, False)] == ["bool", "bool"]


def test_shapes_that_do_not_broadcast_name_the_op_and_the_axis():
    for x, y in itertools.permutations([leaf(2, 3), leaf(2, 4)]):
        with pytest.raises(ShapeError, match=r"mul: shapes \(2, .\) and \(2, .\) do not broadcast, axis -1 is . and ."):
            operands("mul", x, y)


@pytest.mark.parametrize("value", [None, "a", [1.0], (1,), 1j, {}, object])
def test_a_value_that_is_no_operand_is_shown(value):
    for pair in ((leaf(2), value), (value, leaf(2))):
        with pytest.raises(DtypeError, match=f"add: works on tensors, arrays and numbers, got {type(value).__name__}: "):
            operands("add", *pair)


def test_a_long_value_is_cut_short_in_the_message():
    with pytest.raises(DtypeError) as error:
        operands("add", leaf(2), "x" * 10_000)
    assert len(str(error.value)) < 200


def test_operands_on_different_devices_are_listed(cuda):
    with pytest.raises(DeviceError) as error:
        operands("add", minigrad.ones(2, 3), cuda(3))
    assert str(error.value) == (
        "add: operands live on different devices\n"
        "  operand 0: cpu, shape (2, 3)\n"
        "  operand 1: cuda, shape (3,)\n"
        "Hint: move one with .to(device)"
    )


def test_devices_are_compared_even_where_shapes_and_types_agree(cuda):
    with pytest.raises(DeviceError):
        operands("add", constant(np.zeros(3, "float32")), cuda(3))


def test_quiet_lets_an_op_reach_infinity_and_nan():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with quiet():
            assert np.isinf(np.ones(1) / 0)[0] and np.isnan(np.zeros(1) / 0)[0] and np.isinf(np.exp(np.array(1e4)))
        with pytest.raises(RuntimeWarning):
            np.ones(1) / 0


@pytest.mark.parametrize("dtype, number", [("int8", 300), ("uint8", -1), ("int64", 10**30), ("float32", 10**400)])
def test_a_number_that_the_type_cannot_hold_is_refused(dtype, number):
    for pair in ((minigrad.ones(2, dtype=dtype), number), (number, minigrad.ones(2, dtype=dtype))):
        with pytest.raises(MinigradError, match=dtype):
            operands("add", *pair)


@pytest.mark.parametrize("dtype, number", [("float32", 1e300), ("float16", 1e10)])
def test_a_float_beyond_the_type_is_infinite_without_a_warning(dtype, number):
    _, b = operands("add", minigrad.ones(2, dtype=dtype), number)
    assert b.item() == np.inf
