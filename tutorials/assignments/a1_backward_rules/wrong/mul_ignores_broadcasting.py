"""mul_backward: the product rule is right, and nothing is summed over the axes that were broadcast."""


def mul_backward(dy, a, b):
    return dy * b, dy * a
