import numpy as np
import pytest

import minigrad
from minigrad import ops
from minigrad.errors import ArgumentError, DtypeError, ShapeError
from tests.ops.laws import *
from tests.ops.windows import per_axis, planes


def reduced(reduce):
    """Reduce the pixels of every adaptive window, those that touch the interval [p·H/P, (p + 1)·H/P)."""

    def reference(x, output_size, d, **options):
        size = x.shape[-d:]
        wanted = (output_size,) * d if output_size is None else per_axis(output_size, d)
        out = tuple(h if n is None else n for n, h in zip(wanted, size, strict=True))
        lead, each = planes(x, d)
        y, places = np.empty((*lead, *out)), np.empty((*lead, *out), np.int64)
        for at, plane in each:
            for p in np.ndindex(*out):
                touched = [
                    [i for i in range(h) if i * n < (k + 1) * h and (i + 1) * n > k * h]
                    for h, n, k in zip(size, out, p, strict=True)
                ]
                block = plane[np.ix_(*touched)]
                y[at + p] = reduce(block)
                best = np.unravel_index(block.argmax(), block.shape)
                places[at + p] = np.ravel_multi_index([t[b] for t, b in zip(touched, best, strict=True)], size)
        return (y, places) if options.get("return_indices") else y

    return reference


def case(kind, d, shape, output_size, **options):
    name = f"adaptive_{kind}_pool{d}d"
    reference = reduced({"avg": np.mean, "max": np.max}[kind])
    image = A(*shape, distinct=kind == "max")
    return Case(
        name, getattr(ops, name), lambda x, n, **o: reference(x, n, d, **o), [image, output_size], options
    )


CASES = [
    case("avg", 1, (2, 3, 7), 3),
    case("avg", 1, (3, 6), [2]),
    case("avg", 2, (2, 2, 5, 6), (1, 1)),
    case("avg", 2, (2, 2, 5, 6), (3, 4)),
    case("avg", 2, (2, 3, 2), (5, 4)),
    case("avg", 2, (2, 3, 4), (None, 2)),
    case("avg", 2, (0, 2, 3, 4), 2),
    case("avg", 3, (1, 2, 3, 4, 3), (2, 3, 1)),
    case("max", 1, (2, 3, 7), 3, return_indices=True),
    case("max", 2, (2, 2, 5, 6), (3, 4), return_indices=True),
    case("max", 2, (2, 5, 6), (1, None)),
    case("max", 2, (0, 2, 3, 4), 2),
    case("max", 3, (2, 3, 4, 3), (2, 3, 2), return_indices=True),
]


def test_a_size_of_one_is_the_mean_of_the_image():
    x = np.random.default_rng(0).normal(size=(3, 2, 5, 7))
    y = ops.adaptive_avg_pool2d(minigrad.tensor(x), 1)
    np.testing.assert_allclose(y.numpy(), x.mean((2, 3), keepdims=True))


def test_a_tie_gives_the_whole_gradient_to_the_first():
    x = minigrad.ones(1, 2, 2, requires_grad=True)
    ops.adaptive_max_pool2d(x, 1).backward(minigrad.tensor([[[3.0]]]))
    np.testing.assert_array_equal(x.grad.numpy(), [[[3, 0], [0, 0]]])


def test_an_infinite_pixel_reaches_only_the_windows_that_see_it():
    y = ops.adaptive_avg_pool1d(minigrad.tensor([[np.inf, 1.0, 2.0, 3.0, 4.0]]), 3)
    np.testing.assert_allclose(y.numpy(), [[np.inf, 2, 3.5]])


@pytest.mark.parametrize("op", [ops.adaptive_avg_pool2d, ops.adaptive_max_pool2d])
@pytest.mark.parametrize(("shape", "output_size", "kind", "words"), [
    ((1, 2, 4, 4), 0, ArgumentError, "output sizes must be positive integers, got 0"),
    ((1, 2, 4, 4), (2, -1), ArgumentError, "output sizes must be positive integers, got (2, -1)"),
    ((1, 2, 4, 4), 1.5, ArgumentError, "output sizes must be positive integers, got 1.5"),
    ((1, 2, 4, 4), (1, 2, 3), ArgumentError, "output_size must be one size or 2 of them"),
    ((4, 4), 2, ShapeError, "input needs axes (N, C, H, W) or (C, H, W), got shape (4, 4)"),
    ((1, 2, 4, 0), 2, ShapeError, "the planes (H, W) = (4, 0) have no pixels"),
])  # fmt: skip
def test_bad_arguments_are_refused_with_their_values(op, shape, output_size, kind, words):
    with pytest.raises(kind) as error:
        op(minigrad.zeros(shape), output_size)
    assert str(error.value).startswith(op.__name__) and words in str(error.value)


def test_types_without_a_mean_or_a_maximum_are_refused():
    with pytest.raises(DtypeError, match="adaptive_avg_pool1d: needs a floating tensor, got int64"):
        ops.adaptive_avg_pool1d(minigrad.zeros(1, 4, dtype="int64"), 2)
    with pytest.raises(DtypeError, match="adaptive_max_pool1d: a bool tensor has no largest value"):
        ops.adaptive_max_pool1d(minigrad.zeros(1, 4, dtype="bool"), 2)
