import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import minigrad
from minigrad import Tensor, errors, ops
from tests.ops.laws import *

S, N = slice, None
MASK = np.array([[True, False, True], [False, False, True]])
KEYS = {
    (2, 3): [
        0, -1, (1, 2), (0, -3), S(1, None), S(None, None, -1), (S(None), S(None, None, -2)), (S(2, 0, -1), 1), ..., (), (..., 1),
        (0, ...), N, (S(None), N), (N, ..., N), True, (N, 0, S(0, 0)), S(5, 9), [0, 0, 1], [-1, 0, -1], ([0, 1, 1], [2, 0, 0]),
        ([0, 1], [-1, -2]),
        (S(None), [0, 0, 2]), ([[0], [1]], [0, 1, 1]), ([0, 0], S(None, None, -1)), (1, [0, 2, 2]), ([1, 1], N, S(1, 3)), MASK,
        [True, False], (S(None), [True, False, True]), ([True, True], [0, 2]), (N, MASK), ([0, 0], ...), (N, [0, 0], ..., [1, 1]),
        ([],), range(2), np.array(1), np.int64(-1), (np.array([[1, 1], [0, 1]]),), np.zeros((2, 3), bool), [[0, 1], [1, 1]],
    ],
    (2, 3, 4): [
        ([0, 1, 1], S(None), [3, 0, 0]), (S(None), [0, 0], [1, 1]), (0, S(None), [1, 1]), (S(None), [[0, 2], [2, 2]]), (MASK,),
        (MASK, [0, 1, 1]), (S(None, None, -1), 1, [3, 3]), ([1, 1], [2, 2]), (..., [0, 0], N, S(None)), (N, 0, ..., S(None, None, 2)),
    ],
    (): [(), ..., N, (N, ...), True, False],
    (0, 3): [S(None), (S(None), [0, 0]), [], N, (..., 1), np.zeros((0, 3), bool)],
}  # fmt: skip
PLACES = [(shape, key) for shape, keys in KEYS.items() for key in keys]


def read(x, key):
    return np.asarray(x[tuple(key) if isinstance(key, range) else key])


def read_at(x, key):
    return read(x, list(key) if isinstance(key, range) else key)


def added_back(y, key, size):
    x = np.zeros(size)
    np.add.at(x, list(key) if isinstance(key, range) else key, y)
    return x


def written(x, key, v, accumulate=False):
    """Write value after value, in the row-major order of the values."""
    places = np.asarray(np.arange(x.size).reshape(x.shape)[key])
    z = x.copy().reshape(-1)
    for place, value in zip(places.flat, np.broadcast_to(v, places.shape).flat, strict=True):
        z[place] = z[place] + value if accumulate else value
    return z.reshape(x.shape)


def shape_at(shape, key):
    return read_at(np.empty(shape), key).shape


CASES = [
    *[Case("getitem", ops.getitem, read_at, [A(*shape), key]) for shape, key in PLACES],
    *[Case("put_add", ops.put_add, added_back, [A(*shape_at(shape, key)), key, shape]) for shape, key in PLACES],
    *[Case("index_put", ops.index_put, written, [A(*shape), key, A(*value)]) for shape, key, value in [
        ((2, 3), 0, (3,)), ((2, 3), 0, ()), ((2, 3), (S(None), [0, 2]), (2, 2)), ((4,), [0, 0, 1], (3,)), ((4,), [0, 0, 1], ()),
        ((2, 3), ([0, 0, 1], [1, 1, 1]), (3,)), ((2, 3), ([[0], [0]], [1, 1, 1]), (2, 3)), ((2, 3), ([[0], [0]], [1, 1, 1]), (3,)),
        ((2, 3), MASK, (3,)), ((2, 3), MASK, ()), ((2, 3), [False, True], (1, 3)), ((2, 3), S(None, None, -1), (2, 3)),
        ((2, 3), (..., [1, 1]), (2, 1)), ((), (), ()), ((0, 3), (S(None), [0, 0]), (0, 2)), ((2, 3), [], (3,))]],
    *[Case("index_put", ops.index_put, written, [A(*shape), key, A(*value), True]) for shape, key, value in [
        ((4,), [0, 0, 1], (3,)), ((2, 3), ([[0], [0]], [1, 1, 1]), (3,)), ((2, 3), MASK, ()), ((2, 3), 1, (3,))]],
]  # fmt: skip

GRID = hnp.array_shapes(min_dims=1, max_dims=3, max_side=4)


@st.composite
def shapes_and_keys(draw):
    shape = draw(GRID)
    basic = hnp.basic_indices(shape, allow_newaxis=True)
    return shape, draw(st.one_of(basic, hnp.integer_array_indices(shape), hnp.arrays(bool, shape)))


@given(shapes_and_keys())
def test_put_add_is_the_adjoint_of_getitem(case):
    shape, key = case
    rng = np.random.default_rng(0)
    x = Tensor(rng.normal(size=shape))
    y = x[key]
    dy = Tensor(rng.normal(size=y.shape))
    assert (y * dy).sum().item() == pytest.approx((x * ops.put_add(dy, key, shape)).sum().item())


@given(shapes_and_keys(), st.booleans())
def test_index_put_splits_the_gradient_between_old_and_new(case, whole):
    shape, key = case
    rng = np.random.default_rng(0)
    x, v = Tensor(rng.normal(size=shape), requires_grad=True), None
    v = Tensor(rng.normal(size=x[key].shape if whole else ()), requires_grad=True)
    dz = rng.normal(size=shape)
    ops.index_put(x, key, v).backward(Tensor(dz))
    turns = np.broadcast_to(np.arange(v.numel()).reshape(v.shape), x[key].shape)
    owner = written(np.full(shape, -1.0), key, turns)
    np.testing.assert_allclose(x.grad.numpy(), np.where(owner == -1, dz, 0))
    expected = [dz[owner == i].sum() for i in range(v.numel())]
    np.testing.assert_allclose(v.grad.numpy().reshape(-1), expected, atol=1e-12)


def test_an_element_read_twice_receives_both_gradients():
    x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    x[[0, 2, 0]].backward(Tensor([1.0, 10.0, 100.0]))
    assert x.grad.tolist() == [101, 0, 10]


def test_tensors_arrays_lists_and_tuples_of_places_mean_the_same():
    x = minigrad.arange(12).reshape(3, 4)
    for rows in ([0, 2], np.array([0, 2]), minigrad.tensor([0, 2]), (0, 2)):
        assert x[rows,].tolist() == [[0, 1, 2, 3], [8, 9, 10, 11]]
    assert x[[minigrad.tensor(0), minigrad.tensor(2)]].tolist() == x[[0, 2]].tolist()
    assert x[((0, 0),)].tolist() == [[0, 1, 2, 3], [0, 1, 2, 3]]
    assert x[x > 9].tolist() == [10, 11]


def test_a_list_of_places_repeated_in_a_tuple_of_tuples_accumulates():
    x = Tensor([1.0, 2.0], requires_grad=True)
    x[((0, 0, 1),)].sum().backward()
    assert x.grad.tolist() == [2, 1]


def test_an_integer_beside_a_list_counts_as_one_as_in_numpy():
    assert minigrad.zeros(2, 3, 4)[0, :, [1, 2]].shape == (2, 3)


@pytest.mark.parametrize("key", [0, (0, 1), minigrad.tensor(0), np.int64(0), S(1), (..., 0), N, S(None, None, -1)], ids=str)
def test_integers_and_slices_read_views(key):
    x = minigrad.zeros(2, 3)
    x[key].fill_(1)
    assert x.sum().item() == np.ones((2, 3))[key.array if isinstance(key, Tensor) else key].sum()


def test_a_list_of_places_reads_a_copy():
    x = minigrad.zeros(3)
    x[[0, 1]].fill_(1)
    assert x.sum().item() == 0


@pytest.mark.parametrize("wrap", [np.asarray, minigrad.from_numpy])
def test_places_changed_after_the_forward_pass_do_not_change_the_gradient(wrap):
    x, places = Tensor([1.0, 2.0, 3.0], requires_grad=True), np.array([0, 0])
    y = x[wrap(places)]
    places[:] = 2
    y.sum().backward()
    assert x.grad.tolist() == [2, 0, 0]


def test_of_several_values_for_one_element_the_last_in_row_major_order_stays():
    x, v = Tensor(np.zeros(1), requires_grad=True), Tensor(np.arange(6.0).reshape(3, 2), requires_grad=True)
    z = ops.index_put(x, ([[0, 0, 0], [0, 0, 0]],), v.mT)
    z.backward(Tensor([7.0], dtype="float64"))
    assert z.tolist() == [5]
    assert v.grad.tolist() == [[0, 0], [0, 0], [0, 7]]


def test_a_value_written_over_takes_no_part_even_where_the_gradient_is_infinite():
    v = Tensor([1.0, 2.0], requires_grad=True)
    ops.index_put(minigrad.zeros(1), [0, 0], v).backward(Tensor([np.inf]))
    assert v.grad.tolist() == [0, np.inf]


def test_assignment_through_a_mask_takes_one_number_or_one_for_each_place():
    x, mask = Tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True), [True, False, True, False]
    one, each = Tensor(5.0, requires_grad=True), Tensor([6.0, 7.0], requires_grad=True)
    for value, expected in ((one, 14.0), (each, [2.0, 12.0])):
        y = x * 1
        y[minigrad.tensor(mask)] = value
        x.grad = None
        (y * Tensor([2.0, 3.0, 12.0, 5.0])).sum().backward()
        assert value.grad.tolist() == expected and x.grad.tolist() == [0, 3, 0, 5]


def test_axes_of_size_1_before_a_value_are_dropped():
    v = Tensor(np.ones((1, 1, 3)), requires_grad=True)
    z = ops.index_put(Tensor(np.zeros((2, 3))), 0, v)
    z.backward(Tensor(np.arange(6.0).reshape(2, 3)))
    assert v.grad.tolist() == [[[0, 1, 2]]]


def test_a_value_is_cast_to_the_dtype_written_to():
    v = Tensor([1.5], dtype="float64", requires_grad=True)
    z = ops.index_put(minigrad.zeros(2), [1], v)
    z.sum().backward()
    assert z.dtype == minigrad.float32 and v.grad.dtype == minigrad.float64


X = minigrad.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: X[2], errors.RangeError, r"getitem: shape \(2, 3\) cannot be indexed so: index 2 is out of bounds for axis 0"),
        (lambda: X[0, [0, 3]], errors.RangeError, "index 3 is out of bounds for axis 1 with size 3"),
        (lambda: X[0, 0, 0], errors.RangeError, "too many indices"),
        (lambda: X[[True, False, True]], errors.RangeError, "boolean index"),
        (lambda: X[[0, 1], [0, 1, 2]], errors.RangeError, "could not be broadcast together"),
        (lambda: X["a"], errors.RangeError, "only integers, slices"),
        (lambda: X[1.0], errors.DtypeError, "getitem: an index must be an integer, got 1.0"),
        (lambda: X[0, 1.0], errors.DtypeError, "getitem: an index must be an integer"),
        (lambda: X[X], errors.DtypeError, r"must be integer or bool, got float32\nHint: convert with .long\(\)"),
        (lambda: X[minigrad.tensor([1], dtype="uint8")], errors.DtypeError, r"uint8 index is a mask in PyTorch .*\nHint"),
        (lambda: ops.put_add(X, 0, (2, 3)), errors.ShapeError, r"put_add: a value of shape \(2, 3\) does not fit the \(3,\)"),
        (lambda: ops.put_add(X, [0, 0], (2, 4)), errors.ShapeError, r"does not fit the \(2, 4\)"),
        (lambda: ops.put_add(X[0], 5, (2, 3)), errors.RangeError, "put_add: shape"),
        (lambda: ops.put_add(X, [0, 5], (2, 3)), errors.RangeError, "put_add: shape"),
        (lambda: ops.put_add(X[0], ([0, 1], [0, 1, 2]), (2, 3)), errors.ShapeError, r"put_add: .*\(2,\).*\(3,\)"),
        (lambda: ops.put_add(X[0], ([0, 1, 0], [0, 1, 3]), (2, 3)), errors.RangeError, "put_add: shape"),
        (lambda: ops.index_put(X, 0, X), errors.ShapeError, r"index_put: a value of shape \(2, 3\) does not fit the \(3,\)"),
        (lambda: ops.index_put(X, X > 2, minigrad.ones(2)), errors.ShapeError, r"shape \(2,\) does not fit the \(3,\)"),
        (lambda: ops.index_put(X, 7, X), errors.RangeError, "index_put: shape"),
        (lambda: ops.index_put(X, 0, 1.0), errors.DtypeError, "index_put: values must be a tensor, got float"),
    ],
)
def test_keys_and_values_that_do_not_fit_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
