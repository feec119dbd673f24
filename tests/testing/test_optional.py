"""Hypothesis is optional: what does not need it works, what does says how to get it."""

import subprocess
import sys

import pytest

WITHOUT = "import sys; sys.modules['hypothesis'] = None\n"


def run(code):
    return subprocess.run([sys.executable, "-c", WITHOUT + code], capture_output=True, text=True, check=False)


def test_checks_laws_and_cases_work_without_hypothesis():
    done = run(
        "import numpy as np, minigrad\n"
        "from minigrad.testing import A, check_op, gradcheck, laws, Case\n"
        "assert gradcheck(minigrad.tanh, np.ones(2))\n"
        "laws.check_causality(lambda x: x.cumsum(1), np.ones((1, 3)))\n"
        "check_op(Case('tanh', minigrad.tanh, np.tanh, [A(2)]))\n"
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("line", [
    "from minigrad.testing.strategies import tensors",
    "from minigrad.testing.machine import EngineMachine",
    "from minigrad.testing.profiles import register_profiles; register_profiles()",
    "from minigrad.testing import laws; laws.causality(1)(lambda x: x)()",
])  # fmt: skip
def test_what_needs_hypothesis_says_how_to_install_it(line):
    done = run(line)
    assert "MissingPackageError" in done.stderr and "pip install 'minigrad[testing]'" in done.stderr


def test_hypothesis_is_imported_only_where_it_is_needed():
    code = "import sys, minigrad.testing, minigrad.testing.laws, minigrad.testing.op_test; assert 'hypothesis' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
