"""backward: a share is passed on at once, before the others have arrived, and then again with them."""


def backward(rows, output, seed):
    grads = [0.0] * len(rows)

    def push(i, g):
        grads[i] += g
        for j, slope in zip(rows[i][1], rows[i][3], strict=True):
            push(j, slope * grads[i])

    push(output, seed)
    return grads
