"""Assignment 2: the tape.

given.py says what a tape is. Numbers here are plain floats. Use nothing but Python; change none of the arguments.
"""


def needed(rows, output):
    """Return a list of bools: for each row, whether the row `output` depends on it (it does on itself)."""
    # BEGIN SOLUTION
    wanted = [False] * len(rows)
    wanted[output] = True
    for i in range(output, -1, -1):
        if wanted[i]:
            for j in rows[i][1]:
                wanted[j] = True
    return wanted
    # END SOLUTION


def order(parents, output):
    """Return the nodes that `output` depends on, itself included, so that each stands after all of its parents.

    parents[i] is the list of the parents of node i; the numbers say nothing about the order. No node occurs twice.
    The graph may be deep: do without recursion.
    """
    # BEGIN SOLUTION
    found, seen, pending = [], set(), [(output, False)]
    while pending:
        node, parents_done = pending.pop()
        if parents_done:
            found.append(node)
        elif node not in seen:
            seen.add(node)
            pending.append((node, True))
            pending.extend((p, False) for p in parents[node])
    return found
    # END SOLUTION


def backward(rows, output, seed):
    """Return a list of gradients, for each row the derivative of seed · value of `output` by its value.

    A row that `output` does not depend on has the gradient 0.0. A row that is used several times gets all its shares.
    """
    # BEGIN SOLUTION
    grads = [0.0] * len(rows)
    grads[output] = seed
    wanted = needed(rows, output)
    for i in range(output, -1, -1):
        if wanted[i]:
            for j, slope in zip(rows[i][1], rows[i][3], strict=True):
                grads[j] = grads[j] + slope * grads[i]
    return grads
    # END SOLUTION


def forward_mode(rows, tangents):
    """Return a list of derivatives, for each row that of its value, when the leaves move with speeds `tangents`.

    tangents is a dict from leaf to speed; the other leaves stand still. One pass from the first row to the last.
    """
    # BEGIN SOLUTION
    speeds = []
    for i, (_, inputs, _, slopes) in enumerate(rows):
        own = 0.0 if inputs else tangents.get(i, 0.0)
        speeds.append(own + sum(s * speeds[j] for j, s in zip(inputs, slopes, strict=True)))
    return speeds
    # END SOLUTION


def accumulate(held, dx):
    """Return the array `held` plus the array dx; `held` is None when dx is the first share.

    Neither may be changed, and the result may be the memory of neither: the next op may hand dx to somebody else.
    """
    # BEGIN SOLUTION
    return dx.copy() if held is None else held + dx
    # END SOLUTION
