"""div_backward: the minus sign of the derivative by the denominator is missing."""


def _unbroadcast(dy, shape):
    dy = dy.sum(tuple(range(dy.ndim - len(shape))))
    return dy.sum(tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)


def div_backward(dy, a, b):
    return _unbroadcast(dy / b, a.shape), _unbroadcast(dy * a / (b * b), b.shape)
