"""add_backward: both inputs get the same array, so that who changes one gradient changes the other."""


def _unbroadcast(dy, shape):
    dy = dy.sum(tuple(range(dy.ndim - len(shape)))) if dy.ndim > len(shape) else dy
    stretched = tuple(i for i, n in enumerate(shape) if n == 1 and dy.shape[i] != 1)
    return dy.sum(stretched, keepdims=True) if stretched else dy


def add_backward(dy, a, b):
    return _unbroadcast(dy, a.shape), _unbroadcast(dy, b.shape)
