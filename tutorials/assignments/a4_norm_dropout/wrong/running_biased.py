"""update_running: the variance is divided by N, where the running one wants N - 1."""


def update_running(mean, var, x, momentum):
    return (1.0 - momentum) * mean + momentum * x.mean(0), (1.0 - momentum) * var + momentum * x.var(0)
