"""Checks of gradients against numbers: for minigrad's own ops, and for yours."""

from ..errors import GradcheckError
from .adapters.pairs import numpy_pair
from .adjoint import check_jvp_vjp
from .cases import A, Case
from .gradcheck import gradcheck, gradgradcheck, smallest
from .marks import gradchecked
from .op_laws import check_op
from .op_test import op_test
from .report import GradReport

__all__ = [
    "A",
    "Case",
    "GradReport",
    "GradcheckError",
    "check_jvp_vjp",
    "check_op",
    "gradcheck",
    "gradchecked",
    "gradgradcheck",
    "numpy_pair",
    "op_test",
    "smallest",
]
