"""update_running: momentum is the share of the old value; it is that of the new one."""


def update_running(mean, var, x, momentum):
    moved = momentum * mean + (1.0 - momentum) * x.mean(0)
    return moved, momentum * var + (1.0 - momentum) * x.var(0, ddof=1)
