"""Checks of gradients against numbers: for minigrad's own ops, and for yours.

    gradcheck, gradgradcheck    one function at one point, against differences, with a verdict in words
    op_test                     one line holds an op to every law that minigrad's own ops obey
    laws                        causality, batch independence, adjointness, ...: of any function or Module
    strategies                  Hypothesis strategies: shapes, tensors, indices, windows, whole programs
    machine                     random play with the engine against an oracle too naive to be wrong
    gradchecked                 marks what `pytest --gradcheck my_ops.py` checks
"""

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
