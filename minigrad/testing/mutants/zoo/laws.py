"""What a test must know to notice a mistake. Every mutant of the zoo names the law that kills it."""

from __future__ import annotations

# Derivatives, all of them compared with differences.
DIFFERENCES = "first derivatives agree with differences"
COTANGENT = "the cotangent is random: one of ones hides what is permuted and what sums to 0"
SHAPES = "shapes that broadcast, have axes of size 1, or no axes"
AXES = "every axis, with sizes that differ and sizes that are equal"
TIES = "ties: moving equal elements together moves the result by the sum of their gradients"
DUPLICATES = "an element that is read or written twice"
OPTIONS = "every option at a value that is not its default"
SECOND = "second derivatives agree with differences"

# Values.
VALUES = "values agree with an independent reference"
EDGES = "values at the edges: 0, infinity, nothing but -infinity, scores of 1000, all elements equal"

# The engine.
OWNERSHIP = "inputs, indices and gradients share no memory that somebody else may write to"
ACCUMULATION = "a value that is used twice has the sum of both gradients"
CONTRACT = "backward twice, on a freed graph, from a vector, through hooks: each does what is documented"
OVERWRITES = "a saved value that was overwritten is an error, never a wrong number"
DTYPES = "a gradient has the dtype and the shape of what it belongs to"
TRACES = "a block that is left, even by an exception, leaves no state behind"

# Training.
RANDOMNESS = "forward, backward and recomputation see the same random numbers; the next draw sees others"
MODES = "training and evaluation differ where they should, and nowhere else"
STEPS = "every step of an update agrees with the published formula, all options included"
SCHEDULES = "the learning rate of every step, of the first and the last too"
RUNS = "a run is a function of its seeds, and evaluating changes nothing"
