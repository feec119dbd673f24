from minigrad.testing.mutants.zoo import images
from tests.testing.mutants.promises import *

MUTANTS = images.MUTANTS
