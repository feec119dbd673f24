"""Runs the laws of laws.py on the CASES of every module in this folder that imports them."""

import pytest

pytest.register_assert_rewrite("tests.optim.laws")


def pytest_generate_tests(metafunc):
    if "case" in metafunc.fixturenames:
        cases = metafunc.module.CASES
        metafunc.parametrize("case", cases, ids=[case.id for case in cases])
