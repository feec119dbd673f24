"""accumulate: the first share is kept as it is, so that whoever changes the gradient changes dx."""


def accumulate(held, dx):
    return dx if held is None else held + dx
