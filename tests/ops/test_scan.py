import numpy as np
import pytest

import minigrad
from minigrad import Tensor, ops
from minigrad.errors import ArgumentError, AxisError, DtypeError, ShapeError
from minigrad.ops.scan import doubling
from minigrad.testing import gradcheck, gradgradcheck
from tests.ops.laws import *


def running(step, start):
    """Return a reference that carries a value along the axis, one place after the other."""

    def reference(x, dim):
        y, carried = np.empty_like(x), np.full(np.delete(x.shape, dim), start)
        for i in range(x.shape[dim]):
            carried = step(carried, x.take(i, dim))
            np.moveaxis(y, dim, 0)[i] = carried
        return y

    return reference


def recurrence(a, x, dim):
    y, carried = np.empty_like(x), 0.0
    for i in range(x.shape[dim]):
        carried = a.take(i, dim) * carried + x.take(i, dim)
        np.moveaxis(y, dim, 0)[i] = carried
    return y


def same(x, dim):
    return x


sums, products, log_sums = running(np.add, 0.0), running(np.multiply, 1.0), running(np.logaddexp, -np.inf)

CASES = [
    *(Case(name, op, reference, [A(*shape), dim])
      for name, op, reference in [("cumsum", ops.cumsum, sums), ("cumprod", ops.cumprod, products),
                                  ("logcumsumexp", ops.logcumsumexp, log_sums)]
      for shape, dim in [((5,), 0), ((1,), -1), ((3, 4), 1), ((2, 3, 3), -2), ((0,), 0), ((2, 0), 0), ((2, 0, 3), 1)]),
    *(Case(name, getattr(ops, name), same, [A(), 0]) for name in ("cumsum", "cumprod", "logcumsumexp")),
    *(Case("linear_recurrence", ops.linear_recurrence, recurrence, [A(*shape), A(*shape), dim])
      for shape, dim in [((7,), 0), ((1,), 0), ((3, 5), -1), ((4, 2, 2), 0), ((0,), 0), ((2, 0), 1)]),
    *(Case("diff", ops.diff, lambda x, n=1, dim=-1: np.diff(x, n=min(n, x.shape[dim]), axis=dim), [A(*shape)], kwargs)
      for shape, kwargs in [((5,), {}), ((4, 3), {"dim": 0}), ((2, 5), {"n": 3}), ((3,), {"n": 0}), ((3,), {"n": 9}),
                            ((0,), {}), ((2, 1), {})]),
    Case("diff", lambda x, p, a: ops.diff(x, 1, 0, p, a), lambda x, p, a: np.diff(x, axis=0, prepend=p, append=a),
         [A(3, 2), A(1, 2), A(2, 2)]),
]  # fmt: skip


@pytest.mark.parametrize("zeros", [[2], [0], [4], [1, 3], [0, 4], [0, 1, 2, 3, 4]])
def test_a_running_product_differentiates_through_zeros(zeros):
    x = np.array([1.5, -0.7, 2.0, -1.2, 0.8])
    x[zeros] = 0
    gradcheck(lambda x: x.cumprod(0), x)
    gradgradcheck(lambda x: x.cumprod(0), x)


def test_running_products_and_sums_undo_each_other_through_logarithms():
    x = np.random.default_rng(0).uniform(0.5, 2, (3, 40))
    np.testing.assert_allclose(Tensor(x).cumprod(1).numpy(), Tensor(np.log(x)).cumsum(1).exp().numpy())


def test_diff_undoes_cumsum():
    x = Tensor(np.random.default_rng(0).normal(size=(3, 6)))
    np.testing.assert_allclose(x.cumsum(1).diff(dim=1).numpy(), x.numpy()[:, 1:])


@pytest.mark.parametrize("n", [2, 3, 4, 5, 31, 32, 33, 1000])
def test_every_length_goes_through_the_doubling(n):
    rng = np.random.default_rng(n)
    a, x = rng.uniform(-1, 1, n), rng.normal(size=n)
    got = ops.linear_recurrence(Tensor(a), Tensor(x), 0).numpy()
    np.testing.assert_allclose(got, recurrence(a, x, 0), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(Tensor(x).logcumsumexp(0).numpy(), np.log(np.cumsum(np.exp(x))))


@pytest.mark.parametrize("n", [1, 2, 3, 8, 33])
def test_doubling_is_a_running_total_of_any_associative_operation(n):
    x = np.random.default_rng(n).normal(size=(2, n, 3))
    for combine in (np.maximum, np.logaddexp, np.add):
        np.testing.assert_allclose(doubling(combine, x, 1), combine.accumulate(x, 1))


def test_the_first_factor_of_a_recurrence_has_no_effect_and_no_gradient():
    a = Tensor([np.inf, 0.5, 0.5], requires_grad=True)
    x = Tensor([1.0, 1.0, 1.0], requires_grad=True)
    y = ops.linear_recurrence(a, x, 0)
    y.sum().backward()
    assert y.tolist() == [1, 1.5, 1.75]
    assert a.grad.tolist() == [0, 1.5, 1.5] and x.grad.tolist() == [1.75, 1.5, 1]


def test_logcumsumexp_neither_overflows_nor_loses_the_small():
    x = np.array([-1000.0, -1001.0, 1000.0, 999.0, -1000.0])
    y = Tensor(x).logcumsumexp(0).numpy()
    small, large = np.log(1 + np.exp(-1.0)), 1000 + np.log(1 + np.exp(-1.0))
    np.testing.assert_allclose(y, [-1000, -1000 + small, 1000, large, large])
    gradcheck(lambda x: x.logcumsumexp(0), x, step=1e-4, atol=1e-5)


def test_logcumsumexp_of_nothing_so_far_is_minus_infinity_and_has_no_gradient():
    x = Tensor([-np.inf, -np.inf, 0.5, -np.inf, 1.0], dtype="float64", requires_grad=True)
    y = x.logcumsumexp(0)
    y.backward(Tensor([1.0, 2.0, 3.0, 4.0, 5.0], dtype="float64"))
    np.testing.assert_allclose(y.numpy(), [-np.inf, -np.inf, 0.5, 0.5, np.logaddexp(0.5, 1.0)])
    late = np.exp([0.5 - y[4].item(), 1.0 - y[4].item()])
    np.testing.assert_allclose(x.grad.numpy(), [0, 0, 3 + 4 + 5 * late[0], 0, 5 * late[1]])


def test_logcumsumexp_has_a_finite_second_derivative_at_minus_infinity():
    x = Tensor([-np.inf, 0.5, -np.inf, 1.0], dtype="float64", requires_grad=True)
    (dx,) = minigrad.autograd.grad(x.logcumsumexp(0)[1:].square().sum(), x, create_graph=True)
    dx.square().sum().backward()
    assert np.isfinite(x.grad.numpy()).all() and x.grad[0].item() == x.grad[2].item() == 0


def test_infinity_and_nan_run_on():
    x = Tensor([1.0, np.inf, 2.0, np.nan, 3.0])
    np.testing.assert_array_equal(x.cumsum(0).numpy(), np.float32([1, np.inf, np.inf, np.nan, np.nan]))
    np.testing.assert_array_equal(x.cumprod(0).numpy(), np.float32([1, np.inf, np.inf, np.nan, np.nan]))
    np.testing.assert_array_equal(x.logcumsumexp(0).numpy(), np.float32([1, np.inf, np.inf, np.nan, np.nan]))


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int32", "int64"])
def test_integers_are_accumulated_as_int64(dtype):
    x = minigrad.tensor([1, 1, 1, 0], dtype=dtype)
    assert x.cumsum(0).dtype == x.cumprod(0).dtype == minigrad.int64
    assert x.cumsum(0).tolist() == [1, 2, 3, 3] and x.cumprod(0).tolist() == [1, 1, 1, 0]
    assert x.cumsum(0, dtype="float64").dtype == minigrad.float64
    assert x.logcumsumexp(0).dtype == minigrad.float32


def test_small_integers_do_not_wrap_around():
    x = minigrad.tensor([200, 200], dtype="uint8")
    assert x.cumsum(0).tolist() == [200, 400] and x.cumprod(0).tolist() == [200, 40000]


def test_diff_of_bools_says_where_they_change():
    assert minigrad.tensor([True, False, False, True]).diff().tolist() == [True, False, True]


def test_a_missing_axis_is_named():
    for op in (ops.cumsum, ops.cumprod, ops.logcumsumexp):
        with pytest.raises(AxisError, match=rf"{op.__name__}: dim 2 is outside \[-2, 1\], the tensor has 2 axes"):
            op(Tensor(np.zeros((2, 3))), 2)


def test_what_is_not_a_tensor_is_refused():
    with pytest.raises(DtypeError, match="cumsum: input must be a tensor, got list"):
        ops.cumsum([1.0, 2.0], 0)


def test_a_recurrence_needs_equal_shapes():
    with pytest.raises(ShapeError, match=r"linear_recurrence: decay has shape \(2,\) and input \(3,\)"):
        ops.linear_recurrence(Tensor([1.0, 2.0]), Tensor([1.0, 2.0, 3.0]), 0)


def test_diff_refuses_a_negative_count_and_a_single_number():
    with pytest.raises(ArgumentError, match="diff: needs a whole n ≥ 0 and at least one axis, got n = -1, shape"):
        Tensor([1.0]).diff(-1)
    with pytest.raises(ArgumentError, match=r"got n = 1\.5"):
        Tensor([1.0]).diff(1.5)
    with pytest.raises(ArgumentError, match=r"got n = 1, shape \(\)"):
        Tensor(1.0).diff()
