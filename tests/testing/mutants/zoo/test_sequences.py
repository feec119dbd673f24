from minigrad.testing.mutants.zoo import sequences
from tests.testing.mutants.promises import *

MUTANTS = sequences.MUTANTS
