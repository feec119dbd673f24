import numpy as np
import pytest
from scipy import special

from minigrad import ops
from tests.kernels.cpu.agreement import assert_agrees, exactly
from tests.kernels.gates import gelu_slope, gelu_tanh_slope, mish_slope, softplus, u

from .agreement import FOUND, assert_devices_agree, drawn, narrow, on_device, plant

SIZE = 2500


FORWARD = {
    "sigmoid": (lambda gate, x: gate.sigmoid_forward(x), special.expit),
    "silu": (lambda gate, x: gate.silu_forward(x), lambda x: x * special.expit(x)),
    "mish": (lambda gate, x: gate.mish_forward(x)[0], lambda x: x * np.tanh(softplus(x))),
    "gelu": (lambda gate, x: gate.gelu_forward(x, "none"), lambda x: x * special.ndtr(x)),
    "gelu by tanh": (lambda gate, x: gate.gelu_forward(x, "tanh"), lambda x: x * special.expit(2 * u(x))),
}


BACKWARD = {
    "sigmoid": (lambda gate, dy, y: gate.sigmoid_backward(dy, y), lambda dy, y: dy * (y * (1 - y))),
    "silu": (lambda gate, dy, x: gate.silu_backward(dy, x), lambda dy, x: dy * (special.expit(x) * (1 + x * special.expit(-x)))),
    "mish": (lambda gate, dy, x: gate.mish_backward(dy, None, [True], x)[0], lambda dy, x: dy * mish_slope(x)),
    "gelu": (lambda gate, dy, x: gate.gelu_backward(dy, x, "none"), lambda dy, x: dy * gelu_slope(x)),
    "gelu by tanh": (lambda gate, dy, x: gate.gelu_backward(dy, x, "tanh"), lambda dy, x: dy * gelu_tanh_slope(x)),
}


def check_values(gate, name):
    twin, formula = FORWARD[name]
    x = drawn(SIZE, special=True)
    assert_agrees(twin(gate, on_device(x)).get(), exactly(formula, x))


def check_slopes(gate, name):
    twin, formula = BACKWARD[name]
    dy, x = drawn(SIZE, 1), drawn(SIZE, 2)
    assert_agrees(twin(gate, *on_device(dy, x)).get(), exactly(formula, dy, x), atol=4e-6)
    if name not in ("sigmoid", "silu"):  # the slope of silu at -∞ is 0 · ∞
        ones, x = np.ones(SIZE, "f4"), drawn(SIZE, 3, special=True)
        assert_agrees(twin(gate, *on_device(ones, x)).get(), exactly(formula, ones, x), atol=4e-6)


@pytest.mark.parametrize("name", FORWARD)
def test_values_agree_with_the_formula(twins, name):
    check_values(twins("gate"), name)


@pytest.mark.parametrize("name", BACKWARD)
def test_slopes_agree_with_the_formula_and_at_special_values_with_the_limit(twins, name):
    check_slopes(twins("gate"), name)


def check_tail(gate, name, lowest=-6, rtol=1e-5):
    twin, formula = FORWARD[name]
    x = np.linspace(lowest, -3, 200, dtype="float32")
    np.testing.assert_allclose(twin(gate, on_device(x)).get(), formula(x.astype("float64")), rtol=rtol)


@pytest.mark.parametrize("name", ["gelu by tanh", "sigmoid", "silu"])
def test_the_far_tail_keeps_its_digits(twins, name):
    check_tail(twins("gate"), name)


def test_that_of_gelu_all_of_them(twins):
    check_tail(twins("gate"), "gelu", -12, 1e-6)


@pytest.mark.parametrize(
    "op", [ops.sigmoid, ops.silu, ops.mish, ops.gelu, lambda x: ops.gelu(x, approximate="tanh")],
    ids=["sigmoid", "silu", "mish", "gelu", "gelu by tanh"],
)  # fmt: skip
def test_on_the_device_an_op_gives_what_it_gives_on_the_host(cupy, op):
    assert_devices_agree(op, drawn((5, 7)))


def test_what_is_not_covered_is_handed_back(twins):
    gate, x = twins("gate"), on_device(np.zeros(3))
    assert gate.mish_forward(x) is gate.mish_backward(x, None, [True], x) is NotImplemented


@pytest.mark.parametrize(
    ("name", "kernel", "old", "new"),
    [
        ("silu", "Silu", "x < 0.0f ? Halves{e * q, q}", "x > 0.0f ? Halves{e * q, q}"),
        ("mish", "Mish", "within(-2.0f * FLAT, FLAT, x)", "x"),
        ("gelu", "Gelu", "* (1.0f - 0.5f * fmaf(a, a, -square))", ""),
        ("gelu by tanh", "GeluTanh", "1.0f + 3.0f * A * c * c", "1.0f + A * c * c"),
    ],
)
def test_planted_bugs_are_found(twins, name, kernel, old, new):
    gate = twins("gate")
    narrow(gate, f"map<{kernel}>", f"map_back<{kernel}Back>")
    plant(gate, old, new)
    with pytest.raises(FOUND):
        check_values(gate, name)
        check_slopes(gate, name)
        check_tail(gate, name, -12, 1e-6)
