from minigrad.testing.mutants.zoo import products
from tests.testing.mutants.promises import *

MUTANTS = products.MUTANTS
