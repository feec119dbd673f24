from minigrad.testing.mutants.zoo import shapes
from tests.testing.mutants.promises import *

MUTANTS = shapes.MUTANTS
