import numpy as np
import pytest

from minigrad import Tensor, ops
from minigrad.ops.dropout import drop_loop
from minigrad.random import Generator, RngState, uniform_at
from tests.cusim.simulator import SCHEDULES, scheduled

from .agreement import FOUND, LAYOUTS, drawn, on_device, plant

PART, CHUNK = 256, 2048  # elements of a warp and of a block
STATES = [RngState(0, 0), RngState(3, 2**40), RngState(2**64 - 1, 2**60), RngState(7, 2**32 - 2)]


def check(module, n, start, p=0.3, layout="dense"):
    x = drawn(n, special=True)
    with np.errstate(all="ignore"):
        expected = drop_loop.reference(x, p, start, x.shape)
    got = module.drop_loop(on_device(x, layout=layout), p, start, x.shape)
    np.testing.assert_array_equal(got.get(), expected)


@pytest.mark.parametrize("start", STATES)
def test_the_bits_are_those_of_the_reference(twins, start):
    for n in 1, 7, 8, 9, 31, PART - 1, PART, PART + 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 77:
        check(twins("dropout"), n, start)


@pytest.mark.parametrize("p", [1e-9, 0.1, 1 / 3, 0.5, 1 - 1e-9])
def test_so_they_are_for_extreme_probabilities(twins, p):
    check(twins("dropout"), CHUNK + 5, STATES[1], p)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_so_they_are_wherever_the_numbers_lie(twins, layout):
    for shape in (3, 5, 7), (2, 1024):
        check(twins("dropout"), shape, STATES[1], layout=layout)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_order_of_threads_does_not_matter(twins, schedule):
    with scheduled(*schedule):
        check(twins("dropout"), CHUNK + 300, STATES[2])


def test_a_random_number_equal_to_p_is_kept_and_one_a_hair_below_is_dropped(twins):
    start, x = RngState(3, 0), np.ones(64, "float32")
    u = uniform_at(start, 64, x.dtype)
    i = int(np.flatnonzero((u > 0.01) & (u < 0.2))[0])
    for p, kept in [(float(u[i]), True), (float(u[i]) + 2.0**-26, False)]:
        y = twins("dropout").drop_loop(on_device(x), p, start, (64,)).get()
        assert (y[i] > 0) == (drop_loop.reference(x, p, start, (64,))[i] > 0) == kept


def test_backward_drops_what_forward_dropped_and_the_device_what_the_host_does(cupy):
    results = []
    for device in "cpu", "cuda":
        x = Tensor(drawn((50, 70))).to(device).requires_grad_()
        y = ops.dropout(x, 0.3, generator=Generator(5))
        y.backward(y.new_ones((50, 70)))
        results.append((y.detach().cpu().numpy(), x.grad.cpu().numpy()))
    for got, expected in zip(*results, strict=True):
        np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(results[1][1] == 0, results[1][0] == 0)


def test_whole_channels_other_types_and_the_end_of_the_stream_are_handed_back(twins):
    twin, x = twins("dropout").drop_loop, on_device(drawn((4, 8)))
    assert twin(x, 0.5, RngState(0, 0), (4, 1)) is NotImplemented
    assert twin(x.astype("float64"), 0.5, RngState(0, 0), (4, 8)) is NotImplemented
    assert twin(x[:0], 0.5, RngState(0, 0), (0, 8)) is NotImplemented
    assert twin(x, 0.5, RngState(0, 2**64 - 1), (4, 8)) is NotImplemented


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("round < 10", "round < 9"),
        (">= least", "> least"),
        (">> lane % 2 * 4", ""),
        ("if (i < n) y[i]", "y[i]"),
    ],
)
def test_planted_bugs_are_found(twins, old, new):
    module = twins("dropout")
    plant(module, old, new)
    with pytest.raises(FOUND):
        check(module, CHUNK + 77, STATES[1], 0.5)
        check(module, CHUNK + 77, STATES[1], layout="unaligned")
        test_a_random_number_equal_to_p_is_kept_and_one_a_hair_below_is_dropped(lambda stem: module)
