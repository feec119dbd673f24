"""Every op there is has cases, and so is held to every law of laws.py."""

import importlib
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
# Ops whose meaning is not a function of arrays to arrays have tests of their own in the module named.
SPECIAL = {}


def cases_of(family):
    return getattr(importlib.import_module(f"tests.ops.test_{family}"), "CASES", [])


COVERED = {case.name for family in FAMILIES for case in cases_of(family)}


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_op_has_a_case(name):
    assert name in COVERED or name in SPECIAL


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_op_is_public_and_documented(name):
    assert getattr(minigrad.nn.functional, name, None) or getattr(minigrad, name, None) or getattr(ops, name)
    doc = getattr(ops, name).__doc__
    assert doc and doc.strip().splitlines()[0].endswith((".", ":")), name


@pytest.mark.parametrize("name", sorted({case.name for f in FAMILIES for case in cases_of(f) if case.differentiable}))
def test_every_differentiable_op_shows_its_backward(name):
    assert callable(getattr(ops, name))
