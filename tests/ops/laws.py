"""What every op is held to: the laws of minigrad.testing. A test module lists CASES and imports this; conftest.py does the rest.

    CASES = [Case("mul", ops.mul, np.multiply, [A(2, 3), A(3)]), ...]
    from tests.ops.laws import *
"""

from minigrad.testing.cases import A, Case

__all__ = ["A", "Case", "test_every_law"]


def test_every_law(law, case):
    law(case)
