"""Transformations of functions, higher derivatives and gradient checks on the GPU."""

import numpy as np
import pytest

import minigrad
from minigrad import func
from minigrad.errors import DeviceError
from minigrad.testing import gradcheck
from tests.device_sim.both import assert_same, moved, tensors

RNG = np.random.default_rng(0)
X, V = RNG.normal(size=(4,)), RNG.normal(size=(4,))


def curve(x):
    return ((x[1:] * x[:-1]).sin() + x[:-1].exp()).sum()


def both(compute):
    found = {device: tensors(compute(moved(X, device), moved(V, device))) for device in ("cpu", "cuda")}
    assert_same(found["cpu"], found["cuda"])


def test_gradients_and_products_with_derivatives(cuda):
    both(lambda x, v: func.grad(curve)(x))
    both(lambda x, v: func.vjp(lambda x: x.tanh() * x.sum(), x)[1](v))
    both(lambda x, v: func.jvp(lambda x: x.tanh() * x.sum(), (x,), (v,)))
    both(lambda x, v: func.hvp(curve, (x,), (v,)))


def test_jacobians_and_hessians(cuda):
    both(lambda x, v: func.jacobian(lambda x: x.sin() * x.sum())(x))
    both(lambda x, v: func.hessian(curve)(x))


def test_a_gradient_check_runs_on_cuda(cuda):
    x = moved(RNG.normal(size=(3,)), "cuda").requires_grad_()
    assert gradcheck(lambda x: (x * x).tanh(), x)


def test_the_second_derivative_is_taken_on_cuda(cuda):
    x = moved(X, "cuda").requires_grad_()
    (g,) = minigrad.grad(curve(x), x, create_graph=True)
    (h,) = minigrad.grad((g * g).sum(), x)
    assert h.device == "cuda" and h.shape == x.shape


def test_a_gradient_on_another_device_is_refused(cuda):
    y = moved(X, "cuda").requires_grad_() * 2
    with pytest.raises(DeviceError, match="backward: gradient is on cpu, the output on cuda"):
        y.backward(moved(X, "cpu"))
