"""Square matrices undone and taken apart: inverses, linear systems, determinants, Cholesky factors.

Every rule comes from the differential of the equation that defines the result, and ⟨dY, ·⟩ moved onto dA:

    A A⁻¹ = I       d(A⁻¹) = -A⁻¹ dA A⁻¹
    A X = B         dX = A⁻¹ (dB - dA X)
    det A           d(det A) = tr(Cᵀ dA),   C the matrix of cofactors, det(A) A⁻ᵀ if A is invertible   (Jacobi)
    L Lᵀ = A        dL = L Φ(L⁻¹ dA L⁻ᵀ),    Φ the lower triangle with half the diagonal                (Murray)

Leading axes are a batch. LAPACK does the work, through NumPy, in float32 and float64.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..autograd import constant, record
from ..backend import Array, array_module, solver_errors, to_numpy
from ..errors import ArgumentError, DtypeError, GradientError, ShapeError
from ..shapes import broadcast_shapes, describe
from .matmul import alike
from .operands import quiet, tensor_of

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["cholesky", "det", "inv", "inverse", "logdet", "slogdet", "solve"]


def inv(A: Tensor) -> Tensor:
    """Invert: Y = A⁻¹.

    Backward  dA = -Yᵀ dY Yᵀ
    Shapes    (..., K, K)  ->  (..., K, K)
    Raises    ArgumentError if a matrix is singular
    """
    a = _square("inv", A)
    y = _lapack("inv", array_module(a.array).linalg.inv, a.array)
    return record("inv", y, (a, lambda dy, y: -(y.mT @ dy @ y.mT)))


inverse = inv


def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """Solve A X = B, or X A = B with left=False, without forming the inverse.

    Backward  dB = A⁻ᵀ dX,  dA = -dB Xᵀ
    Shapes    (..., K, K) and (..., K, M)  ->  (..., K, M), leading axes broadcast; B is a vector, or a batch of them,
              if it has 1 axis or if its shape is (..., K), exactly that of A without the last axis
    Raises    ArgumentError if a matrix is singular
    """
    a, b = alike("solve", A=_square("solve", A), B=B)
    if not left:
        return solve(a.mT, _columns(a, b, "... M K").mT).mT
    if b.array.ndim == 1 or b.array.shape == a.array.shape[:-1]:
        return solve(a, b.unsqueeze(-1)).squeeze(-1)
    _columns(a, b, "... K M")
    batch = broadcast_shapes("solve", a.array.shape[:-2], b.array.shape[:-2])
    a = a.broadcast_to(batch + a.array.shape[-2:]) if a.tracked else a
    b = b.broadcast_to(batch + b.array.shape[-2:]) if b.tracked else b

    def d_b(dx: Tensor, _: Tensor) -> Tensor:
        return solve(a.mT, dx)

    def d_a(dx: Tensor, x: Tensor) -> Tensor:
        return -solve(a.mT, dx) @ x.mT

    x = _lapack("solve", array_module(a.array).linalg.solve, a.array, b.array)
    return record("solve", x, (a, d_a), (b, d_b))


def det(A: Tensor) -> Tensor:
    """Compute the determinant: y = det A.

    Backward  dA = dy C,  C the cofactors. They exist for singular matrices too; their derivative, here, does not.
    Shapes    (..., K, K)  ->  (...)
    Source    Jacobi, "De formatione et proprietatibus determinantium", 1841
    """
    a = _square("det", A)
    with quiet():
        y = array_module(a.array).linalg.det(a.array)
    return record("det", y, (a, lambda dy, _: dy[..., None, None] * _cofactors(a)))


def _cofactors(a: Tensor) -> Tensor:
    """Compute the cofactors: C = det(A) A⁻ᵀ.

    Backward  dA = (C Σ dC·C - C dCᵀ C) / det A
    """

    def d_a(dc: Tensor, c: Tensor) -> Tensor:
        if a.array.size and (array_module(a.array).linalg.matrix_rank(a.array) < a.array.shape[-1]).any():
            raise GradientError("det: a matrix is singular; second derivatives are provided for invertible ones")
        slope = c * (dc * c).sum((-2, -1), keepdim=True) - c @ dc.mT @ c
        return slope / det(a)[..., None, None]

    return record("cofactors", cofactors_forward(a.array), (a, d_a))


def cofactors_forward(a: Array) -> Array:
    """Return C = ± U diag(Π_{j≠i} σ_j) Vᵀ from A = U diag(σ) Vᵀ. No division, so A may be singular."""
    xp = array_module(a)
    u, s, vt = xp.linalg.svd(a)
    others = xp.where(xp.eye(s.shape[-1], dtype=bool), 1, s[..., None, :]).prod(-1)
    sign = xp.linalg.det(u) * xp.linalg.det(vt)
    return sign[..., None, None] * ((u * others[..., None, :]) @ vt)


class SignedLogarithm(NamedTuple):
    """A number as sign · exp(logabsdet)."""

    sign: Tensor
    logabsdet: Tensor


def slogdet(A: Tensor) -> SignedLogarithm:
    """Compute the sign and the logarithm of the determinant, which itself may over- or underflow.

    Forward   det A = s exp(y);  s = 0 and y = -∞ if A is singular
    Backward  dA = dy A⁻ᵀ;  s is piecewise constant
    Shapes    (..., K, K)  ->  (...) and (...)
    """
    a = _square("slogdet", A)
    sign, y = array_module(a.array).linalg.slogdet(a.array)
    return SignedLogarithm(constant(sign), record("slogdet", y, (a, lambda dy, _: dy[..., None, None] * inv(a).mT)))


def logdet(input: Tensor) -> Tensor:
    """Compute the logarithm of the determinant: -∞ if it is 0, NaN if it is negative.

    Backward  dA = dy A⁻ᵀ
    Shapes    (..., K, K)  ->  (...)
    """
    sign, y = slogdet(input)
    return y.masked_fill(sign < 0, float("nan"))


def cholesky(A: Tensor, *, upper: bool = False) -> Tensor:
    """Factor a symmetric positive-definite matrix: A = L Lᵀ, L lower triangular; with `upper`, A = Uᵀ U.

    Only the lower triangle of A is read (with `upper`, the upper one); the gradient is that of symmetric changes.

    Backward  S = L⁻ᵀ Φ(Lᵀ dL) L⁻¹,  dA = (S + Sᵀ) / 2,  Φ the lower triangle with half the diagonal
    Shapes    (..., K, K)  ->  (..., K, K)
    Raises    ArgumentError if a matrix is not positive definite
    Source    Murray, "Differentiation of the Cholesky decomposition", arXiv:1602.07527, equation 10
    """
    a = _square("cholesky", A)
    if upper:
        return cholesky(a.mT).mT
    xp = array_module(a.array)
    ones = xp.ones(a.array.shape[-2:], a.array.dtype)
    half = constant(xp.tril(ones) - 0.5 * xp.eye(*ones.shape, dtype=ones.dtype))

    def d_a(dl: Tensor, l: Tensor) -> Tensor:
        s = solve(l.mT, solve(l.mT, (l.mT @ dl) * half).mT)
        return (s + s.mT) / 2

    return record("cholesky", _lapack("cholesky", xp.linalg.cholesky, a.array), (a, d_a))


def _square(op: str, A: Any) -> Tensor:
    a = tensor_of(op, A, "A")
    if a.array.ndim < 2 or a.array.shape[-1] != a.array.shape[-2]:
        raise ShapeError(describe(op, "needs square matrices", {"A": (a, "... K K")}, "the last two sizes must agree"))
    if a.array.dtype.kind != "f" or a.array.dtype.itemsize < 4:
        raise DtypeError(f"{op}: needs a float32 or float64 tensor, got {a.array.dtype}\nHint: convert with .float()")
    return a


def _columns(a: Tensor, b: Tensor, letters: str) -> Tensor:
    """Return `b` if it holds right-hand sides for `a`."""
    axis = -1 if letters.endswith("K") else -2
    if b.array.ndim < 2 or b.array.shape[axis] != a.array.shape[-1]:
        rows = {"A": (a, "... K K"), "B": (b, letters)}
        wrong = f"K is {a.array.shape[-1]} in A, which B does not fit"
        raise ShapeError(describe("solve", wrong, rows, "B has one equation for each unknown"))
    return b


def _lapack(op: str, routine: Callable[..., Array], a: Array, *others: Array) -> Array:
    """Run a LAPACK routine, and say which matrix it failed on and why."""
    try:
        with solver_errors(a):
            return routine(a, *others)
    except np.linalg.LinAlgError as error:
        raise ArgumentError(_diagnosis(op, to_numpy(a))) from error


def _diagnosis(op: str, a: np.ndarray[Any, Any]) -> str:
    if not np.isfinite(a).all():
        return f"{op}: a matrix holds NaN or infinity\nHint: minigrad.detect_anomaly() names the op that made the first"
    lowest = np.linalg.eigvalsh(a)[..., 0] if op == "cholesky" else np.abs(np.linalg.slogdet(a)[0])
    where = tuple(int(i) for i in np.argwhere(lowest == lowest.min())[0])
    which = f"the matrix at {where}" if where else "the matrix"
    if op == "cholesky":
        return (
            f"cholesky: {which} is not positive definite, its smallest eigenvalue is {lowest[where]:.3g}\n"
            "Hint: add a multiple of the identity larger than its size"
        )
    return (
        f"{op}: {which} is singular, its rows are linearly dependent\n"
        "Hint: add a small multiple of the identity, or drop the dependent rows"
    )
