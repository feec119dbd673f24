import numpy as np
import pytest

import minigrad
from minigrad import Tensor, func, no_grad
from minigrad.errors import GradientError, ShapeError

RNG = np.random.default_rng(0)
M = RNG.normal(size=(3, 4))


def tensor(*shape):
    return Tensor(RNG.normal(size=shape))


def f(x, w):
    return ((x @ w).exp() * x[:, :1]).sum(1)


def test_grad_differentiates_by_the_chosen_arguments_and_leaves_no_trace():
    x, w = tensor(2, 3), tensor(3, 4)
    scalar = lambda x, w: (f(x, w) ** 2).sum()
    a, b = Tensor(x.numpy(), requires_grad=True), Tensor(w.numpy(), requires_grad=True)
    scalar(a, b).backward()
    dx, dw = func.grad(scalar, argnums=(0, 1))(x, w)
    np.testing.assert_allclose(dx.numpy(), a.grad.numpy())
    np.testing.assert_allclose(dw.numpy(), b.grad.numpy())
    np.testing.assert_allclose(func.grad(scalar, argnums=-1)(x, w).numpy(), b.grad.numpy())
    assert not dx.requires_grad and x.grad is None and not x.requires_grad


def test_value_and_grad_gives_both_and_passes_aux_through():
    x = tensor(3)
    value, gradient = func.value_and_grad(lambda x: (x * x).sum())(x)
    np.testing.assert_allclose(value.item(), (x.numpy() ** 2).sum())
    np.testing.assert_allclose(gradient.numpy(), 2 * x.numpy())
    (value, aux), gradient = func.value_and_grad(lambda x: ((x * x).sum(), "kept"), has_aux=True)(x)
    assert aux == "kept" and not value.requires_grad
    assert func.grad(lambda x: (x.sum(), 7), has_aux=True)(x)[1] == 7


def test_grad_composes_to_any_order():
    g = lambda x: x**5
    for k, expected in enumerate([80.0, 160.0, 240.0, 240.0]):
        g = func.grad(g)
        assert g(Tensor(2.0, dtype="float64")).item() == expected, k


def test_an_inner_transform_may_close_over_an_outer_variable():
    outer = func.grad(lambda x: func.grad(lambda y: x * x * y * y)(Tensor(3.0, dtype="float64")) * x)
    assert outer(Tensor(2.0, dtype="float64")).item() == 3 * 2 * 3 * 4  # d/dx of 2 x³ y


def test_results_keep_the_history_of_parameters_outside_the_transform():
    w = Tensor([2.0, 3.0], dtype="float64", requires_grad=True)
    penalty = func.grad(lambda x: (x * w * x).sum())(Tensor([1.0, 1.0], dtype="float64"))
    (penalty**2).sum().backward()
    np.testing.assert_allclose(w.grad.numpy(), 8 * np.array([2.0, 3.0]))


def test_vjp_jvp_and_the_jacobian_agree():
    x, w = tensor(2, 3), tensor(3, 4)
    v, t, u = tensor(2), tensor(2, 3), tensor(3, 4)
    jx, jw = func.jacobian(f, argnums=(0, 1))(x, w)
    assert jx.shape == (2, 2, 3) and jw.shape == (2, 3, 4)
    y, pull = func.vjp(f, x, w)
    np.testing.assert_allclose(y.numpy(), f(x, w).numpy())
    dx, dw = pull(v)
    np.testing.assert_allclose(dx.numpy(), np.einsum("i,ijk->jk", v.numpy(), jx.numpy()))
    np.testing.assert_allclose(dw.numpy(), np.einsum("i,ijk->jk", v.numpy(), jw.numpy()))
    pushed = np.einsum("ijk,jk->i", jx.numpy(), t.numpy()) + np.einsum("ijk,jk->i", jw.numpy(), u.numpy())
    y, dy = func.jvp(f, (x, w), (t, u))
    np.testing.assert_allclose(dy.numpy(), pushed)
    assert not y.requires_grad and not dy.requires_grad


def test_jvp_agrees_with_differences():
    x, t = tensor(2, 3), tensor(2, 3)
    w, h = tensor(3, 4), 1e-5
    _, dy = func.jvp(lambda x: f(x, w), x, t)
    numeric = (f(x + h * t, w) - f(x - h * t, w)).numpy() / (2 * h)
    np.testing.assert_allclose(dy.numpy(), numeric, rtol=1e-6)


def test_several_outputs_have_several_tangents_and_cotangents():
    x, t = tensor(3), tensor(3)
    ys, dys = func.jvp(lambda x: (x * 2, x.exp(), Tensor([1.0], dtype="float64")), x, t)
    np.testing.assert_allclose(dys[0].numpy(), 2 * t.numpy())
    np.testing.assert_allclose(dys[1].numpy(), np.exp(x.numpy()) * t.numpy())
    assert dys[2].item() == 0 and len(ys) == 3
    _, pull = func.vjp(lambda x: (x * 2, x * 3), x)
    np.testing.assert_allclose(pull(t, t).numpy(), 5 * t.numpy())


def test_the_hessian_is_symmetric_and_hvp_multiplies_by_it():
    def g(x):
        return (x.exp() * (Tensor(M) @ x.reshape(4)).sum()).sum()

    x, t = tensor(4), tensor(4)
    H = func.hessian(g)(x).numpy()
    np.testing.assert_allclose(H, H.T)
    value, product = func.hvp(g, x, t)
    np.testing.assert_allclose(product.numpy(), H @ t.numpy())
    np.testing.assert_allclose(value.item(), g(x).item())
    blocks = func.hessian(lambda a, b: (a * b * b).sum(), argnums=(0, 1))(Tensor([2.0]), Tensor([3.0]))
    assert [[block.item() for block in row] for row in blocks] == [[0, 6], [6, 4]]


def test_jvp_of_jvp_is_the_second_derivative_along_two_directions():
    x, t = Tensor(0.7, dtype="float64"), Tensor(1.0, dtype="float64")
    _, second = func.jvp(lambda x: func.jvp(lambda z: z**4, x, t)[1], x, t)
    np.testing.assert_allclose(second.item(), 12 * 0.7**2)


def test_a_linear_function_has_a_zero_hessian():
    x = tensor(3)
    np.testing.assert_array_equal(func.hessian(lambda x: (2 * x).sum())(x).numpy(), 0)
    np.testing.assert_array_equal(func.hvp(lambda x: (2 * x).sum(), x, x)[1].numpy(), 0)


def test_under_no_grad_derivatives_are_computed_all_the_same():
    w = Tensor([2.0], requires_grad=True)
    with no_grad():
        gradient = func.grad(lambda x: (x * x * w).sum())(Tensor([3.0]))
    assert gradient.item() == 12 and not gradient.requires_grad


def test_numbers_and_arrays_are_taken_as_tensors():
    assert func.grad(lambda x: x * x)(3.0).item() == 6
    np.testing.assert_array_equal(func.grad(lambda x: (x * x).sum())(np.ones(2)).numpy(), [2, 2])


def test_bad_input_is_explained():
    with pytest.raises(GradientError, match=r"must return one number, got \(3,\)"):
        func.grad(lambda x: x)(tensor(3))
    with pytest.raises(GradientError, match="int64"):
        func.grad(lambda x: x)(minigrad.tensor(3))
    with pytest.raises(GradientError, match="no argument 1, 1 were given"):
        func.grad(lambda x: x, argnums=1)(tensor())
    with pytest.raises(ShapeError, match="tangent"):
        func.jvp(lambda x: x, tensor(3), tensor(2))
    with pytest.raises(ShapeError, match="cotangent"):
        func.vjp(lambda x: x, tensor(3))[1](tensor(2))
