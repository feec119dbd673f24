from minigrad.testing.mutants.zoo import functions
from tests.testing.mutants.promises import *

MUTANTS = functions.MUTANTS
