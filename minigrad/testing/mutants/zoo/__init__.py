"""The mutants of the zoo, by the part of the package that they live in."""

from . import (
    activations,
    engine,
    functions,
    images,
    indexing,
    layers,
    losses,
    products,
    sequences,
    shapes,
    training,
    updates,
)

_PARTS = (
    shapes, functions, activations, products, indexing, layers, images, losses, sequences, engine, updates, training,
)  # fmt: skip

MUTANTS = [mutant for part in _PARTS for mutant in part.MUTANTS]
