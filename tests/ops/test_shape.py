import numpy as np
import pytest

import minigrad
from minigrad import Tensor, errors, ops
from tests.ops.laws import *

INT = {"dtype": "int64"}


def shaped(*shape):
    """Return a reference: the elements in row-major order, in the shape that the case is known to give."""
    return lambda x, *_, **__: np.array(list(x.flat), x.dtype).reshape(shape)


def repeated(*shape):
    """Return a reference: the element of each place, found by counting axes from the last."""

    def reference(x, *_):
        y = np.empty(shape)
        for place in np.ndindex(*shape):
            y[place] = x[tuple(0 if n == 1 else i for i, n in zip(place[len(shape) - x.ndim :], x.shape, strict=True))]
        return y

    return reference


def summed(x, *size):
    y = np.zeros(size)
    for place in np.ndindex(*x.shape):
        y[tuple(0 if n == 1 else i for i, n in zip(place[x.ndim - len(size) :], size, strict=True))] += x[place]
    return y


def view(x, *shape):
    return ops.view(x.contiguous(), *shape)


def grid(*xs, indexing="ij"):
    y = [np.empty([len(x) for x in xs]) for _ in xs]
    for place in np.ndindex(*y[0].shape):
        for k, x in enumerate(xs):
            y[k][place] = x[place[k]]
    return [np.swapaxes(part, 0, 1) for part in y] if indexing == "xy" else y


CASES = [
    *[Case("reshape", ops.reshape, shaped(*shape), [A(*source), *args], general=False) for source, args, shape in [
        ((2, 6), (3, 4), (3, 4)), ((2, 6), ((4, -1),), (4, 3)), ((2, 3, 4), (-1,), (24,)), ((), (1, 1), (1, 1)),
        ((1, 1), ((),), ()), ((0, 3), (0, 2), (0, 2)), ((0, 3), (-1,), (0,)), ((2, 0), (-1, 4), (0, 4))]],
    Case("reshape_as", ops.reshape_as, shaped(3, 4), [A(2, 6), A(3, 4, **INT)]),
    *[Case("view", view, shaped(*shape), [A(*source), *args], general=False) for source, args, shape in [
        ((2, 6), (3, 4), (3, 4)), ((2, 6), ((4, -1),), (4, 3)), ((), (1,), (1,)), ((0, 3), (3, 0), (3, 0))]],
    Case("view_as", lambda x, other: ops.view_as(x.contiguous(), other), shaped(3, 4), [A(12), A(3, 4, **INT)]),
    *[Case("flatten", ops.flatten, shaped(*shape), [A(*source), *args], general=False) for source, args, shape in [
        ((2, 3, 4), (), (24,)), ((2, 3, 4), (1,), (2, 12)), ((2, 3, 4), (0, -2), (6, 4)), ((2, 3), (1, 1), (2, 3)),
        ((), (), (1,)), ((2, 0, 4), (0, 1), (0, 4))]],
    *[Case("ravel", ops.ravel, shaped(n), [A(*source)]) for source, n in [((2, 3), 6), ((), 1), ((0, 2), 0)]],
    *[Case("unflatten", ops.unflatten, shaped(*shape), [A(*source), *args], general=False) for source, args, shape in [
        ((2, 6), (1, (2, 3)), (2, 2, 3)), ((6, 2), (0, (-1, 2)), (3, 2, 2)), ((2, 6), (-1, (6,)), (2, 6)),
        ((0, 2), (0, (0, 3)), (0, 3, 2)), ((2, 0), (1, (-1, 3)), (2, 0, 3))]],
    *[Case("squeeze", ops.squeeze, shaped(*shape), [A(*source), *args], general=False) for source, args, shape in [
        ((1, 2, 1), (), (2,)), ((1, 2, 1), (0,), (2, 1)), ((1, 2, 1), (1,), (1, 2, 1)), ((1, 2, 1), ((0, -1),), (2,)),
        ((), (), ()), ((1, 0), (0,), (0,)), ((1,), (-1,), ())]],
    *[Case("unsqueeze", ops.unsqueeze, shaped(*shape), [A(*source), dim]) for source, dim, shape in [
        ((2, 3), 0, (1, 2, 3)), ((2, 3), -1, (2, 3, 1)), ((2, 3), 1, (2, 1, 3)), ((), 0, (1,)), ((0,), -2, (1, 0))]],
    *[Case(f"atleast_{d}d", op, shaped(*shape), [A(*source)]) for d, op, source, shape in [
        (1, ops.atleast_1d, (), (1,)), (1, ops.atleast_1d, (2, 3), (2, 3)), (2, ops.atleast_2d, (), (1, 1)),
        (2, ops.atleast_2d, (3,), (1, 3)), (2, ops.atleast_2d, (0,), (1, 0)), (3, ops.atleast_3d, (), (1, 1, 1)),
        (3, ops.atleast_3d, (3,), (1, 3, 1)), (3, ops.atleast_3d, (2, 3), (2, 3, 1)), (3, ops.atleast_3d, (1, 2, 3), (1, 2, 3))]],
    *[Case("broadcast_to", ops.broadcast_to, repeated(*shape), [A(*source), shape]) for source, shape in [
        ((3,), (2, 3)), ((2, 1), (2, 4)), ((2, 1, 3), (4, 2, 5, 3)), ((), (2, 2)), ((1,), (0,)), ((2, 3), (2, 3)), ((1, 1), (1, 1))]],
    Case("broadcast_to", ops.broadcast_to, repeated(2, 3, 4), [A(3, 1), (2, -1, 4)]),
    *[Case("expand", ops.expand, repeated(*shape), [A(*source), *args]) for source, args, shape in [
        ((3, 1), (-1, 4), (3, 4)), ((1, 3), ((2, 2, -1),), (2, 2, 3)), ((), (3,), (3,)), ((1, 2), (0, 2), (0, 2))]],
    Case("expand_as", ops.expand_as, repeated(2, 3), [A(1, 3), A(2, 3, **INT)], general=False),
    Case("broadcast_tensors", ops.broadcast_tensors, lambda x, y, z: [repeated(2, 3)(v) for v in (x, y, z)], [A(3), A(2, 1), A()], general=False),
    *[Case("sum_to_size", ops.sum_to_size, summed, [A(*source), *size]) for source, size in [
        ((2, 3), (3,)), ((2, 3), (2, 1)), ((2, 3, 4), (3, 1)), ((2, 3), (1, 1)), ((2, 3), (2, 3)), ((0, 3), (1, 3))]],
    Case("sum_to_size", ops.sum_to_size, lambda x, _: np.asarray(sum(x.flat)), [A(2, 3), ()]),
    Case("meshgrid", ops.meshgrid, grid, [A(2), A(3), A(4)]),
    Case("meshgrid", ops.meshgrid, grid, [A(2), A(3), A(4)], {"indexing": "xy"}),
    Case("meshgrid", ops.meshgrid, lambda x, indexing: [x], [A(3)], {"indexing": "xy"}, general=False),
    Case("meshgrid", ops.meshgrid, lambda x, y: [x[:, None], np.full((2, 1), y)], [A(2), A()], general=False),
    Case("meshgrid", ops.meshgrid, grid, [A(2), A(0)]),
]  # fmt: skip

X = minigrad.arange(6.0).reshape(2, 3)


def test_reshape_shares_memory_where_it_can_and_copies_where_it_must():
    x = minigrad.zeros(2, 3)
    x.reshape(3, 2)[0, 1] = 5
    assert x[0, 1].item() == 5
    x.mT.reshape(6)[0] = 7
    assert x[0, 0].item() == 0


def test_a_write_through_a_view_is_seen_in_the_whole():
    x = minigrad.zeros(2, 6)
    x.view(3, 4)[2, 3] = 5
    assert x[1, 5].item() == 5


def test_view_refuses_to_copy_and_names_the_way_out():
    with pytest.raises(errors.ShapeError, match=r"^view: shape \(3, 2\) with strides .* \(6,\) without a copy\nHint: use reshape"):
        X.mT.view(6)
    assert X.mT.view(3, 2, 1).shape == (3, 2, 1)
    assert X[:, ::2].view(2, 2, 1).shape == (2, 2, 1)


def test_flatten_of_a_tensor_that_is_flat_keeps_its_history():
    x = Tensor([1.0, 2.0], requires_grad=True)
    (x.flatten() * Tensor([3.0, 5.0])).sum().backward()
    assert x.grad.tolist() == [3, 5]


def test_several_tensors_give_a_tuple():
    rows, number = ops.atleast_2d(X[0], minigrad.tensor(1.0))
    assert rows.shape == (1, 3) and number.shape == (1, 1)
    assert [x.shape for x in ops.atleast_1d([X, minigrad.tensor(1)])] == [(2, 3), (1,)]
    assert ops.broadcast_tensors() == ()


def test_a_broadcast_tensor_cannot_be_written_to():
    with pytest.raises(errors.InPlaceError):
        minigrad.zeros(1, 3).expand(2, 3).add_(1)


def test_meshgrid_takes_a_list_too():
    x, y = ops.meshgrid([minigrad.arange(2), minigrad.arange(3)])
    assert x.tolist() == [[0, 0, 0], [1, 1, 1]] and y.tolist() == [[0, 1, 2], [0, 1, 2]]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: X.reshape(4), errors.ShapeError, r"reshape: shape \(2, 3\) has 6 elements, \(4,\) would need 4\nHint"),
        (lambda: X.reshape(-1, 4), errors.ShapeError, r"reshape: .* would need a multiple of 4"),
        (lambda: X.reshape(-1, -1), errors.ShapeError, r"reshape: \(-1, -1\) may hold one -1"),
        (lambda: X.reshape(-2, 3), errors.ShapeError, r"no other negative size"),
        (lambda: minigrad.zeros(0, 3).reshape(0, -1), errors.ShapeError, "reshape: .* a multiple of 0"),
        (lambda: X.reshape(2.0, 3), errors.ShapeError, r"reshape: sizes must be integers, got \(2.0, 3\)"),
        (lambda: X.view(5), errors.ShapeError, r"view: shape \(2, 3\) has 6 elements"),
        (lambda: X.flatten(1, 0), errors.ArgumentError, r"flatten: start_dim 1 comes after end_dim 0 in shape \(2, 3\)"),
        (lambda: X.flatten(2), errors.AxisError, r"flatten: dim 2 is outside \[-2, 1\]"),
        (lambda: X.unflatten(1, (2, 2)), errors.ShapeError, r"unflatten: dim 1 of shape \(2, 3\) has 3 elements"),
        (lambda: X.unflatten(1, (2, -1)), errors.ShapeError, "unflatten: .* a multiple of 2"),
        (lambda: X.unflatten(1, ()), errors.ShapeError, "unflatten: needs an axis to split, and sizes"),
        (lambda: minigrad.tensor(1.0).unflatten(0, (1,)), errors.ShapeError, "unflatten: needs an axis to split"),
        (lambda: X.squeeze(2), errors.AxisError, "squeeze: dim 2 is outside"),
        (lambda: X.squeeze((0, 0)), errors.ArgumentError, "squeeze: .* names an axis twice"),
        (lambda: X.unsqueeze(4), errors.AxisError, r"unsqueeze: dim 4 is outside \[-3, 2\]"),
        (lambda: X.broadcast_to(3, 3), errors.ShapeError, r"broadcast_to: shapes \(2, 3\) and \(3, 3\) do not broadcast"),
        (lambda: X.broadcast_to(1, 3), errors.ShapeError, r"broadcast_to: shape \(2, 3\) cannot become \(1, 3\)"),
        (lambda: X.expand(3), errors.ShapeError, r"expand: \(3,\) has fewer axes than shape \(2, 3\)"),
        (lambda: X.expand(-1, 2, 3), errors.ShapeError, r"expand: \(-1, 2, 3\) may hold -1 only for the 2 axes"),
        (lambda: X.expand(-2, 3), errors.ShapeError, "expand: .* may hold -1 only"),
        (lambda: X.sum_to_size(2, 2), errors.ShapeError, "sum_to_size: shapes"),
        (lambda: X.sum_to_size(4, 2, 3), errors.ShapeError, "sum_to_size: shape .* does not come from broadcasting"),
        (lambda: ops.meshgrid(X), errors.ShapeError, r"meshgrid: needs vectors, got shapes \(2, 3\)"),
        (lambda: ops.meshgrid(X[0], indexing="ji"), errors.ArgumentError, "meshgrid: indexing is 'ji'"),
        (lambda: ops.meshgrid(), errors.ArgumentError, "meshgrid: needs at least one tensor"),
        (lambda: ops.broadcast_tensors(X, X.mT), errors.ShapeError, "broadcast_tensors: shapes"),
        (lambda: ops.reshape([1, 2], 2), errors.DtypeError, "reshape: input must be a tensor, got list"),
    ],
)
def test_what_does_not_fit_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
