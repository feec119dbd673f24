"""Runs the promises of promises.py on the MUTANTS of every module in this folder that imports them."""


def pytest_generate_tests(metafunc):
    if "mutant" in metafunc.fixturenames:
        mutants = metafunc.module.MUTANTS
        metafunc.parametrize("mutant", mutants, ids=[m.name for m in mutants])
