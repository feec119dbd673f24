import numpy as np
import pytest

from minigrad import ops

from .agreement import assert_devices_agree, drawn, on_device

EPS = 1e-3


@pytest.mark.parametrize(("shape", "lead"), [((3, 4), 1), ((2, 3, 5), 1), ((2, 3, 5), 2), ((7,), 0), ((2, 700), 1), ((2, 4200), 1)])
def test_values_and_gradients_are_those_of_the_formula(twins, shape, lead):
    for weighted, layout in (True, "dense"), (True, "columns first"), (False, "unaligned"):
        check(twins("unit_norm"), shape, lead, weighted, layout)


def check(module, shape, lead, weighted, layout):
    dy, x = drawn(shape), drawn(shape, 1)
    w = drawn(shape[lead:], 2) if weighted else None
    axes = tuple(range(lead, len(shape)))
    k = 1 / np.sqrt((x.astype("f8") ** 2).mean(axes, keepdims=True) + EPS)
    factor = 1 if w is None else w.astype("f8")
    y, s = module.rms_norm_forward(*on_device(x, w, layout=layout), lead, EPS)
    np.testing.assert_allclose(y.get(), x * k * factor, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(s.get(), k.reshape(-1), rtol=1e-5)
    moved = on_device(dy, x, w, layout=layout)
    dx, dw = module.rms_norm_backward(moved[0], y, s, [True, weighted], *moved[1:], lead, EPS)
    g, x_hat = dy * factor, x * k
    np.testing.assert_allclose(dx.get(), k * (g - x_hat * (g * x_hat).mean(axes, keepdims=True)), rtol=1e-5, atol=1e-5)
    if weighted:
        np.testing.assert_allclose(dw.get(), (dy * x_hat).sum(tuple(range(lead))), rtol=1e-5, atol=1e-5)
    else:
        assert dw is None


def test_on_the_device_the_op_gives_what_it_gives_on_the_host(cupy):
    assert_devices_agree(lambda x, w: ops.rms_norm(x, 6, w), drawn((3, 4, 6)), drawn(6, 1))


def test_other_types_and_empty_arrays_are_left_to_the_reference(twins):
    for x in np.zeros((2, 3)), np.zeros((0, 3), "f4"):
        assert twins("unit_norm").rms_norm_forward(on_device(x), None, 1, EPS) is NotImplemented
