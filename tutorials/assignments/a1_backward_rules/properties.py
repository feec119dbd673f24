"""What the functions of assignment 1 must satisfy."""

from minigrad.classroom.draws import away, broadcast, distinct, grid, oblong, sides, values
from minigrad.classroom.properties import Agrees, Gradient

from . import given


def plain(rng, size):
    return [values(rng, sides(rng, size, int(rng.integers(0, 4))))]


def ties(rng, size):
    return [grid(rng, sides(rng, size + 1, 2))]


def rows(rng, size):
    return [values(rng, (*sides(rng, size, 1), size + 1))]


def same(rng, size):
    shape = sides(rng, size, 2)
    return [values(rng, shape), away(rng, shape)]


def stretched(rng, size):
    a, b = broadcast(rng, size)
    return [values(rng, a), away(rng, b)]


def to_shape(rng, size):
    """Return a gradient and the shape it had: with axes in front added, axes of length 1 stretched, or both."""
    full, part = broadcast(rng, size)
    if rng.random() < 0.5:  # a stretched axis is too rare by chance
        full, part = (size + 1, *full), (1, *full)
    dy = grid(rng, full) + grid(rng, part)
    return [dy, tuple(part)]


def summed(dy, shape):
    while dy.ndim > len(shape):
        dy = dy.sum(0)
    for axis, n in enumerate(shape):
        if n == 1:
            dy = dy.sum(axis, keepdims=True)
    return dy


def with_axis(rng, size):
    x = distinct(rng, oblong(rng, size, int(rng.integers(2, 4))))
    return [x, int(rng.integers(0, x.ndim))]


def layer(rng, size):
    n, i, o = (int(k) for k in rng.integers(1, size + 3, 3))
    return [values(rng, (n, i)), values(rng, (o, i)), values(rng, (o,))]


PROPERTIES = [
    Gradient("relu_backward", "the slope is 1 or 0", given.relu, plain, points=1),
    Gradient("relu_backward", "zeros, and single precision", given.relu, ties, points=1, hidden=True, float32=True),
    Gradient("leaky_relu_backward", "both slopes", given.leaky_relu, plain, points=2, float32=True),
    Gradient("sigmoid_backward", "the derivative", given.sigmoid, plain, points=2, float32=True),
    Gradient("gelu_backward", "both terms", given.gelu, plain, points=2, float32=True),
    Agrees("unbroadcast", "sums the right axes", summed, to_shape, points=2),
    Gradient("add_backward", "shapes that broadcast", given.add, stretched, points=1),
    Gradient("add_backward", "equal shapes: who owns the gradients", given.add, same, points=1, hidden=True),
    Gradient("mul_backward", "equal shapes", given.mul, same, points=1),
    Gradient("mul_backward", "shapes that broadcast", given.mul, stretched, points=2, hidden=True),
    Gradient("div_backward", "equal shapes", given.div, same, points=1),
    Gradient("div_backward", "shapes that broadcast", given.div, stretched, points=2, hidden=True),
    Gradient("mean_backward", "any axis", given.mean, with_axis, points=2),
    Gradient("softmax_backward", "rows", given.softmax, rows, points=3, float32=True),
    Gradient("linear_backward", "all three", given.linear, layer, points=3),
]
