import numpy as np
import pytest

import minigrad
from minigrad import Tensor, errors, ops
from tests.ops.laws import *


def K(*shape, below, low=0):
    """Describe a random index."""
    return A(*shape, low=low, high=below, dtype="int64")


def moved(place, dim, i):
    return tuple(i if d == dim else p for d, p in enumerate(place))


def gathered(x, dim, index):
    y = np.empty(index.shape)
    for place in np.ndindex(*index.shape):
        y[place] = x[moved(place, dim % max(x.ndim, 1), index[place])] if x.ndim else x
    return y


def scattered(x, dim, index, src=None, value=None, add=False):
    z, v = x.copy(), np.broadcast_to(src if value is None else value, index.shape) if np.ndim(src) == 0 else src
    for place in np.ndindex(*index.shape):
        target = moved(place, dim % max(x.ndim, 1), index[place])
        z[target] = z[target] + v[place] if add else v[place]
    return z


def scatter_added(x, dim, index, src):
    return scattered(x, dim, index, src, add=True)


def slices_added(x, dim, index, source, alpha=1):
    z = np.moveaxis(x.copy(), dim, 0) if x.ndim else x.copy().reshape(1)
    for i, v in zip(index.reshape(-1), np.moveaxis(source, dim, 0) if x.ndim else source.reshape(-1), strict=True):
        z[i] += alpha * v
    return np.moveaxis(z, 0, dim) if x.ndim else z.reshape(())


def taken(x, index):
    return np.array([x.flat[i] for i in index.flat]).reshape(index.shape)


def taken_along(x, indices, dim=None):
    if dim is None:
        return taken(x, indices).reshape(-1)
    shape = [max(a, b) if 0 not in (a, b) else 0 for a, b in zip(x.shape, indices.shape, strict=True)]
    shape[dim] = indices.shape[dim]
    y = np.empty(shape)
    for place in np.ndindex(*shape):
        i = indices[tuple(0 if n == 1 else p for p, n in zip(place, indices.shape, strict=True))]
        source = moved(place, dim % x.ndim, i)
        y[place] = x[tuple(0 if n == 1 and d != dim % x.ndim else p for d, (p, n) in enumerate(zip(source, x.shape, strict=True)))]
    return y


def in_place(op):
    """Return the op on a copy, so that the inputs are left as they were."""
    return lambda x, *args, **kwargs: op(x * 1, *args, **kwargs)


SCATTERS = [
    ((2, 4), 1, (2, 7), 4, (2, 8)), ((3, 4), 0, (2, 3), 3, (2, 3)), ((3, 4), -2, (5, 2), 3, (5, 3)), ((2, 3, 2), 1, (2, 4, 2), 3, (2, 4, 2)),
    ((4,), 0, (6,), 4, (6,)), ((3, 4), 0, (0, 4), 3, (2, 4)), ((), 0, (), 1, ()),
]  # fmt: skip
ADDS = [((3, 4), 1, (6,), 4, (3, 6)), ((3, 4), 0, (5,), 3, (5, 4)), ((3, 4), -1, (), 4, (3, 1)), ((4,), 0, (0,), 4, (0,)), ((), 0, (1,), 1, ())]

CASES = [
    *[Case("gather", ops.gather, gathered, [A(*shape), dim, K(*index, below=n)]) for shape, dim, index, n in [
        ((3, 4), 0, (5, 2), 3), ((3, 4), -1, (2, 6), 4), ((2, 3, 4), 1, (2, 5, 3), 3), ((3,), 0, (0,), 3), ((), 0, (), 1), ((), 0, (3,), 1),
        ((3, 0), 0, (2, 0), 3), ((3, 4), 1, (3, 4), 4), ((3, 3), 0, (3, 3), 3)]],
    *[Case("index_select", ops.index_select, lambda x, dim, k: np.take(x, k.reshape(-1), dim), [A(*shape), dim, K(*index, below=n)], general=False)
        for shape, dim, index, n in [((3, 4), 0, (5,), 3), ((3, 4), -1, (2,), 4), ((2, 3, 4), 1, (4,), 3), ((3, 4), 0, (), 3), ((3,), 0, (0,), 3)]],
    Case("index_select", ops.index_select, lambda x, dim, k: x, [A(), 0, K(1, below=1)], general=False),
    *[Case("take", ops.take, taken, [A(*shape), K(*index, low=-n, below=n)]) for shape, index, n in [
        ((3, 4), (2, 5), 12), ((3, 4), (), 12), ((), (2,), 1), ((3,), (0,), 3)]],
    *[Case("take_along_dim", ops.take_along_dim, taken_along, [A(*shape), K(*index, low=-n, below=n), *dim])
        for shape, index, n, dim in [((3, 4), (3, 2), 4, (1,)), ((3, 1), (5, 4), 3, (0,)), ((1, 4), (3, 2), 4, (-1,)),
        ((3, 4), (2, 2), 12, ()), ((2, 3, 4), (1, 5, 1), 3, (1,))]],
    *[Case(name, op, scattered, [A(*shape), dim, K(*index, below=n), A(*src)]) for name, op in [
        ("scatter", ops.scatter), ("scatter_", in_place(ops.scatter_))] for shape, dim, index, n, src in SCATTERS],
    Case("scatter", ops.scatter, scattered, [A(2, 4), 1, K(2, 3, below=4), 2.5]),
    Case("scatter", ops.scatter, scattered, [A(2, 4), 1, K(1, 3, below=4)], {"value": -1}),
    Case("scatter", ops.scatter, scattered, [A(), 0, K(below=1), 2.5]),
    *[Case(name, op, scatter_added, [A(*shape), dim, K(*index, below=n), A(*src)]) for name, op in [
        ("scatter_add", ops.scatter_add), ("scatter_add_", in_place(ops.scatter_add_))] for shape, dim, index, n, src in SCATTERS],
    *[Case(name, op, slices_added, [A(*shape), dim, K(*index, below=n), A(*src)]) for name, op in [
        ("index_add", ops.index_add), ("index_add_", in_place(ops.index_add_))] for shape, dim, index, n, src in ADDS],
    Case("index_add", ops.index_add, slices_added, [A(3, 4), 1, K(6, below=4), A(3, 6)], {"alpha": -2.5}),
]  # fmt: skip

X, W = minigrad.arange(12.0).reshape(3, 4), minigrad.ones(1, 1, dtype="float64")
long = minigrad.tensor


def test_scatter_writes_one_hot_rows_in_place():
    x = minigrad.zeros(2, 3)
    assert x.scatter_(1, long([[2], [0]]), 1) is x
    assert x.tolist() == [[0, 0, 1], [1, 0, 0]]


def test_of_several_values_scattered_to_one_element_only_the_last_gets_a_gradient():
    v = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    z = minigrad.zeros(2).scatter(0, long([1, 0, 1]), v)
    z.backward(Tensor([5.0, 7.0]))
    assert z.tolist() == [2, 3] and v.grad.tolist() == [0, 5, 7]


def test_values_scattered_and_added_to_one_element_all_get_its_gradient():
    v = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    z = minigrad.zeros(2).scatter_add(0, long([1, 0, 1]), v)
    z.backward(Tensor([5.0, 7.0]))
    assert z.tolist() == [2, 4] and v.grad.tolist() == [7, 5, 7]


def test_the_part_of_src_beyond_the_index_gets_no_gradient():
    v = Tensor(np.ones((2, 3)), requires_grad=True)
    minigrad.zeros(2, 3, dtype="float64").scatter(1, long([[0, 1]]), v).sum().backward()
    assert v.grad.tolist() == [[1, 1, 0], [0, 0, 0]]


@pytest.mark.parametrize("kind", ["int8", "int32", "uint8", "int64"])
def test_every_integer_type_can_be_an_index(kind):
    assert X.gather(1, long([[3], [0]], dtype=kind)).tolist() == [[3], [4]]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: X.gather(0, long([[0, 3]])), errors.RangeError,
         r"^gather: index 3 is outside \[0, 2\] along dim 0, where shape \(3, 4\) has size 3$"),
        (lambda: X.gather(1, long([[-1]])), errors.RangeError, r"gather: index -1 is outside \[0, 3\] along dim 1"),
        (lambda: X.gather(0, long([0])), errors.ShapeError, r"gather: index needs as many axes as input.*\n.*\(3, 4\)\n.*\(1,\)"),
        (lambda: X.gather(0, minigrad.zeros(1, 5, dtype=int)), errors.ShapeError, "none of them longer, but for dim 0"),
        (lambda: X.gather(0, X), errors.DtypeError, "gather: index must be integer, got float32\nHint"),
        (lambda: X.gather(0, X > 1), errors.DtypeError, "gather: index must be integer, got bool"),
        (lambda: X.gather(2, long([[0]])), errors.AxisError, "gather: dim 2 is outside"),
        (lambda: X.gather(0, [[0]]), errors.DtypeError, "gather: index must be a tensor, got list"),
        (lambda: X.index_select(0, long([-1])), errors.RangeError, r"index_select: index -1 is outside \[0, 2\]"),
        (lambda: X.index_select(0, long([[0]])), errors.ShapeError, "index_select: index must have one axis"),
        (lambda: minigrad.tensor(1.0).index_select(0, long([1])), errors.RangeError, r"outside \[0, 0\]"),
        (lambda: X.take(long([12])), errors.RangeError, r"take: index 12 is outside \[-12, 11\], the size is 12"),
        (lambda: X.take(long([-13])), errors.RangeError, "take: index -13 is outside"),
        (lambda: X.take_along_dim(long([[4]]), 1), errors.RangeError, r"take_along_dim: index 4 is outside \[-4, 3\]"),
        (lambda: X.take_along_dim(long([0]), 1), errors.ShapeError, r"need the same number of axes.*\n.*\(3, 4\)\n.*\(1,\)"),
        (lambda: X.take_along_dim(minigrad.zeros(2, 1, dtype=int), 1), errors.ShapeError, "take_along_dim: shapes"),
        (lambda: X.scatter(0, long([[3]]), minigrad.ones(1, 1)), errors.RangeError, r"scatter: index 3 is outside \[0, 2\]"),
        (lambda: X.scatter(0, long([[3]]), 5), errors.RangeError, "scatter: index 3 is outside"),
        (lambda: X.scatter(0, long([[0]]), W), errors.DtypeError, "scatter: input is float32 but src is float64\nHint"),
        (lambda: X.scatter(0, long([[0, 1]]), minigrad.ones(1, 1)), errors.ShapeError, "scatter: index needs .* as src"),
        (lambda: X.scatter(0, long([[0]])), errors.DtypeError, "scatter: src must be a tensor, got NoneType"),
        (lambda: X.scatter_add(0, long([[3]]), minigrad.ones(1, 1)), errors.RangeError, "scatter_add: index 3"),
        (lambda: X.scatter_add(0, long([[0]]), 5), errors.DtypeError, "scatter_add: src must be a tensor, got int"),
        (lambda: X.index_add(0, long([3]), minigrad.ones(1, 4)), errors.RangeError, "index_add: index 3 is outside"),
        (lambda: X.index_add(0, long([0]), minigrad.ones(2, 4)), errors.ShapeError, r"need a source of \(1, 4\), got \(2, 4\)"),
        (lambda: X.index_add(0, long([[0]]), minigrad.ones(1, 4)), errors.ShapeError, "index_add: index must have one axis"),
        (lambda: X.index_add(0, long([0]), minigrad.ones(1, 4, dtype="float64")), errors.DtypeError, "but source is float64"),
    ],
)  # fmt: skip
def test_indices_and_values_that_do_not_fit_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
