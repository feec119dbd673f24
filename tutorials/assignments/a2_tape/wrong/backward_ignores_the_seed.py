"""backward: it begins with 1 at the output, whatever gradient comes in there."""


def backward(rows, output, seed):
    grads = [0.0] * len(rows)
    grads[output] = 1.0
    for i in range(output, -1, -1):
        for j, slope in zip(rows[i][1], rows[i][3], strict=True):
            grads[j] = grads[j] + slope * grads[i]
    return grads
