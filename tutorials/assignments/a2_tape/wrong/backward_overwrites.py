"""backward: a gradient is assigned where it must be added, so of a value's several uses only the last counts."""


def backward(rows, output, seed):
    grads = [0.0] * len(rows)
    grads[output] = seed
    for i in range(output, -1, -1):
        for j, slope in zip(rows[i][1], rows[i][3], strict=True):
            grads[j] = slope * grads[i] if grads[i] else grads[j]
    return grads
