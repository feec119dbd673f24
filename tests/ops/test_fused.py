"""A kernel stands in for a rule or an op while nobody asks for a graph, and nothing else changes."""

import numpy as np
import pytest

import minigrad
from minigrad import Tensor
from minigrad.autograd import record
from minigrad.errors import InPlaceError
from minigrad.ops.fused import fused, fused_pair, fused_rules
from minigrad.testing import gradcheck, gradgradcheck
from minigrad_kernels import registry


@pytest.fixture
def kernels(monkeypatch):
    """A registry holding what a test puts into it, and the list of kernels that ran."""
    ran = []

    def register(**twins):
        for name, twin in twins.items():

            def counted(*args, name=name, twin=twin):
                result = twin(*args)
                if result is not NotImplemented:
                    ran.append(name)
                return result

            monkeypatch.setitem(registry._found, (name, "cpu"), counted)

    register.ran = ran
    return register


def cube(x):
    """x³, with a rule that a kernel may replace."""

    @fused("cube_backward", x)
    def d_x(dy, _):
        return dy * 3 * x * x

    return record("cube", x.array**3, (x, d_x))


def exponential(x):
    @fused("exponential_backward", 1.0)
    def d_x(dy, y):
        return dy * y

    return record("exponential", np.exp(x.array), (x, d_x))


def product(x, y, bias):
    """x y + bias by its definition, or by a pair of kernels."""
    return fused_pair("product", lambda x, y, bias: x * y if bias is None else x * y + bias, (x, y, bias), 1.0)


PAIR = {
    "product_forward": lambda x, y, bias, scale: (x * y + (0 if bias is None else bias), x.copy()),
    "product_backward": lambda dz, z, saved, needed, x, y, bias, scale: (
        dz * y if needed[0] else None, dz * saved if needed[1] else None, dz if needed[2] else None,
    ),
}  # fmt: skip


def drawn(*shape, seed=0):
    return Tensor(np.random.default_rng(seed).normal(size=shape), requires_grad=True)


def test_without_a_kernel_the_rule_runs():
    gradcheck(cube, np.array([0.5, -2.0]))
    gradcheck(exponential, np.array([0.5, -2.0]))


def test_a_rules_kernel_gets_dy_and_the_operands_as_arrays(kernels):
    kernels(cube_backward=lambda dy, x: dy * 3 * x**2)
    gradcheck(cube, np.array([0.5, -2.0]))
    assert "cube_backward" in kernels.ran


def test_a_rules_kernel_gets_y_if_the_rule_uses_it(kernels):
    kernels(exponential_backward=lambda dy, y, one: dy * y * one)
    gradcheck(exponential, np.array([0.5, -2.0]))
    assert "exponential_backward" in kernels.ran


def test_a_graph_of_the_gradient_comes_from_the_rule(kernels):
    kernels(cube_backward=lambda dy, x: dy * 3 * x**2)
    x = drawn(3)
    minigrad.grad(cube(x).sum(), x, create_graph=True)
    assert kernels.ran == []
    gradgradcheck(cube, np.array([0.5, -2.0]))


def test_a_kernel_that_does_not_cover_the_arrays_leaves_them_to_the_rule(kernels):
    kernels(cube_backward=lambda dy, x: NotImplemented)
    gradcheck(cube, np.array([0.5, -2.0]))
    assert kernels.ran == []


def test_reference_mode_runs_no_kernel(kernels):
    kernels(cube_backward=lambda dy, x: dy * 0, **PAIR)
    with minigrad.kernels("reference"):
        gradcheck(cube, np.array([0.5, -2.0]))
        gradcheck(lambda x, y: product(x, y, None), np.array([0.5]), np.array([2.0]))
    assert kernels.ran == []


def test_an_operand_overwritten_since_is_found_through_the_wrapper():
    x = drawn(3)
    h = x * 1
    y = cube(h)
    h.mul_(2)
    with pytest.raises(InPlaceError, match="cube: backward needs x"):
        y.sum().backward()


def test_a_result_overwritten_since_is_found_through_the_wrapper():
    y = exponential(drawn(3))
    y.detach().mul_(2)
    with pytest.raises(InPlaceError, match="exponential: backward needs its result"):
        y.sum().backward()


def test_a_pair_of_kernels_gives_all_gradients_from_one_call(kernels):
    kernels(**PAIR)
    x, y, bias = drawn(3), drawn(3, seed=1), drawn(3, seed=2)
    product(x, y, bias).sum().backward()
    assert kernels.ran == ["product_forward", "product_backward"]
    np.testing.assert_allclose(x.grad.numpy(), y.numpy())
    np.testing.assert_allclose(y.grad.numpy(), x.numpy())
    np.testing.assert_allclose(bias.grad.numpy(), 1)


def test_a_pair_without_kernels_is_its_definition():
    gradcheck(product, *(np.random.default_rng(i).normal(size=4) for i in range(3)))


def test_first_and_second_derivatives_of_a_pair_agree_with_differences(kernels):
    kernels(**PAIR)
    arrays = [np.random.default_rng(i).normal(size=4) for i in range(3)]
    gradcheck(product, *arrays)
    gradgradcheck(product, *arrays)
    assert "product_backward" in kernels.ran


def test_a_backward_kernel_that_does_not_cover_the_arrays_leaves_them_to_the_definition(kernels):
    kernels(product_forward=PAIR["product_forward"], product_backward=lambda *_: NotImplemented)
    gradcheck(product, *(np.random.default_rng(i).normal(size=4) for i in range(3)))
    x = drawn(3)
    product(x, drawn(3, seed=1), None).sum().backward()
    assert not x.grad.requires_grad


def test_an_input_used_twice_gets_both_gradients(kernels):
    kernels(**PAIR)
    gradcheck(lambda x: product(x, x, None), np.array([0.5, -2.0]))


def test_two_walks_through_one_graph_do_not_mix_their_gradients(kernels):
    kernels(**PAIR)
    x, y = drawn(3), drawn(3, seed=1)
    z = product(x, y, None)
    v, w = Tensor(np.array([1.0, 2, 3])), Tensor(np.array([3.0, -1, 0]))
    (only,) = minigrad.grad(z, x, v, retain_graph=True)
    both = minigrad.grad(z, [x, y], w, retain_graph=True)
    np.testing.assert_allclose(only.numpy(), v.numpy() * y.numpy())
    np.testing.assert_allclose(both[1].numpy(), w.numpy() * x.numpy())
    v.mul_(2)
    np.testing.assert_allclose(minigrad.grad(z, y, v)[0].numpy(), v.numpy() * x.numpy())


def test_an_input_of_a_pair_overwritten_since_is_found(kernels):
    kernels(**PAIR)
    x, h = drawn(3), drawn(3, seed=1) * 1
    z = product(x, h, None)
    h.detach().mul_(2)
    with pytest.raises(InPlaceError, match="product: backward needs inputs"):
        z.sum().backward()


def test_whoever_watches_the_tape_sees_the_steps(kernels):
    kernels(**PAIR)
    x = drawn(3)
    with minigrad.detect_anomaly():
        product(x, drawn(3, seed=1), None)
    assert kernels.ran == []


def test_second_derivatives_do_not_walk_past_the_inputs_of_the_pair(kernels):
    kernels(**PAIR)
    walked, x = [], drawn(3)

    def d_x(dy, _):
        walked.append(1)
        return dy * 2

    h = record("double", x.array * 2, (x, d_x))
    z = product(h, h, None)
    minigrad.grad(z.sum(), x, create_graph=True)
    assert walked == [1]


def scaled(x, w):
    """x w, with one kernel for both rules."""
    jointly = fused_rules("scaled_gradients", [x, w], x, w, 1.0)

    @jointly(0)
    def d_x(dy, _):
        return dy * w

    @jointly(1)
    def d_w(dy, _):
        return dy * x

    return record("scaled", x.array * w.array, (x, d_x), (w, d_w))


JOINT = {"scaled_gradients": lambda dy, x, w, one: (dy * w * one, dy * x)}


def test_rules_with_a_common_kernel_run_without_it_too(kernels):
    for twins in {}, JOINT:
        kernels(**twins)
        gradcheck(scaled, *(np.random.default_rng(i).normal(size=4) for i in range(2)))
    gradgradcheck(scaled, *(np.random.default_rng(i).normal(size=4) for i in range(2)))


def test_a_common_kernel_runs_once_for_all_rules_and_not_for_a_graph(kernels):
    kernels(**JOINT)
    x, w = drawn(3), drawn(3, seed=1)
    scaled(x, w).sum().backward()
    assert kernels.ran == ["scaled_gradients"]
    np.testing.assert_array_equal(w.grad.numpy(), x.numpy())
    minigrad.grad(scaled(x, w).sum(), [x, w], create_graph=True)
    assert kernels.ran == ["scaled_gradients"]


def test_a_share_that_was_left_is_not_taken_for_another_gradient(kernels):
    kernels(**JOINT)
    x, w = drawn(3), drawn(3, seed=1)
    y, dy = scaled(x, w), drawn(3, seed=2).detach()
    minigrad.grad(y, x, dy, retain_graph=True)  # w's share is left
    dy.mul_(2)
    (dw,) = minigrad.grad(y, w, dy)
    np.testing.assert_allclose(dw.numpy(), dy.numpy() * x.numpy())


def test_an_operand_of_a_common_kernel_overwritten_since_is_found(kernels):
    kernels(**JOINT)
    x, w = drawn(3), drawn(3, seed=1)
    h = x * 1
    y = scaled(h, w)
    h.mul_(2)
    with pytest.raises(InPlaceError, match="scaled: backward needs x"):
        y.sum().backward()
