"""sigmoid_backward: s(1 - s) is formed with the input x instead of s = sigmoid(x)."""


def sigmoid_backward(dy, x):
    return dy * x * (1.0 - x)
