"""What the functions of assignment 6 must satisfy. The trusted versions are minigrad's and PyTorch's formulas."""

import math

import numpy as np

from minigrad import tensor
from minigrad.classroom.draws import grid, sides, values
from minigrad.classroom.properties import Agrees, Gradient
from minigrad.nn import Parameter
from minigrad.nn import functional as F
from minigrad.optim import AdamW


def rows(rng, size):
    return [values(rng, (*sides(rng, size, 1), size + 1))]


def extreme(rng, size):
    x = grid(rng, (size, size + 2)) * 600.0
    x[:, 0] = -np.inf
    return [x]


def softmax(x):
    top = x.max(-1, keepdims=True)
    return np.exp(x - top - np.log(np.exp(x - top).sum(-1, keepdims=True)))


def lengths(rng, size):
    t, u = (int(k) for k in rng.integers(1, size + 4, 2))
    return [t, u]


def triangle(t, u):
    return np.array([[float(j <= i) for j in range(u)] for i in range(t)])


def heads(rng, size, masked=False):
    t, u, e, f = (int(k) for k in rng.permutation([size, size + 1, size + 2, 2]))
    front = (2,) if size > 2 else ()
    mask = (rng.random((t, u)) < 0.6) | (np.arange(u) == 0) if masked else None
    return [rng.normal(size=(*front, t, e)), rng.normal(size=(*front, u, e)), rng.normal(size=(*front, u, f)), mask]


def plain(rng, size):
    return heads(rng, size)


def masked(rng, size):
    return heads(rng, size, masked=True)


def attention(q, k, v, mask):
    given = None if mask is None else tensor(mask)
    return F.scaled_dot_product_attention(tensor(q), tensor(k), tensor(v), given).numpy()


def moments(rng, size):
    shape = sides(rng, size, 2)
    p, g, m = (rng.normal(size=shape) for _ in range(3))
    t = int(rng.choice([1, 2, 10, 1000]))
    decay = float(rng.choice([0.0, 0.1]))
    lr, eps = float(rng.choice([0.1, 0.001])), float(rng.choice([1e-8, 0.1]))
    return [p, g, 0.1 * m, 0.1 * m * m + 0.01, t, lr, 0.9, 0.99, eps, decay]


def first_steps(rng, size):
    p, g, _, _, _, lr, *rest = moments(rng, size)
    return [p, g, np.zeros_like(p), np.zeros_like(p), 1, lr, *rest]


def adamw(p, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    """Let minigrad's optimizer take the step."""
    parameter = Parameter(tensor(p))
    optimizer = AdamW([parameter], lr, (beta1, beta2), eps, weight_decay)
    parameter.grad = tensor(g)
    state = {"step": t - 1, "exp_avg": tensor(m.copy()), "exp_avg_sq": tensor(v.copy())}
    optimizer.load_state_dict({**optimizer.state_dict(), "state": {0: state}})
    optimizer.step()
    found = optimizer.state_dict()["state"][0]
    return parameter.numpy(), *(np.asarray(found[name].numpy()) for name in ("exp_avg", "exp_avg_sq"))


def steps(rng, size):
    warmup = int(rng.integers(1, 10))
    total = warmup + int(rng.integers(1, 40))
    step = int(rng.choice([0, warmup, total, rng.integers(0, total + 1)]))
    return [step, float(rng.choice([0.1, 1.0, 3e-4])), warmup, total]


def schedule(step, peak, warmup, total):
    if step <= warmup:
        return peak * step / warmup
    return peak * math.cos(0.5 * math.pi * (step - warmup) / (total - warmup)) ** 2


PROPERTIES = [
    Agrees("softmax", "rows", softmax, rows, points=1),
    Agrees("softmax", "large numbers, and -inf", softmax, extreme, points=1, hidden=True),
    Agrees("causal_mask", "nobody looks ahead", triangle, lengths, points=1),
    Agrees("attention", "no mask", attention, plain, points=2),
    Agrees("attention", "with a mask", attention, masked, points=2, hidden=True),
    Gradient("attention_backward", "no mask", attention, plain, points=3, wrt=(0, 1, 2)),
    Gradient("attention_backward", "with a mask", attention, masked, points=2, hidden=True, wrt=(0, 1, 2)),
    Agrees("adam_step", "the first step", adamw, first_steps, points=2),
    Agrees("adam_step", "any step", adamw, moments, points=2, hidden=True, examples=16),
    Agrees("learning_rate", "up, then down", schedule, steps, points=2, examples=20, rtol=1e-5),
]
