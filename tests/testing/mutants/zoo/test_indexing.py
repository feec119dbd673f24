from minigrad.testing.mutants.zoo import indexing
from tests.testing.mutants.promises import *

MUTANTS = indexing.MUTANTS
