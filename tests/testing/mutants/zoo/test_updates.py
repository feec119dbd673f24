from minigrad.testing.mutants.zoo import updates
from tests.testing.mutants.promises import *

MUTANTS = updates.MUTANTS
