"""leaky_relu_backward: the left slope is taken as 0, as for relu."""


def leaky_relu_backward(dy, x):
    return dy * (x > 0)
