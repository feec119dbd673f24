"""Linear algebra under the names of torch.linalg; the maths is where the ops are defined, in ops/."""

from .ops import cholesky, det, inv, matmul, matrix_norm, slogdet, solve, vector_norm
from .ops.matrix_norm import norm

__all__ = ["cholesky", "det", "inv", "matmul", "matrix_norm", "norm", "slogdet", "solve", "vector_norm"]
