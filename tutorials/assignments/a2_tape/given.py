"""The tape of assignment 2, and a bridge to minigrad's own.

A tape is a list of rows, in the order in which they were computed. A row is a tuple

    (op, inputs, value, slopes)      inputs: the numbers of earlier rows; slopes: dy/dx for each of them

Leaves have the op "leaf", no inputs and no slopes. So y = sin(x) · x is

    [("leaf", (), x, ()), ("sin", (0,), sin x, (cos x,)), ("mul", (1, 0), sin x · x, (x, sin x))]
"""

import math

OPS = {  # value and slopes of each op, given the values of its inputs
    "add": lambda a, b: (a + b, (1.0, 1.0)),
    "sub": lambda a, b: (a - b, (1.0, -1.0)),
    "mul": lambda a, b: (a * b, (b, a)),
    "sin": lambda a: (math.sin(a), (math.cos(a),)),
    "tanh": lambda a: (math.tanh(a), (1.0 - math.tanh(a) ** 2,)),
    "square": lambda a: (a * a, (2.0 * a,)),
}


def record(program, leaves):
    """Run a program, a list of (op, inputs) with "leaf" rows first, and return its tape."""
    rows = [("leaf", (), float(x), ()) for x in leaves]
    for op, inputs in program:
        value, slopes = OPS[op](*(rows[i][2] for i in inputs))
        rows.append((op, tuple(inputs), value, slopes))
    return rows


class Slope:
    """A rule of minigrad, dressed as a number: multiplied by dy it gives dx."""

    def __init__(self, rule, y):
        self.rule, self.y = rule, y

    def __mul__(self, dy):
        return Carried(self.rule(dy.tensor, self.y))

    __rmul__ = __mul__


class Carried:
    """A gradient of minigrad, dressed as a number that can be added up."""

    def __init__(self, tensor):
        self.tensor = tensor

    def __add__(self, other):
        return self if isinstance(other, float) else Carried(self.tensor + other.tensor)

    __radd__ = __add__

    def __mul__(self, slope):
        return slope * self


def backward_with(walk, loss):
    """Give every parameter its gradient, with `walk` in the place of minigrad's own walk."""
    from minigrad import no_grad, ones_like

    nodes, waiting = {}, [loss]
    while waiting:
        y = waiting.pop()
        if id(y) not in nodes:
            nodes[id(y)] = y
            waiting += [x for x, _ in y.edges]
    ordered = sorted(nodes.values(), key=lambda y: y.order)
    place = {id(y): i for i, y in enumerate(ordered)}
    rows = [(y.op, tuple(place[id(x)] for x, _ in y.edges), None, tuple(Slope(rule, y) for _, rule in y.edges))
            for y in ordered]  # fmt: skip
    with no_grad():
        grads = walk(rows, place[id(loss)], Carried(ones_like(loss)))
    for y, g in zip(ordered, grads, strict=True):
        if not y.edges and isinstance(g, Carried):
            y.grad = g.tensor.clone()
