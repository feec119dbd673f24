# %% [markdown]
# # Pooling, and what happens at a tie
#
# Max pooling keeps the largest of four pixels. Its gradient looks too easy to get wrong: all of it goes to the pixel
# that won. And if two of them won?
#
# *You build:* max and mean pooling, and a rule for ties that you can defend. *You need:* lessons 4 and 6. *Run time:*
# 5 s.
#
# ## The largest of each window

# %%
import matplotlib.pyplot as plt
import numpy as np

import minigrad
from minigrad.data import load
from minigrad.nn import functional as F
from minigrad.testing import gradcheck, numpy_pair, smallest

rng = np.random.default_rng(0)


def blocks(x):
    """Return the 2 × 2 windows of images (N, H, W) as (N, H/2, W/2, 4)."""
    N, H, W = x.shape
    return x.reshape(N, H // 2, 2, W // 2, 2).transpose(0, 1, 3, 2, 4).reshape(N, H // 2, W // 2, 4)


def unblocks(b):
    """Put windows back where they came from."""
    N, P, Q, _ = b.shape
    return b.reshape(N, P, Q, 2, 2).transpose(0, 1, 3, 2, 4).reshape(N, 2 * P, 2 * Q)


def max_pool(x):
    return blocks(x).max(-1)


x = load("digits").x[:1] / 255
figure, axes = plt.subplots(1, 3)
figure.set_label("A digit of 28 by 28 pixels, its maxima of 14 by 14, and its means, which are paler")
shown = {"image": x[0], "max": max_pool(x)[0], "mean": blocks(x).mean(-1)[0]}
for axis, (title, picture) in zip(axes, shown.items(), strict=True):
    axis.imshow(picture, cmap="gray_r", vmin=0, vmax=1)
    axis.set_title(title)
    axis.axis("off")

# %% [markdown]
# ## Ties are not rare
#
# "Two numbers are never exactly equal." In weights, no. But four white pixels are equal, and after a relu half of all
# numbers are exactly 0.

# %%
images = load("digits").x[:1000] / 255
b = blocks(images)
winners = (b == b.max(-1, keepdims=True)).sum(-1)
print("windows of the digits with a tie:        ", f"{(winners > 1).mean():.1%}")
print("  of these, all four equal:              ", f"{(winners == 4).sum() / (winners > 1).sum():.1%}")
after_relu = np.maximum(0, rng.normal(size=(100, 28, 28)))
b = blocks(after_relu)
print("windows of random numbers after a relu:  ", f"{((b == b.max(-1, keepdims=True)).sum(-1) > 1).mean():.1%}")

# %% [markdown]
# ## What is the slope at a tie?
#
# Look at max(x, 1) as x passes 1. At the left it does not move, at the right it moves with x. At 1 there is no slope,
# only a left and a right one: 0 and 1. Everything in between is a *subgradient*: a line through the corner that stays
# below the curve.

# %%
t = np.linspace(0, 2, 101)
figure, axis = plt.subplots()
figure.set_label("max(x, 1) has a corner at 1; lines of slopes 0, 0.3, 0.5 and 1 through it stay below the curve")
axis.plot(t, np.maximum(t, 1), color="black", linewidth=2.5)
for slope in (0, 0.3, 0.5, 1):
    axis.plot(t, 1 + slope * (t - 1), "--", label=f"slope {slope}")
axis.legend()
axis.set(xlabel="x", ylabel="max(x, 1)")

# %% [markdown]
# So at a tie of x and y every split is defensible: all to the first, half to each. What is not: all to *both*. Raise
# both together by a little and the maximum rises by as much, not by twice as much. Along this line max is smooth and
# its slope is 1, so the parts must sum to 1. The checker tests both: each part between the one-sided slopes, and the
# tied ones moved together.

# %%
def to_all(dy, x):
    b = blocks(x)
    return unblocks(dy[..., None] * (b == b.max(-1, keepdims=True)))


def shared(dy, x):
    b = blocks(x)
    won = b == b.max(-1, keepdims=True)
    return unblocks(dy[..., None] * won / won.sum(-1, keepdims=True))


def to_first(dy, x):
    b = blocks(x)
    return unblocks(dy[..., None] * (np.arange(4) == b.argmax(-1)[..., None]))


distinct, tied = rng.permutation(16).reshape(1, 4, 4) / 4, rng.integers(0, 2, (1, 4, 4)) / 2
for rule in (to_all, shared, to_first):
    verdicts = [
        bool(gradcheck(numpy_pair(max_pool, rule), at, raise_exception=False)) for at in (distinct, tied)
    ]  # fmt: skip
    print(f"{rule.__name__:9} right where all differ: {verdicts[0]}, right at ties: {verdicts[1]}")

found = smallest(numpy_pair(max_pool, to_all), tied, seconds=30)
print(found.sentence)
for guess in found.guesses[:1]:
    print(f"looks like: {guess.sentence}")
print("smallest:", found.inputs[0].tolist())

# %% [markdown]
# A checker that draws random normal numbers never meets a tie and calls `to_all` right. Draw from a coarse grid, as
# here: `rng.integers(0, 2) / 2`.
#
# ## What PyTorch and minigrad do
#
# `max_pool2d` gives all to the first, in the order of the window. `max` and `amax` over a whole tensor share.

# %%
for name, f in (
    ("max_pool2d", lambda x: F.max_pool2d(x[None, None], 2).sum()),
    ("max", lambda x: x.max()),
    ("amax", lambda x: x.amax()),
):
    x = minigrad.tensor([[1.0, 2.0], [2.0, 0.0]], requires_grad=True)
    f(x).backward()
    print(f"{name:11} {x.grad.tolist()}")

# %% [markdown]
# ## Does the wrong rule matter?
#
# Where windows overlap or images are white, `to_all` makes the gradient too large, up to four times. Here is how much
# for digits after a relu.

# %%
rectified = np.maximum(0, images - 0.1)
dy = rng.normal(size=(1000, 14, 14))
sizes = {rule.__name__: np.linalg.norm(rule(dy, rectified)) for rule in (to_all, shared, to_first)}
print({name: round(float(size / np.linalg.norm(dy)), 2) for name, size in sizes.items()})

# %% [markdown]
# `shared` spreads its parts, so its length is shorter though its sum is the same.
#
# ## Three planted bugs to find with the checker

# %%
def mean_pool(x):
    return blocks(x).mean(-1)


def first(dy, x):
    return unblocks(np.repeat(dy[..., None], 4, axis=-1))


def second(dy, x):
    b = blocks(x)
    return unblocks(dy[..., None] * (np.arange(4) == b.argmin(-1)[..., None]))


def third(dy, x):
    b = blocks(x)
    won = np.arange(4) == b.argmax(-1)[..., None]
    return (dy[..., None] * won).reshape(x.shape)


for forward, backward in ((mean_pool, first), (max_pool, second), (max_pool, third)):
    report = gradcheck(numpy_pair(forward, backward), distinct, raise_exception=False)
    print(f"{backward.__name__}: {report.sentence}")
    for guess in report.guesses[:1]:
        print(f"  looks like: {guess.sentence}")

# %% [markdown]
# <details><summary>Answers</summary>
#
# 1. Each pixel is a quarter of its mean: `dy / 4`.
# 2. `argmin` for `argmax`. In a window where all are equal both are the first, so a test on zeros passes.
# 3. The windows are not put back where they came from: reshaping does not undo a transposition. Use `unblocks`.
#
# </details>
