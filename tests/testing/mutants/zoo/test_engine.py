from minigrad.testing.mutants.zoo import engine
from tests.testing.mutants.promises import *

MUTANTS = engine.MUTANTS
