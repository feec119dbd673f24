from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

import minigrad as mg
from minigrad.data.collate import collate_array, default_collate
from minigrad.errors import ArgumentError, DtypeError, ShapeError
from minigrad.tensor import Tensor


class Pair(NamedTuple):
    image: Any
    label: Any


def check(found: object, values: Any, dtype: str) -> None:
    assert isinstance(found, Tensor) and found.dtype == dtype
    np.testing.assert_array_equal(found.numpy(), values)


def test_numbers_become_one_axis() -> None:
    check(default_collate([1, 2, 3]), [1, 2, 3], "int64")
    check(default_collate([1.5, 2.0]), [1.5, 2.0], "float64")
    check(default_collate([1, 2.5]), [1, 2.5], "float64")
    check(default_collate([True, False]), [True, False], "bool")
    check(default_collate([True, 2]), [1, 2], "int64")


@pytest.mark.parametrize("dtype", ["uint8", "float16", "float32", "float64", "int32", "bool"])
def test_arrays_are_stacked_and_keep_their_type(dtype: str) -> None:
    x = np.random.default_rng(0).integers(0, 2, (4, 2, 3)).astype(dtype)
    check(default_collate(list(x)), x, dtype)
    check(default_collate(list(x[:, 0, 0])), x[:, 0, 0], dtype)


def test_tensors_are_stacked_and_keep_their_history() -> None:
    x = [mg.tensor([1.0, 2.0], requires_grad=True), mg.tensor([3.0, 4.0], requires_grad=True)]
    y = default_collate(x)
    check(y.detach(), [[1, 2], [3, 4]], "float32")
    (y * mg.tensor([[1.0, 2.0], [3.0, 4.0]])).sum().backward()
    assert x[1].grad.tolist() == [3, 4]


def test_containers_keep_their_form() -> None:
    items = [{"x": (np.full(2, i), "name"), "p": Pair(i, [float(i), b"raw"])} for i in range(3)]
    found = default_collate(items)
    assert list(found) == ["x", "p"] and isinstance(found["x"], list) and isinstance(found["p"], Pair)
    check(found["x"][0], [[0, 0], [1, 1], [2, 2]], "int64")
    assert found["x"][1] == ["name"] * 3
    check(found["p"].image, [0, 1, 2], "int64")
    check(found["p"].label[0], [0, 1, 2], "float64")
    assert found["p"].label[1] == [b"raw"] * 3


def test_ragged_items_are_named_with_their_sizes() -> None:
    items = [{"x": (0, np.zeros(n))} for n in (3, 3, 5, 3, 4)]
    with pytest.raises(ShapeError) as caught:
        default_collate(items)
    assert str(caught.value) == (
        "collate: item 0 has shape (3,) but item 2 has (5,) at ['x'][1]\n"
        "  found  (3,) 3 times, (5,) 1 times, (4,) 1 times\n"
        "Hint: pad or crop the items to one shape in the data set, or pass a collate_fn that does"
    )
    with pytest.raises(ShapeError, match=r"item 0 has shape \(2,\) but item 1 has \(\)\n"):
        default_collate([mg.zeros(2), mg.zeros(())])


@pytest.mark.parametrize(
    ("batch", "error", "message"),
    [
        ([], ArgumentError, "the batch has no items"),
        ([(1, 2), (1,)], ArgumentError, "item 0 has parts 2 but item 1 has 1"),
        ([{"a": 1}, {"a": 1, "b": 2}], ArgumentError, "item 0 has keys ['a'] but item 1 has ['a', 'b']"),
        ([None, None], DtypeError, "items of type NoneType do not make a tensor"),
        ([(1, None), (1, 2)], DtypeError, "items at [1] of type NoneType, int do not make a tensor"),
        ([np.zeros(2), 1.0], DtypeError, "items of type ndarray, float do not"),
        ([np.array([None]), np.array([None])], DtypeError, "items of type ndarray do not"),
        ([2**63, 1], DtypeError, "9223372036854775808 does not fit in int64"),
    ],
)
def test_items_that_do_not_fit_together_are_refused(batch: list[Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        default_collate(batch)
    assert message in str(caught.value)


def test_the_order_of_keys_does_not_count() -> None:
    found = default_collate([{"a": 1, "b": 2}, {"b": 4, "a": 3}])
    assert found["a"].tolist() == [1, 3] and found["b"].tolist() == [2, 4]


def test_a_batch_of_strings_stays_a_list() -> None:
    assert collate_array(np.array(["ada", "grace"])) == ["ada", "grace"]
    assert default_collate(list(np.array(["ada", "grace"]))) == ["ada", "grace"]
