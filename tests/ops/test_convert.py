import numpy as np
import pytest

import minigrad
from minigrad import Tensor, errors, ops
from tests.ops.laws import *

CASES = [
    *[Case(name, op, np.array, [A(*shape)]) for name, op in [("clone", ops.clone), ("contiguous", ops.contiguous)]
        for shape in [(2, 3), (), (0, 2)]],
    Case("detach", ops.detach, np.array, [A(2, 3)], differentiable=False),
    *[Case("to", lambda x, *args: ops.to(x, *args).to(x), lambda x, *_: x, [A(2, 3), *args], order=2) for args in [("cpu",), ("float64",)]],
    Case("type_as", lambda x, y: ops.type_as(x, y).to(x), lambda x, y: x, [A(2, 3), A(1)]),
]  # fmt: skip

CASTS = {"float": "float32", "double": "float64", "half": "float16", "long": "int64", "int": "int32", "bool": "bool"}


@pytest.mark.parametrize(("method", "kind"), CASTS.items())
def test_casts_give_their_type(method, kind):
    data = np.array([[0.0, -1.75], [2.5, 3.0]])
    y = getattr(Tensor(data, requires_grad=True), method)()
    assert y.dtype == kind and y.requires_grad == (y.dtype.kind == "f")
    np.testing.assert_array_equal(y.numpy(), data.astype(kind))


@pytest.mark.parametrize("method", ["float", "half"])
def test_the_gradient_of_a_cast_has_the_type_of_its_input(method):
    x = Tensor([1.0, 2.0], dtype="float64", requires_grad=True)
    getattr(x, method)().backward(Tensor([3.0, 5.0], dtype=CASTS[method]))
    assert x.grad.dtype == "float64" and x.grad.tolist() == [3, 5]


def test_a_cast_is_no_name_of_the_package_because_there_it_would_be_a_dtype():
    assert not any(name in ops.convert.__all__ for name in CASTS)


def test_to_takes_a_dtype_a_device_both_or_another_tensor():
    x = Tensor([1.5])
    for y in (x.to("float64"), x.to(minigrad.float64), x.to("cpu", "float64"), x.to(Tensor([1.0], dtype="float64")), x.to(dtype=np.float64)):
        assert y.dtype == "float64" and y.tolist() == [1.5]


def test_a_number_too_large_for_the_type_becomes_infinite_without_a_warning():
    assert Tensor([1e6, -1e6]).half().tolist() == [np.inf, -np.inf]


def test_to_returns_the_tensor_itself_where_nothing_changes():
    x = Tensor([1.5])
    assert x.to("float32") is x and x.to("cpu") is x and x.float() is x
    assert x.to("float32", copy=True) is not x


def test_a_clone_has_its_own_memory_and_a_detached_tensor_has_not():
    x = minigrad.zeros(2)
    x.clone().fill_(1)
    assert x.tolist() == [0, 0]
    x.detach().fill_(1)
    assert x.tolist() == [1, 1]


def test_detach_stops_gradients():
    x = Tensor([3.0], requires_grad=True)
    (x * x.detach()).backward()
    assert x.grad.tolist() == [3]


def test_a_write_to_a_detached_tensor_is_noticed_by_backward():
    x = Tensor([3.0], requires_grad=True)
    y = x * x
    x.detach().fill_(1)
    with pytest.raises(errors.InPlaceError):
        y.backward()


def test_contiguous_returns_the_tensor_itself_where_it_is():
    x = Tensor(np.zeros((2, 3)))
    assert x.contiguous() is x and x.mT.contiguous() is not x.mT and x.mT.contiguous().is_contiguous()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Tensor([1.0]).to("float3"), errors.ArgumentError, "'float3' is not an element type"),
        (lambda: Tensor([1.0]).to("complex64"), errors.DtypeError, "complex64 is not supported"),
        (lambda: ops.clone([1.0]), errors.DtypeError, "clone: input must be a tensor, got list"),
    ],
)
def test_what_is_no_type_or_tensor_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
