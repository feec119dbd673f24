import numpy as np
import pytest

import minigrad
from minigrad import ops
from minigrad.errors import ArgumentError, DtypeError, RangeError, ShapeError
from tests.ops.laws import *


def unpooling(d, **options):
    """Unpool where the largest pixels of a fixed random image are."""

    def op(y, *args):
        size = options.get("size", (4, 6, 2)[:d])
        image = np.random.default_rng(5).permutation(int(np.prod([2, 3, *size]))).reshape(2, 3, *size).astype(float)
        _, indices = getattr(ops, f"max_pool{d}d")(minigrad.tensor(image), 2, return_indices=True)
        return getattr(ops, f"max_unpool{d}d")(y, indices, *args)

    def reference(y, *args):
        x = np.zeros((2, 3, *(2 * p for p in y.shape[2:])))
        image = np.random.default_rng(5).permutation(x.size).reshape(x.shape)
        for at in np.ndindex(*y.shape):
            window = (*at[:2], *(slice(2 * p, 2 * p + 2) for p in at[2:]))
            block = image[window]
            x[window][np.unravel_index(block.argmax(), block.shape)] = y[at]
        return x

    return op, reference


CASES = [
    Case("max_unpool1d", *unpooling(1), [A(2, 3, 2), 2]),
    Case("max_unpool2d", *unpooling(2), [A(2, 3, 2, 3), 2]),
    Case("max_unpool2d", *unpooling(2), [A(2, 3, 2, 3), (2, 2), (2, 2), 0]),
    Case("max_unpool3d", *unpooling(3), [A(2, 3, 2, 3, 1), 2]),
]


def test_pooling_what_was_unpooled_gives_it_back():
    x = minigrad.tensor(np.random.default_rng(0).random((2, 3, 5, 7)))
    y, indices = ops.max_pool2d(x, 2, return_indices=True)
    back = ops.max_unpool2d(y, indices, 2, output_size=x.shape)
    assert back.shape == x.shape
    np.testing.assert_array_equal(ops.max_pool2d(back, 2).numpy(), y.numpy())
    kept = back.numpy() != 0
    np.testing.assert_array_equal(back.numpy()[kept], x.numpy()[kept])


def test_of_two_values_for_one_pixel_the_last_stays_and_takes_the_gradient():
    y = minigrad.tensor([[[5.0, 6.0]]], requires_grad=True)
    x = ops.max_unpool1d(y, minigrad.tensor([[[2, 2]]]), 2)
    np.testing.assert_array_equal(x.numpy(), [[[0, 0, 6, 0]]])
    x.backward(minigrad.tensor([[[1.0, 2, 3, 4]]]))
    np.testing.assert_array_equal(y.grad.numpy(), [[[0, 3]]])


Y, INDICES = minigrad.zeros(1, 1, 2, 2), minigrad.tensor([[[[0, 2], [8, 10]]]])


@pytest.mark.parametrize(("change", "kind", "words"), [
    ({"indices": INDICES.to("float32")}, DtypeError, "indices must be integers, got float32"),
    ({"indices": INDICES[0]}, ShapeError, "input has shape (1, 1, 2, 2) but indices (1, 2, 2)"),
    ({"indices": INDICES + 6}, RangeError, "indices holds 16, a plane of size (4, 4) has pixels 0 to 15"),
    ({"indices": INDICES - 1}, RangeError, "indices holds -1"),
    ({"output_size": (6, 4)}, ArgumentError, "output_size (6, 4) must be less than a stride, (2, 2), away from (4, 4)"),
    ({"output_size": (1, 4, 4)}, ArgumentError, "output_size must have 2 sizes, or 4 with N and C"),
    ({"padding": 2}, ShapeError, "the planes would have size (0, 0)"),
    ({"kernel_size": 0}, ArgumentError, "kernel_size must be at least 1"),
    ({"input": minigrad.zeros(2, 2)}, ShapeError, "input needs axes (N, C, H, W)"),
])  # fmt: skip
def test_bad_arguments_are_refused_with_their_values(change, kind, words):
    with pytest.raises(kind) as error:
        ops.max_unpool2d(**{"input": Y, "indices": INDICES, "kernel_size": 2, **change})
    assert str(error.value).startswith("max_unpool2d: ") and words in str(error.value)
