"""Runs the laws of minigrad.testing on the CASES of every module in this folder that imports laws.py."""

from minigrad.testing.op_test import parameters


def pytest_generate_tests(metafunc):
    if {"law", "case"} <= set(metafunc.fixturenames):
        metafunc.parametrize(**parameters(metafunc.module.CASES))
    elif "case" in metafunc.fixturenames:
        metafunc.parametrize("case", metafunc.module.CASES, ids=lambda case: case.id)
