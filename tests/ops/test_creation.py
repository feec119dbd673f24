import math

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, errors, ops
from tests.ops.laws import *


def constant_of(shape, value):
    return lambda *_, **__: np.full(shape, value)


CASES = [
    *[Case(name, op, lambda data: np.array(data), [[[1, 2], [3, 4]]], differentiable=False) for name, op in [
        ("tensor", ops.tensor), ("as_tensor", ops.as_tensor)]],
    Case("as_tensor", ops.as_tensor, np.array, [A(2, 3)]),
    Case("from_dlpack", lambda: ops.from_dlpack(np.arange(3.0)), lambda: np.arange(3.0), [], differentiable=False),
    Case("from_numpy", lambda: ops.from_numpy(np.arange(3.0)), lambda: np.arange(3.0), [], differentiable=False),
    *[Case(name, op, constant_of((2, 3), value), [2, 3], differentiable=False) for name, op, value in [
        ("zeros", ops.zeros, 0), ("ones", ops.ones, 1), ("empty", ops.empty, 0)]],
    *[Case(name, op, constant_of(shape, value), [shape], differentiable=False) for name, op, value in [
        ("zeros", ops.zeros, 0), ("ones", ops.ones, 1)] for shape in [(), (0, 2), (4,)]],
    *[Case("full", ops.full, lambda size, v: np.full(size, v), [size, v], differentiable=False) for size, v in [((2, 3), 2.5), (3, -1), ((), True)]],
    *[Case("arange", ops.arange, lambda *args: np.arange(*args), list(args), differentiable=False, rtol=1e-6) for args in [
        (5,), (0,), (1, 5), (5, 1, -1), (-2, 7, 3), (7, -2, -3), (3, 3), (2.5,), (1, 2.5, 0.5), (0.0, 1, 0.3), (1, 0.0, -0.25)]],
    *[Case("linspace", ops.linspace, np.linspace, list(args), differentiable=False, rtol=1e-6) for args in [
        (0, 1, 5), (-1.5, 2, 4), (3, -3, 7), (2, 2, 3), (0, 1, 1), (0, 1, 0)]],
    Case("logspace", ops.logspace, np.logspace, [0, 3, 4], differentiable=False),
    *[Case("eye", ops.eye, lambda n, m=None: np.array([[float(i == j) for j in range(n if m is None else m)] for i in range(n)]),
           list(args), differentiable=False) for args in [(3,), (2, 4), (4, 2)]],
    *[Case(name, op, constant_of((2, 3), value), [A(2, 3), *args], differentiable=False, general=False) for name, op, value, args in [
        ("zeros_like", ops.zeros_like, 0, ()), ("ones_like", ops.ones_like, 1, ()), ("empty_like", ops.empty_like, 0, ()),
        ("full_like", ops.full_like, 2.5, (2.5,))]],
    *[Case(name, op, constant_of((4, 1), value), [A(2, 3), *args], differentiable=False) for name, op, value, args in [
        ("new_zeros", ops.new_zeros, 0, (4, 1)), ("new_ones", ops.new_ones, 1, ((4, 1),)), ("new_empty", ops.new_empty, 0, (4, 1)),
        ("new_full", ops.new_full, 2.5, ((4, 1), 2.5)), ("new_tensor", ops.new_tensor, 5, ([[5]] * 4,))]],
]  # fmt: skip

F16, F32, F64 = (np.dtype(f"float{n}") for n in (16, 32, 64))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (1.0, F32), ([1, 2.5], F32), (1, "int64"), ([True, 2], "int64"), (True, "bool"), ([], F32), ([[]], F32), ([[1], [2.0]], F32),
        (np.float64(1), F64), ([np.float64(1)], F64), ([np.float32(1), np.float64(2)], F64), ([np.float32(1), 2], F32),
        ([np.float16(1)], F16), ([np.float16(1), 2.0], F32), (np.arange(3.0), F64), ([np.arange(2.0)] * 2, F64), (np.ones(2, "f2"), F16),
        (np.arange(3, dtype="int8"), "int8"), ([np.int8(1)], "int8"), (np.array([True]), "bool"), (range(3), "int64"),
    ],
    ids=repr,
)  # fmt: skip
def test_the_dtype_follows_from_the_data(data, expected):
    assert ops.tensor(data).dtype == expected


def test_tensors_inside_lists_keep_their_dtype():
    assert ops.tensor([ops.tensor(1.0, dtype=F64), ops.tensor(2.0, dtype=F64)]).dtype == F64
    assert ops.tensor([ops.tensor(1.0), 2]).dtype == F32
    assert ops.tensor([[ops.tensor([1, 2])], [[3, 4]]]).tolist() == [[[1, 2]], [[3, 4]]]


def test_a_dtype_that_is_given_wins():
    for kind in (F16, F64, "int32", np.int8, bool):
        assert ops.tensor([1.0, 0.0], dtype=kind).dtype == np.dtype(kind)
        assert ops.zeros(2, dtype=kind).dtype == ops.full((2,), 1, dtype=kind).dtype == ops.arange(2, dtype=kind).dtype == np.dtype(kind)
        assert ops.zeros_like(ops.zeros(2), dtype=kind).dtype == ops.zeros(2).new_ones(2, dtype=kind).dtype == np.dtype(kind)


def test_the_default_dtype_can_be_changed():
    minigrad.set_default_dtype(F64)
    try:
        assert ops.tensor(1.0).dtype == ops.zeros(1).dtype == ops.arange(2.0).dtype == ops.full((), 1.5).dtype == ops.eye(2).dtype == F64
    finally:
        minigrad.set_default_dtype(F32)


def test_tensor_copies_and_as_tensor_and_from_numpy_share():
    a = np.zeros(2)
    copied, shared, wrapped = ops.tensor(a), ops.as_tensor(a), ops.from_numpy(a)
    a[0] = 1
    assert copied.tolist() == [0, 0] and shared.tolist() == wrapped.tolist() == [1, 0]


class Foreign:
    """An array of a library that shares its memory by DLPack and by nothing else."""

    def __init__(self, array):
        self.__dlpack__, self._device = array.__dlpack__, array.__dlpack_device__()

    def __dlpack_device__(self):
        return self._device


def test_from_dlpack_shares_the_memory_of_another_library_and_dlpack_hands_it_over():
    a = np.zeros((2, 3))[:, ::2]
    x = ops.from_dlpack(Foreign(a))
    a[1, 1] = 7
    assert x.tolist() == [[0, 0], [0, 7]] and x.device == "cpu"
    b = np.from_dlpack(x)
    a[0, 0] = 3
    assert b[0, 0] == 3


def test_dlpack_refuses_a_tensor_with_a_gradient_to_follow():
    x = Tensor([1.0], requires_grad=True)
    with pytest.raises(errors.GradientError, match=r"hand over x\.detach"):
        np.from_dlpack(x)
    assert np.from_dlpack(x.detach()).tolist() == [1]


def test_as_tensor_keeps_the_history_and_tensor_starts_a_new_one():
    x = Tensor([1.0], requires_grad=True)
    assert ops.as_tensor(x * 2).requires_grad and not ops.tensor(x * 2).requires_grad
    assert ops.tensor(x, requires_grad=True).is_leaf


@pytest.mark.parametrize("make", [lambda **k: ops.tensor([1.0], **k), lambda **k: ops.zeros(1, **k), lambda **k: ops.ones(1, **k),
    lambda **k: ops.empty(1, **k), lambda **k: ops.full((1,), 2.0, **k), lambda **k: ops.arange(2.0, **k), lambda **k: ops.linspace(0, 1, 2, **k),
    lambda **k: ops.logspace(0, 1, 2, **k), lambda **k: ops.eye(2, **k), lambda **k: ops.zeros(2).new_tensor([1.0], **k),
    lambda **k: ops.ones_like(ops.zeros(2), **k), lambda **k: ops.zeros(2).new_full((1,), 3, **k)])  # fmt: skip
def test_every_maker_takes_requires_grad_dtype_and_device(make):
    x = make(requires_grad=True, dtype=F64, device="cpu")
    assert x.requires_grad and x.is_leaf and x.dtype == F64 and x.device == "cpu"
    assert not make(device=None, dtype=None).requires_grad


def test_the_size_may_be_given_by_keyword():
    assert ops.zeros(size=(2, 3)).shape == ops.ones(size=[2, 3]).shape == ops.empty(size=(2, 3)).shape == (2, 3)


def test_full_takes_a_number_that_is_a_tensor():
    assert ops.full((2,), ops.tensor(2.5)).tolist() == [2.5, 2.5]


def test_the_end_of_a_linspace_is_exact_and_integers_are_cut_off():
    assert ops.linspace(0, 0.1, 7, dtype=F64)[-1].item() == 0.1
    assert ops.linspace(-1, 1, 4, dtype=int).tolist() == [-1, 0, 0, 1]
    assert ops.arange(0, 2, 0.5, dtype=int).tolist() == [0, 0, 1, 1]


def test_large_whole_numbers_stay_exact():
    assert ops.arange(2**62, 2**62 + 3).tolist() == [2**62, 2**62 + 1, 2**62 + 2]


def test_logspace_takes_a_base():
    np.testing.assert_allclose(ops.logspace(0, 3, 4, base=2).numpy(), [1, 2, 4, 8])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ops.tensor("a"), errors.DtypeError, "tensor: cannot hold str data"),
        (lambda: ops.tensor(None), errors.DtypeError, "tensor: cannot hold NoneType data"),
        (lambda: ops.tensor([1, [2]]), errors.ShapeError, "tensor: the nested sequences have unequal lengths\nHint: pad them"),
        (lambda: ops.tensor([1j]), errors.DtypeError, "of type complex128"),
        (lambda: ops.tensor([2**70]), errors.DtypeError, "of type object"),
        (lambda: ops.tensor([1], requires_grad=True), errors.DtypeError, "only floating tensors have gradients"),
        (lambda: ops.tensor(1.0, dtype="complex64"), errors.DtypeError, "complex64 is not supported"),
        (lambda: ops.tensor(1.0, dtype="floaty"), errors.ArgumentError, "'floaty' is not an element type"),
        (lambda: ops.tensor(1.0, device="gpu"), errors.ArgumentError, "device: 'gpu' is unknown"),
        (lambda: ops.from_dlpack([1]), errors.DtypeError, "list does not speak DLPack"),
        (lambda: ops.from_numpy([1]), errors.DtypeError, "from_numpy: needs a NumPy array, got list"),
        (lambda: ops.from_numpy(np.array(["a"])), errors.DtypeError, "is not supported"),
        (lambda: ops.zeros(-1), errors.ShapeError, r"zeros: sizes must not be negative, got \(-1,\)"),
        (lambda: ops.ones(2, -3), errors.ShapeError, "ones: sizes must not be negative"),
        (lambda: ops.empty(-1), errors.ShapeError, "empty: sizes must not be negative"),
        (lambda: ops.zeros(1.5), errors.ShapeError, "zeros: sizes must be integers"),
        (lambda: ops.full((2,), "x"), errors.DtypeError, "full: fill_value must be a number, got str"),
        (lambda: ops.full((2,), 300, dtype="uint8"), errors.DtypeError, "full: 300 does not fit into uint8"),
        (lambda: ops.arange(0, 5, 0), errors.ArgumentError, "arange: a step of 0 does not lead from 0 to 5"),
        (lambda: ops.arange(5, 1), errors.ArgumentError, "arange: a step of 1 does not lead from 5 to 1"),
        (lambda: ops.arange(math.inf), errors.ArgumentError, "arange: start, end and step must be finite"),
        (lambda: ops.arange(0, math.nan), errors.ArgumentError, "must be finite"),
        (lambda: ops.linspace(0, 1, -1), errors.ArgumentError, "linspace: steps must be at least 0, got -1"),
        (lambda: ops.logspace(0, 1, -1), errors.ArgumentError, "logspace: steps must be at least 0"),
        (lambda: ops.eye(-1), errors.ShapeError, "eye: sizes must not be negative"),
    ],
)
def test_data_and_sizes_that_make_no_tensor_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
