import numpy as np
import pytest

from minigrad import ops
from tests.cusim.simulator import SCHEDULES, scheduled

from .agreement import FOUND, LAYOUTS, assert_devices_agree, drawn, on_device, plant, races_but_of_parts

SHAPES = [(1, 1, 1), (2, 3, 5), (40, 2, 3), (3, 40, 7, 7), (2, 3, 31, 33), (1, 2, 80, 90), (2, 3, 4, 5, 6)]


def check(module, shape, layout="dense"):
    dy = drawn(shape)
    db = module.channel_sums(on_device(dy, layout=layout)).get()
    expected = dy.astype("f8").sum((0, *range(2, len(shape))))
    np.testing.assert_allclose(db, expected, rtol=1e-6, atol=1e-6 * np.sqrt(dy.size))


@pytest.mark.parametrize("shape", SHAPES)
def test_each_channel_gets_the_sum_over_its_planes(twins, shape):
    check(twins("channels"), shape)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_gradients_may_lie_in_memory_as_they_like(twins, layout):
    check(twins("channels"), (3, 4, 5, 6), layout)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("shape", [(3, 5, 40), (2, 2, 700)])
def test_in_every_order_of_threads(twins, shape, schedule):
    with scheduled(*schedule):
        check(twins("channels"), shape)


def test_the_gradient_of_a_bias_is_that_of_the_host(cupy):
    assert_devices_agree(lambda x, w, b: ops.conv2d(x, w, b), drawn((2, 3, 6, 5)), drawn((4, 3, 3, 3), 1), drawn(4, 2))


def test_other_types_empty_arrays_and_rows_without_pixels_are_handed_back(twins):
    twin, x = twins("channels").channel_sums, on_device(drawn((2, 3, 4)))
    assert twin(x.astype("f8")) is twin(x[:0]) is twin(x[..., 0]) is NotImplemented


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(3, 5, 40), (2, 2, 700)])
def test_no_thread_reads_what_another_may_still_write(twins, shape):
    assert not races_but_of_parts(twins, lambda: check(twins("channels"), shape))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("__syncthreads();", ""),
        ("l < p.count", "l < a.each"),
    ],
)
def test_planted_bugs_are_found(twins, old, new):
    module = twins("channels")
    plant(module, old, new)
    with pytest.raises(FOUND):
        for schedule in SCHEDULES:
            with scheduled(*schedule):
                check(module, (3, 5, 40))
                check(module, (3, 2, 4501))
