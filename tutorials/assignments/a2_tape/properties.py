"""What the functions of assignment 2 must satisfy."""

import cmath
import operator

from minigrad.classroom.draws import grid, sides
from minigrad.classroom.properties import Agrees, Law

from .given import OPS, record

COMPLEX = {"add": operator.add, "sub": operator.sub, "mul": operator.mul, "sin": cmath.sin, "tanh": cmath.tanh,
           "square": lambda a: a * a}  # fmt: skip
UNARY = ("sin", "tanh", "square")


def program(rng, size):
    """Return leaves and a random program in which values are used several times, or not at all."""
    count = int(rng.integers(1, size + 2))
    steps = []
    for i in range(count, count + 2 * size + 1):
        op = str(rng.choice(list(OPS)))
        steps.append((op, tuple(int(k) for k in rng.integers(0, i, 1 if op in UNARY else 2))))
    return [float(x) for x in rng.normal(size=count)], steps


def tape(rng, size):
    while True:
        leaves, steps = program(rng, size)
        rows = record(steps, leaves)
        if max(abs(row[2]) for row in rows) < 1e3:  # squares of squares grow out of bounds
            break
    return [rows, int(rng.integers(max(0, len(rows) - 3), len(rows)))]


def seeded(rng, size):
    return [*tape(rng, size), float(rng.choice([-2.0, 0.5, 3.0]))]


def diamond(rng, size):
    """y = x · x, then (y + y) again and again: every value is used twice."""
    rows = record([("mul", (0, 0)), *(("add", (i, i)) for i in range(1, size + 1))], [float(rng.normal())])
    return [rows, len(rows) - 1, 1.5]


def moving(rng, size):
    rows, _ = tape(rng, size)
    leaves = [i for i, row in enumerate(rows) if not row[1]]
    return [rows, {i: float(rng.normal()) for i in leaves if rng.random() < 0.8}]


def moved(rows, speeds):
    """Return the derivative of every value when rows move with these speeds.

    A tiny step in the imaginary direction: f(x + ih) = f(x) + ih f'(x) + O(h²), with nothing to subtract. Differences
    of real numbers are not exact enough: a right answer must never lose.
    """
    h, found = 1e-100, []
    for i, (op, inputs, value, _) in enumerate(rows):
        x = COMPLEX[op](*(found[j] for j in inputs)) if inputs else complex(value)
        found.append(x + 1j * h * speeds.get(i, 0.0))
    return [x.imag / h for x in found]


def gradients(rows, output, seed):
    return [seed * moved(rows, {i: 1.0})[output] for i in range(len(rows))]


def reaches(rows, output):
    """Return which rows the output is reached from, walking forward from each."""
    found = []
    for i in range(len(rows)):
        reached = {i}
        for k in range(i + 1, len(rows)):
            if reached & set(rows[k][1]):
                reached.add(k)
        found.append(output in reached)
    return [float(b) for b in found]


def graph(rng, size):
    """Return a graph whose nodes are numbered at random, and the node to begin at."""
    count = size + int(rng.integers(1, 4))
    names = [int(i) for i in rng.permutation(count)]
    parents = [[] for _ in range(count)]
    for k in range(1, count):
        parents[names[k]] = [names[int(j)] for j in rng.integers(0, k, int(rng.integers(1, 4)))]
    return [parents, names[-1]]


def chain(rng, size):
    return [[[], *([i] for i in range(3000 * size))], 3000 * size]


def is_ordered(found, parents, output):
    expected, pending = set(), [output]
    while pending:
        node = pending.pop()
        if node not in expected:
            expected.add(node)
            pending += parents[node]
    if len(found) != len(set(found)):
        return "a node occurs twice"
    if set(found) != expected:
        return f"it has {len(found)} nodes, and the output depends on {len(expected)}"
    place = {node: i for i, node in enumerate(found)}
    wrong = [n for n in found for p in parents[n] if place[p] > place[n]]
    return f"node {wrong[0]} stands before one of its parents" if wrong else None


def shares(rng, size):
    shape = sides(rng, size, 2)
    return [None if size == 1 or rng.random() < 0.3 else grid(rng, shape), grid(rng, shape)]


def total(held, dx):
    return dx if held is None else held + dx


PROPERTIES = [
    Agrees("needed", "every row the output depends on", reaches, tape, points=2, examples=16),
    Law("order", "parents come first, nobody twice", is_ordered, graph, points=2, examples=20),
    Law("order", "a deep graph", is_ordered, chain, points=1, hidden=True, examples=3),
    Agrees("backward", "random programs", gradients, seeded, points=3, examples=16),
    Agrees("backward", "values used twice", gradients, diamond, points=2, hidden=True, examples=4),
    Agrees("forward_mode", "random programs", moved, moving, points=3, examples=16),
    Agrees("accumulate", "sums, and first shares", total, shares, points=2, examples=16, fresh=True),
]
