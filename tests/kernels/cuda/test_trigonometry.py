import numpy as np

from minigrad import ops
from tests.kernels.cpu.agreement import assert_agrees, exactly

from .agreement import assert_devices_agree, drawn, on_device


def test_values_agree_with_the_function(twins):
    x = drawn(2500, special=True)
    assert_agrees(twins("trigonometry").tanh_forward(on_device(x)).get(), exactly(np.tanh, x))


def test_slopes_agree_with_the_formula(twins):
    dy, y = drawn(2500, special=True), np.tanh(drawn(2500, 1))
    got = twins("trigonometry").tanh_backward(*on_device(dy, y)).get()
    assert_agrees(got, exactly(lambda dy, y: dy * (1 - y * y), dy, y))


def test_small_arguments_keep_their_digits(twins):
    x = np.float32([1e-30, -1e-10, 1e-3])
    np.testing.assert_allclose(twins("trigonometry").tanh_forward(on_device(x)).get(), np.tanh(x), rtol=3e-7)


def test_on_the_device_the_op_gives_what_it_gives_on_the_host(cupy):
    assert_devices_agree(ops.tanh, drawn((5, 7)))
