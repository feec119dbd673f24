"""The bug zoo: classic mistakes of backpropagation, to be planted in the living package.

A test suite is as good as the mistakes that it notices. `minigrad mutants` plants one mistake after the other, runs
tests under each, and names those that the tests cannot see.
"""

from .example import Call, Probe
from .mutant import Mutant, load, select
from .plant import planted

__all__ = ["Call", "Mutant", "Probe", "load", "planted", "select"]
