from minigrad.testing.mutants.zoo import losses
from tests.testing.mutants.promises import *

MUTANTS = losses.MUTANTS
