# %% [markdown]
# # From SGD to Adam
#
# The gradient says which way is down, here. It does not say how far the slope goes on. Every optimizer is a guess
# about that.
#
# *You build:* SGD, momentum, RMSprop and Adam, in a few lines each, and draw where they go. *You need:* lesson 5.
# *Run time:* 5 s.
#
# ## A long valley
#
# This loss is a valley that is 20 times steeper across than along: ½ (x² + 20 y²). Real losses are like this, with
# thousands of directions and much larger ratios.

# %%
import matplotlib.pyplot as plt
import numpy as np

import minigrad
from minigrad import optim

CURVE = np.array([1.0, 20.0])
START = np.array([-4.0, 1.2])


def loss(p):
    return 0.5 * (CURVE * p**2).sum(-1)


def slope(p):
    return CURVE * p


def walk(optimizer, steps=60, slope=slope):
    """Return the places an optimizer goes to; `optimizer(p, gradient, t)` makes step number t."""
    p, path = START.copy(), [START]
    for t in range(1, steps + 1):
        p = optimizer(p, slope(p), t)
        path.append(p)
    return np.array(path)


def draw(paths, label):
    figure, axes = plt.subplots(1, len(paths), sharey=True)
    figure.set_label(label)
    u, v = np.meshgrid(np.linspace(-4.5, 2.5, 90), np.linspace(-1.6, 1.6, 60))
    for axis, (name, path) in zip(np.atleast_1d(axes), paths.items(), strict=True):
        axis.contour(u, v, loss(np.stack([u, v], -1)), levels=[0.1, 1, 3, 8, 16], colors="#bbbbbb", linewidths=0.7)
        axis.plot(*path.T, ".-", markersize=3, linewidth=0.8, color="#c44e52")
        axis.set(title=f"{name}\nafter 60 steps: {loss(path[-1]):.1g}", xlim=(-4.5, 2.5), ylim=(-1.6, 1.6))


# %% [markdown]
# ## SGD: a step against the gradient
#
#     p ← p - lr · g
#
# In the direction with curvature c, a step multiplies the distance from the minimum by 1 - lr · c. If this is below
# −1, it jumps further out on the other side each time. So the steepest direction sets the limit, lr < 2/20, and the
# flat one pays for it.

# %%
def sgd(lr):
    return lambda p, g, t: p - lr * g


paths = {f"lr {lr}": walk(sgd(lr)) for lr in (0.01, 0.09, 0.101)}
draw(paths, "SGD creeps with a small rate, zigzags near the limit, and runs away beyond it")
for lr in (0.01, 0.09, 0.101):
    print(f"lr {lr}: each step multiplies x by {1 - lr:.3f} and y by {1 - 20 * lr:.3f}")

# %% [markdown]
# ## Momentum: a ball with mass
#
#     v ← 0.9 v + g,    p ← p - lr · v
#
# What points the same way step after step adds up, to 10 times the gradient. What flips its sign cancels.

# %%
def momentum(lr, beta=0.9):
    v = np.zeros(2)

    def step(p, g, t):
        v[:] = beta * v + g
        return p - lr * v

    return step


# %% [markdown]
# ## RMSprop: every direction its own rate
#
#     s ← 0.99 s + 0.01 g²,    p ← p - lr · g / √s
#
# Divide each element of the gradient by its usual size, and steep and flat directions move alike. It follows the
# signs more than the sizes.

# %%
def rmsprop(lr, beta=0.99):
    s = np.zeros(2)

    def step(p, g, t):
        s[:] = beta * s + (1 - beta) * g**2
        return p - lr * g / (np.sqrt(s) + 1e-8)

    return step


# %% [markdown]
# ## Adam: both, and a correction at the start
#
#     m ← 0.9 m + 0.1 g,    s ← 0.999 s + 0.001 g²
#     p ← p - lr · m̂ / √ŝ,  m̂ = m / (1 - 0.9ᵗ),  ŝ = s / (1 - 0.999ᵗ)
#
# Both averages start at 0 and are too small at first: after one step m is a tenth of the gradient, and s a thousandth
# of its square. The two divisions undo this, and the first step has exactly the length lr.

# %%
def adam(lr, beta1=0.9, beta2=0.999, corrected=True):
    m, s = np.zeros(2), np.zeros(2)

    def step(p, g, t):
        m[:] = beta1 * m + (1 - beta1) * g
        s[:] = beta2 * s + (1 - beta2) * g**2
        a, b = (1 - beta1**t, 1 - beta2**t) if corrected else (1, 1)
        return p - lr * (m / a) / (np.sqrt(s / b) + 1e-8)

    return step


paths = {"momentum": walk(momentum(0.02)), "RMSprop": walk(rmsprop(0.05)), "Adam": walk(adam(0.25))}
draw(paths, "Momentum swings through the valley, RMSprop goes straight for it, Adam takes a smooth curve")
for corrected in (True, False):
    first = walk(adam(0.25, corrected=corrected), 1)
    print(f"first step of Adam, corrected {corrected!s:5}: {np.abs(first[1] - first[0]).round(3)}")

# %% [markdown]
# Without the correction the first step is 3.2 times too long: 0.1 / √0.001.
#
# ## The same steps as minigrad
#
# `minigrad/optim/adam.py` has the options (weight decay, amsgrad) and one loop over all parameters. The steps are
# these.

# %%
ours = {"SGD": sgd(0.02), "momentum": momentum(0.02), "RMSprop": rmsprop(0.05), "Adam": adam(0.25)}
theirs = {
    "SGD": lambda p: optim.SGD(p, lr=0.02),
    "momentum": lambda p: optim.SGD(p, lr=0.02, momentum=0.9),
    "RMSprop": lambda p: optim.RMSprop(p, lr=0.05),
    "Adam": lambda p: optim.Adam(p, lr=0.25),
}
for name, make in theirs.items():
    p = minigrad.tensor(START, requires_grad=True)
    optimizer, path = make([p]), [START]
    for _ in range(60):
        optimizer.zero_grad()
        (0.5 * minigrad.tensor(CURVE) * p**2).sum().backward()
        optimizer.step()
        path.append(p.detach().numpy().copy())
    print(f"{name:9} all 60 steps are the same: {np.allclose(walk(ours[name]), path, atol=1e-9)}")

# %% [markdown]
# ## Which one?
#
# Rates matter more than names. For each optimizer, here is the loss after 60 steps over a range of rates: at the left
# in this valley, at the right in the same valley turned by 30°.

# %%
turn = np.array([[np.cos(np.pi / 6), -np.sin(np.pi / 6)], [np.sin(np.pi / 6), np.cos(np.pi / 6)]])
rates = np.logspace(-3, 0.5, 40)
figure, axes = plt.subplots(1, 2, sharey=True)
figure.set_label("Loss after 60 steps over the rate, straight and turned: RMSprop's lead goes with the turn")
for axis, R in zip(axes, (np.eye(2), turn), strict=True):
    for name, make in (("SGD", sgd), ("momentum", momentum), ("RMSprop", rmsprop), ("Adam", adam)):
        with np.errstate(over="ignore"):
            ends = [walk(make(lr), slope=lambda p, R=R: R.T @ slope(R @ p))[-1] for lr in rates]
            final = loss(np.array(ends) @ R.T)
        axis.loglog(rates, np.clip(final, 1e-9, 1e3), label=name)
        print(f"{'turned' if R is turn else 'straight':9} {name:9} at best {final.min():.1e}")  # ~ any
    axis.axhline(loss(START @ R.T), color="#bbbbbb", linestyle=":")
    axis.set(xlabel="learning rate", ylim=(1e-9, 1e3))
axes[0].set(ylabel="loss after 60 steps")
axes[1].legend(loc="lower left")

# %% [markdown]
# At the left RMSprop wins by far, and it is an accident of the picture: the valley lies along the axes, so a rate for
# each parameter is all that is needed. Turned, most of its lead is gone. SGD and momentum do not notice the turn:
# they have one rate for all directions. SGD's best rate is close to the one at which it explodes. Momentum of 0.9 is
# still swinging after 60 steps, and so is Adam. What RMSprop and Adam offer is the width of their curves: for these
# two a rate that is off by a factor of ten is still of use. "Which optimizer is best?" has no answer until somebody
# says on which loss.
#
# ## Three planted bugs to find with the checker
#
# Optimizers are not gradients, but a checker is any comparison with something known. Here it is the first steps of
# the right Adam, whose gradient at step t is told from outside.

# %%
def judge(name, broken):
    right, wrong = adam(0.25), broken(0.25)
    p = q = START
    for t in range(1, 61):
        p, q = right(p, slope(p), t), wrong(q, slope(p), t)
        if not np.allclose(p, q, rtol=1e-6):
            print(f"{name}: step {t} goes to {q.round(4)}, Adam goes to {p.round(4)}")
            return
    print(f"{name}: the same for 60 steps")


def first(lr):
    m, s = np.zeros(2), np.zeros(2)

    def step(p, g, t):
        m[:] = 0.9 * m + 0.1 * g
        s[:] = 0.999 * s + 0.001 * g**2
        return p - lr * (m / (1 - 0.9)) / (np.sqrt(s / (1 - 0.999)) + 1e-8)

    return step


def second(lr):
    m, s = np.zeros(2), np.zeros(2)

    def step(p, g, t):
        m[:] = 0.9 * m + 0.1 * g
        s[:] = 0.999 * s + 0.001 * m**2
        return p - lr * (m / (1 - 0.9**t)) / (np.sqrt(s / (1 - 0.999**t)) + 1e-8)

    return step


def third(lr):
    m, s = np.zeros(2), 0.0

    def step(p, g, t):
        nonlocal s
        m[:] = 0.9 * m + 0.1 * g
        s = 0.999 * s + 0.001 * (g**2).mean()
        return p - lr * (m / (1 - 0.9**t)) / (np.sqrt(s / (1 - 0.999**t)) + 1e-8)

    return step


judge("first", first)
judge("second", second)
judge("third", third)

# %% [markdown]
# <details><summary>Answers</summary>
#
# 1. The exponent t is missing: right at the first step, wrong from the second on. A test of one step does not see it.
# 2. s averages the square of m, not of g. At the first step it is a hundredth of what it should be, so the step is 10
#    times too long.
# 3. One s for all parameters: the directions no longer get rates of their own.
#
# </details>
