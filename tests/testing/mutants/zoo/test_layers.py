from minigrad.testing.mutants.zoo import layers
from tests.testing.mutants.promises import *

MUTANTS = layers.MUTANTS
