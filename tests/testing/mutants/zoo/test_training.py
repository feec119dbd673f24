from minigrad.testing.mutants.zoo import training
from tests.testing.mutants.promises import *

MUTANTS = training.MUTANTS
