"""Writing where the same memory is read, or where a gradient still has to pass."""

import numpy as np
import pytest

import minigrad
from minigrad import Tensor
from minigrad.errors import InPlaceError


def test_the_same_op_may_overwrite_its_own_result():
    x = Tensor(np.array([0.1, 0.3]), requires_grad=True)
    y = (x * 1).exp_().exp_().tanh_()
    v = np.array([2.0, -3.0])
    y.backward(Tensor(v))
    inner = np.exp(np.exp(x.numpy()))
    np.testing.assert_allclose(x.grad.numpy(), v * (1 - np.tanh(inner) ** 2) * inner * np.exp(x.numpy()))


def test_a_part_may_be_overwritten_by_another_part():
    x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    h = x * 1
    h[1:] = h[:-1]
    h.backward(Tensor([1.0, 2.0, 4.0]))
    assert h.tolist() == [1, 1, 2] and x.grad.tolist() == [3, 4, 0]


def leaf(*values):
    return Tensor(np.array(values), requires_grad=True)


V = Tensor(np.array([2.0, 5.0]))


@pytest.mark.parametrize("write", [lambda h: h.zero_(), lambda h: h.fill_(3.0), lambda h: h.copy_(V), lambda h: h.fill_(V[0])])
def test_a_constant_written_over_everything_cuts_the_gradient(write):
    x = leaf(1.0, 2.0)
    h = x * 2
    write(h)
    (h * x).backward(V)
    np.testing.assert_array_equal(x.grad.numpy(), h.numpy() * V.numpy())


def test_a_copy_of_a_leaf_hands_the_gradient_to_the_leaf():
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    h = x * 2
    h.copy_(y)
    (h * 3).backward(V)
    assert h.grad is None
    np.testing.assert_array_equal(y.grad.numpy(), 3 * V.numpy())


def test_a_number_with_a_gradient_fills_a_number():
    y = Tensor(np.array(3.0), requires_grad=True)
    (minigrad.zeros((), dtype="float64").fill_(y) * 5).backward()
    assert y.grad.item() == 5


def test_a_copy_is_a_value_of_its_own_for_hooks_and_retained_gradients():
    y, seen = leaf(0.5, 1.0), []
    e = y.exp()
    e.register_hook(lambda g: seen.append(g.tolist()))
    minigrad.zeros(2, dtype="float64").copy_(e).backward(V)
    assert seen == [[2, 5]]


def test_a_copy_and_its_source_may_both_be_differentiated():
    y = leaf(0.5, 1.0)
    e = y.exp()
    h = minigrad.zeros(2, dtype="float64").copy_(e)
    kept = h * 1
    h.zero_()
    kept.backward(V)
    np.testing.assert_allclose(y.grad.numpy(), V.numpy() * np.exp(y.numpy()))


@pytest.mark.parametrize("write, slope", [
    (lambda h: h.add_(h), 2),
    (lambda h: h.sub_(h, alpha=3), -2),
    (lambda h: h.copy_(h), 1),
    (lambda h: h.__setitem__(slice(None), h), 1),
])  # fmt: skip
def test_a_tensor_may_be_combined_with_itself_in_place(write, slope):
    x = leaf(3.0, 4.0)
    h = x * 1
    write(h)
    h.backward(V)
    np.testing.assert_array_equal(x.grad.numpy(), V.numpy() * slope)


@pytest.mark.parametrize("factor, slope", [
    (lambda h: h, [[6, 0], [0, 8]]),
    (lambda h: h.detach(), [[3, 0], [0, 4]]),
    (lambda h: h[:1], [[6, 0], [4, 3]]),
])  # fmt: skip
def test_a_factor_that_the_product_overwrites_gives_its_gradient_or_an_error_but_no_wrong_number(factor, slope):
    x = leaf(3.0, 4.0)
    h = x * 1
    h.mul_(factor(h))
    try:
        h.backward(V)
    except InPlaceError:
        return
    np.testing.assert_allclose(x.grad.numpy(), V.numpy() @ np.array(slope))


def test_a_square_matrix_may_be_transposed_in_place():
    x = Tensor(np.arange(4.0).reshape(2, 2), requires_grad=True)
    h, v = x * 1, np.array([[1.0, 2.0], [3.0, 5.0]])
    h.copy_(h.t())
    h.backward(Tensor(v))
    np.testing.assert_array_equal(h.numpy(), x.numpy().T)
    np.testing.assert_array_equal(x.grad.numpy(), v.T)
