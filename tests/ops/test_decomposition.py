import itertools

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, ops
from minigrad.errors import ArgumentError, DtypeError, GradientError, ShapeError
from minigrad.testing import gradcheck
from tests.ops.laws import *

RNG = np.random.default_rng(0)
SINGULAR = np.array([[0.1, 0.2, 0.3], [0.3, 0.6, 0.9], [1.0, -2.0, 4.0]])  # rank 2


def positive(op, **options):
    """Apply `op` to a matrix that is positive definite for every argument."""

    def on(a):
        if len(a.shape) < 2:
            return op(a, **options)  # to be refused
        eye = np.eye(a.shape[-1])
        square = a @ (a.mT if isinstance(a, Tensor) else a.swapaxes(-1, -2))
        return op(square + (Tensor(eye).to(a) if isinstance(a, Tensor) else eye), **options)

    return on


def upper_factor(a):
    return np.linalg.cholesky(a).swapaxes(-1, -2)


def by_permutations(a):
    """Leibniz: Σ over permutations of sign · Π_i a[i, p(i)]."""
    n = a.shape[-1]
    total = np.zeros(a.shape[:-2])
    for p in itertools.permutations(range(n)):
        sign = (-1) ** sum(p[i] > p[j] for i in range(n) for j in range(i + 1, n))
        total += sign * np.prod([a[..., i, p[i]] for i in range(n)], axis=0)
    return total


CASES = [
    *[Case("inv", ops.inv, np.linalg.inv, [A(*s)], float32_rtol=5e-3) for s in [(3, 3), (2, 2, 2), (1, 1), (2, 0, 0)]],
    Case("inverse", ops.inverse, np.linalg.inv, [A(3, 3)], float32_rtol=5e-3),
    *[Case("solve", ops.solve, np.linalg.solve, list(p), float32_rtol=5e-3, seed=1) for p in [
        (A(3, 3), A(3, 2)), (A(3, 3), A(3)), (A(2, 3, 3), A(2, 3, 1)), (A(3, 3), A(2, 3, 2)), (A(2, 1, 2, 2), A(3, 2, 1)),
        (A(0, 0), A(0, 2)),
    ]],
    Case("solve", ops.solve, lambda a, b: np.linalg.solve(a, b[..., None])[..., 0], [A(2, 3, 3), A(2, 3)], seed=1),
    Case("solve", ops.solve, lambda a, b: np.linalg.solve(a, b[..., None])[..., 0], [A(2, 3, 3), A(3)], seed=1),
    Case("solve", ops.solve, lambda a, b, left: b @ np.linalg.inv(a), [A(2, 3, 3), A(4, 3)], {"left": False}, seed=1),
    *[Case("det", ops.det, by_permutations, [A(*s)]) for s in [(3, 3), (2, 2, 2), (4, 4), (1, 1)]],
    Case("det", ops.det, np.linalg.det, [A(2, 0, 0)]),
    *[Case("slogdet", ops.slogdet, np.linalg.slogdet, [A(*s)], float32_rtol=5e-3) for s in [(3, 3), (2, 2, 2), (0, 0)]],
    Case("logdet", positive(ops.logdet), positive(lambda a: np.log(by_permutations(a))), [A(2, 3, 3)]),
    *[Case("cholesky", positive(ops.cholesky), positive(np.linalg.cholesky), [A(*s)]) for s in [(3, 3), (2, 2, 2), (0, 0)]],
    Case("cholesky", positive(ops.cholesky, upper=True), positive(upper_factor), [A(3, 3)]),
]  # fmt: skip


def test_the_determinant_of_a_singular_matrix_has_a_gradient():
    gradcheck(ops.det, SINGULAR)
    gradcheck(ops.det, np.stack([np.zeros((2, 2)), np.ones((2, 2)), RNG.normal(size=(2, 2))]))


def test_the_second_derivative_of_a_singular_determinant_is_refused():
    x = Tensor(SINGULAR, requires_grad=True)
    with pytest.raises(GradientError, match="det: a matrix is singular; second derivatives are provided for invertible"):
        minigrad.grad(minigrad.grad(ops.det(x), x, create_graph=True)[0].sum(), x)


def test_a_large_determinant_has_a_logarithm_though_it_overflows():
    x = minigrad.tensor(1e30 * np.eye(20), dtype="float32")
    sign, log = ops.slogdet(x)
    assert np.isinf(ops.det(x).item()) and sign.item() == 1
    np.testing.assert_allclose(log.item(), 20 * np.log(1e30), rtol=1e-6)


def test_a_singular_matrix_has_no_sign_and_an_infinite_logarithm():
    sign, log = ops.slogdet(minigrad.ones(2, 2))
    assert sign.item() == 0 and log.item() == -np.inf
    assert ops.logdet(minigrad.ones(2, 2)).item() == -np.inf


def test_the_logarithm_of_a_negative_determinant_is_nan():
    assert np.isnan(ops.logdet(minigrad.tensor([[0.0, 1.0], [1.0, 0.0]])).item())


def test_cholesky_reads_one_triangle_only():
    a = np.array([[4.0, np.nan], [2.0, 5.0]])
    assert ops.cholesky(Tensor(a)).tolist() == [[2, 0], [1, 2]]
    assert ops.cholesky(Tensor(a.T), upper=True).tolist() == [[2, 1], [0, 2]]


def test_the_gradient_of_cholesky_is_symmetric():
    x = Tensor(RNG.normal(size=(3, 3)))
    a = (x @ x.mT + Tensor(np.eye(3))).requires_grad_()
    ops.cholesky(a).backward(Tensor(RNG.normal(size=(3, 3))))
    np.testing.assert_allclose(a.grad.numpy(), a.grad.numpy().T)


def test_a_singular_matrix_is_refused_and_located():
    stack = Tensor(np.stack([np.eye(2), np.ones((2, 2))]))
    for op in (ops.inv, lambda a: ops.solve(a, a)):
        with pytest.raises(ArgumentError, match=r"the matrix at \(1,\) is singular, its rows are linearly dependent\nHint"):
            op(stack)
    with pytest.raises(ArgumentError, match="inv: the matrix is singular"):
        ops.inv(minigrad.ones(2, 2))


def test_a_matrix_that_is_not_positive_definite_is_refused_and_located():
    with pytest.raises(ArgumentError, match=r"cholesky: the matrix at \(1,\) is not positive definite, its smallest eigenv"):
        ops.cholesky(Tensor(np.stack([np.eye(2), np.diag([1.0, -3.0])])))
    with pytest.raises(ArgumentError, match="cholesky: the matrix is not positive definite, its smallest eigenvalue is -3\n"):
        ops.cholesky(Tensor(np.diag([1.0, -3.0])))
    with pytest.raises(ArgumentError, match="cholesky: a matrix holds NaN or infinity\nHint: minigrad"):
        ops.cholesky(Tensor(np.stack([np.full((2, 2), np.nan), -np.eye(2)])))


@pytest.mark.parametrize("op", [ops.inv, ops.det, ops.slogdet, ops.logdet, ops.cholesky])
def test_only_square_matrices_of_full_precision_are_taken(op):
    with pytest.raises(ShapeError, match=r"needs square matrices\n  A \(\.\.\., K, K\) = \(2, 3\)"):
        op(minigrad.ones(2, 3))
    with pytest.raises(ShapeError, match="needs square matrices"):
        op(minigrad.ones(3))
    for dtype in ("int64", "float16", "bool"):
        with pytest.raises(DtypeError, match=f"needs a float32 or float64 tensor, got {dtype}\nHint"):
            op(minigrad.ones(2, 2, dtype=dtype))


@pytest.mark.parametrize(
    ("a", "b", "left"), [((3, 3), (2, 3), True), ((3, 3), (4,), True), ((3, 3), (3, 2), False), ((3, 3), (3,), False)]
)
def test_right_hand_sides_that_do_not_fit_are_explained(a, b, left):
    with pytest.raises(ShapeError, match="solve: K is 3 in A, which B does not fit"):
        ops.solve(minigrad.ones(*a), minigrad.ones(*b), left=left)


def test_solve_asks_for_one_dtype():
    with pytest.raises(DtypeError, match="solve: A is float32 but B is float64"):
        ops.solve(minigrad.ones(2, 2), minigrad.ones(2, dtype="float64"))
