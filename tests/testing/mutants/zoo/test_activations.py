from minigrad.testing.mutants.zoo import activations
from tests.testing.mutants.promises import *

MUTANTS = activations.MUTANTS
