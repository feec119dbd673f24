"""accumulate: += writes into the array that is held, which others may hold too."""


def accumulate(held, dx):
    if held is None:
        return dx.copy()
    held += dx
    return held
