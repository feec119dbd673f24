"""unbroadcast: axes that were added in front are summed, axes of length 1 that were stretched are not."""


def unbroadcast(dy, shape):
    return dy.sum(tuple(range(dy.ndim - len(shape))))
