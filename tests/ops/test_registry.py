"""Every op there is has cases, and so is held to every law of laws.py."""

import importlib
import importlib.util
import pkgutil

import pytest

import minigrad
from minigrad import ops

FAMILIES = sorted(m.name for m in pkgutil.iter_modules(ops.__path__))
NAMES = {
    name: family
    for family in FAMILIES
    for name in getattr(importlib.import_module(f"minigrad.ops.{family}"), "__all__", [])
}
# Ops that still lack cases here. The list only ever gets shorter: an op that has cases must be taken off it.
OWED = {
    "add_",
    "addbmm",
    "addmm",
    "addmv",
    "addr",
    "allclose",
    "amax",
    "amin",
    "arange",
    "as_tensor",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "baddbmm",
    "bilinear",
    "bmm",
    "broadcast_to",
    "cat",
    "celu",
    "clamp_",
    "clone",
    "contiguous",
    "copy_",
    "cross_entropy",
    "detach",
    "div_",
    "dot",
    "einsum",
    "elu",
    "empty",
    "equal",
    "exp_",
    "expand",
    "eye",
    "fill_",
    "flatten",
    "from_numpy",
    "full",
    "full_like",
    "ger",
    "getitem",
    "hardshrink",
    "hardtanh",
    "index_put",
    "inner",
    "kron",
    "leaky_relu",
    "linear",
    "linspace",
    "masked_fill_",
    "matmul",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "max_unpool1d",
    "max_unpool2d",
    "max_unpool3d",
    "mean",
    "mm",
    "mul_",
    "mv",
    "neg_",
    "new_full",
    "new_ones",
    "new_zeros",
    "nll_loss",
    "ones",
    "ones_like",
    "outer",
    "permute",
    "prelu",
    "put_add",
    "relu",
    "relu6",
    "relu_",
    "reshape",
    "selu",
    "setitem",
    "sigmoid_",
    "softplus",
    "softshrink",
    "softsign",
    "sqrt_",
    "squeeze",
    "stack",
    "sub_",
    "sum",
    "sum_to_size",
    "tanh_",
    "tanhshrink",
    "tensor",
    "tensordot",
    "threshold",
    "to",
    "transpose",
    "type_as",
    "unflatten",
    "unsqueeze",
    "vdot",
    "zero_",
    "zeros",
    "zeros_like",
}


def cases_of(family):
    spec = importlib.util.find_spec(f"tests.ops.test_{family}")
    return [] if spec is None else getattr(importlib.import_module(spec.name), "CASES", [])


COVERED = {case.name for family in FAMILIES for case in cases_of(family)}


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_op_has_a_case(name):
    assert (name in COVERED) != (name in OWED), f"{name}: give it a case, or take it off the list"


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_op_is_public_and_documented(name):
    assert getattr(minigrad, name) is getattr(ops, name)
    doc = getattr(ops, name).__doc__
    assert doc and doc.strip().splitlines()[0].endswith((".", ":")), name
