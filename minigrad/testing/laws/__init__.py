"""Laws: what must hold of a function or a Module for every input, whatever it computes.

Each comes twice. `check_causality(f, x)` checks one input; `@causality(tensors((2, 5, 4)))` makes a test over drawn
inputs (it needs Hypothesis) of the function that it decorates. A broken law is a `LawError` that says where and why.
"""

from .adjoint import check_adjoint, check_differences, check_linearity, check_symmetric_hessian
from .decorator import over_examples
from .implementations import check_checkpoint, check_devices, check_implementations
from .sequence import check_causality, check_padding_invariance
from .symmetry import (
    check_batch_independence,
    check_permutation_equivariance,
    check_permutation_invariance,
    check_shift_equivariance,
)
from .training import check_accumulation, check_saving

accumulation = over_examples(check_accumulation)
adjoint_identity = over_examples(check_adjoint)
batch_independence = over_examples(check_batch_independence)
causality = over_examples(check_causality)
checkpointing = over_examples(check_checkpoint)
device_agreement = over_examples(check_devices)
differences = over_examples(check_differences)
implementation_agreement = over_examples(check_implementations)
linearity = over_examples(check_linearity)
padding_invariance = over_examples(check_padding_invariance)
permutation_equivariance = over_examples(check_permutation_equivariance)
permutation_invariance = over_examples(check_permutation_invariance)
saving = over_examples(check_saving)
shift_equivariance = over_examples(check_shift_equivariance)
symmetric_hessian = over_examples(check_symmetric_hessian)

__all__ = [
    "accumulation", "adjoint_identity", "batch_independence", "causality", "check_accumulation", "check_adjoint",
    "check_batch_independence", "check_causality", "check_checkpoint", "check_devices", "check_differences",
    "check_implementations", "check_linearity", "check_padding_invariance", "check_permutation_equivariance",
    "check_permutation_invariance", "check_saving", "check_shift_equivariance", "check_symmetric_hessian",
    "checkpointing", "device_agreement", "differences", "implementation_agreement", "linearity", "over_examples",
    "padding_invariance", "permutation_equivariance", "permutation_invariance", "saving", "shift_equivariance",
    "symmetric_hessian",
]  # fmt: skip
