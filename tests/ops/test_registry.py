"""Every op there is has cases, and so is held to every law of laws.py."""

import importlib
import importlib.util
import pkgutil
from pathlib import Path

import pytest

import minigrad
from minigrad import ops

FAMILIES = sorted(m.name for m in pkgutil.iter_modules(ops.__path__))
NAMES = {
    name: family
    for family in FAMILIES
    for name in getattr(importlib.import_module(f"minigrad.ops.{family}"), "__all__", [])
    if name[0].islower()  # the others are types of results
}
# Ops that are no function from arrays to an array: what they change, or a plain bool. Tested by name elsewhere.
ELSEWHERE = {
    "inplace": [
        "add_", "clamp_", "copy_", "div_", "exp_", "fill_", "floor_divide_", "masked_fill_", "mul_",
        "neg_", "pow_", "relu_", "remainder_", "setitem", "sigmoid_", "sqrt_", "sub_", "tanh_", "zero_",
    ],
    "compare": ["allclose", "equal"],
}
SPECIAL = {name: family for family, names in ELSEWHERE.items() for name in names}


def cases_of(family):
    spec = importlib.util.find_spec(f"tests.ops.test_{family}")
    return [] if spec is None else getattr(importlib.import_module(spec.name), "CASES", [])


COVERED = {case.name for family in FAMILIES for case in cases_of(family)}


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_op_has_a_case(name):
    assert (name in COVERED) != (name in SPECIAL)


@pytest.mark.parametrize("name", sorted(SPECIAL))
def test_every_other_op_is_tested_by_name(name):
    assert name in (Path(__file__).parent / f"test_{SPECIAL[name]}.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_op_is_public_and_documented(name):
    assert getattr(minigrad, name) is getattr(ops, name)
    doc = getattr(ops, name).__doc__
    assert doc and doc.strip().splitlines()[0].endswith((".", ":")), name
