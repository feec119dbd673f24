"""What holds for every kernel of elementwise.cuh, shown for one of one array and one of two."""

import numpy as np
import pytest

from tests.cusim.simulator import SCHEDULES, scheduled

from .agreement import FOUND, LAYOUTS, assert_same_bits, drawn, narrow, on_device, plant

CHUNK = 2048


@pytest.mark.parametrize("n", [1, 3, 31, 1000, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 7])
def test_every_element_is_computed_and_no_other_is_touched(twins, n):
    x, dy = drawn(n, special=True), drawn(n, 1)
    module = twins("activation")
    assert_same_bits(module.relu_forward(on_device(x)), np.where(x < 0, np.float32(0), x))
    with np.errstate(all="ignore"):
        expected = dy * (x > 0)
    np.testing.assert_array_equal(module.relu_backward(on_device(dy), on_device(x)).get(), expected)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_order_of_threads_does_not_matter(twins, schedule):
    x = drawn(2 * CHUNK + 5)
    with scheduled(*schedule):
        assert_same_bits(twins("activation").relu_forward(on_device(x)), np.where(x < 0, np.float32(0), x))


@pytest.mark.parametrize("first", LAYOUTS)
def test_arrays_may_lie_in_memory_as_they_like(twins, first):
    dy, x = drawn((CHUNK // 64, 130)), drawn((CHUNK // 64, 130), 1)
    for second in LAYOUTS:
        dx = twins("activation").relu_backward(on_device(dy, layout=first), on_device(x, layout=second))
        np.testing.assert_array_equal(dx.get(), dy * (x > 0))


@pytest.mark.parametrize("shape", [(), (1,), (3, 1, 5), (2, 3, 4, 5)])
def test_the_shape_stays(twins, shape):
    x = drawn(shape)
    y = twins("activation").relu_forward(on_device(x))
    assert y.shape == shape
    np.testing.assert_array_equal(y.get(), np.maximum(x, 0))


@pytest.mark.parametrize("x", [np.zeros(3), np.zeros(3, "float16"), np.zeros((0, 2), "float32")], ids=str)
def test_other_types_and_empty_arrays_are_left_to_the_reference(twins, x):
    module = twins("activation")
    assert module.relu_forward(on_device(x)) is NotImplemented
    assert module.relu_backward(on_device(x), on_device(x)) is NotImplemented


def test_an_argument_of_another_type_beside_one_that_fits_is_left_too(twins):
    x = on_device(drawn(4))
    assert twins("activation").relu_backward(x.astype("float64"), x) is NotImplemented


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("first + CHUNK <= n", "first <= n"),
        ("if (i < n) y[i]", "if (i <= n) y[i]"),
        ("(in_vectors(y) && ... && in_vectors(x))", "in_vectors(y)"),
    ],
)
def test_planted_bugs_are_found(twins, old, new):
    module = twins("activation")
    narrow(module, "map<Relu>")
    plant(module, old, new)
    with pytest.raises(FOUND):
        for layout in "dense", "unaligned":
            x = drawn(2 * CHUNK + 5)
            assert_same_bits(module.relu_forward(on_device(x, layout=layout)), np.where(x < 0, np.float32(0), x))
