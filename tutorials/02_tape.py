# %% [markdown]
# # A tape, in 60 lines
#
# The last lesson walked back along every path, and there were too many. Here the values are arrays, every operation
# is written down as it happens, and the walk back visits each value once.
#
# *You build:* an automatic differentiator for arrays that trains a small network. *You need:* lesson 1, NumPy. *Run
# time:* 5 s.
#
# ## The order is already there
#
# A value may hand on its gradient when all of its uses have handed theirs to it. Every use of a value was made
# *after* the value. So number the values as they are made and go back from the highest number: nothing more clever is
# needed.
#
# An operation stores, for each input, a rule that turns the gradient of the result, `dy`, into the gradient of the
# input.

# %%
import itertools

import matplotlib.pyplot as plt
import numpy as np

import minigrad

ticks = itertools.count(1)


class Tensor:
    """An array, and how it came about: pairs of an input and a rule."""

    def __init__(self, array, *edges):
        self.array, self.edges, self.order, self.grad = np.asarray(array, float), edges, next(ticks), None

    def __add__(self, other):
        return Tensor(self.array + other.array, (self, lambda dy: dy), (other, lambda dy: dy))

    def __mul__(self, other):
        x, y = self.array, other.array
        return Tensor(x * y, (self, lambda dy: dy * y), (other, lambda dy: dy * x))

    def __matmul__(self, other):
        x, y = self.array, other.array
        return Tensor(x @ y, (self, lambda dy: dy @ y.T), (other, lambda dy: x.T @ dy))

    def tanh(self):
        y = np.tanh(self.array)
        return Tensor(y, (self, lambda dy: dy * (1 - y * y)))

    def sum(self):
        shape = self.array.shape
        return Tensor(self.array.sum(), (self, lambda dy: np.broadcast_to(dy, shape)))

    def values(self):
        """Return all values behind this one, the latest first."""
        found, todo = {self}, [self]
        while todo:
            for x, _ in todo.pop().edges:
                if x not in found:
                    found.add(x)
                    todo.append(x)
        return sorted(found, key=lambda x: -x.order)

    def backward(self):
        """Give every value behind this one its gradient."""
        values = self.values()
        for x in values:
            x.grad = np.zeros_like(x.array)
        self.grad = np.ones_like(self.array)
        for y in values:
            for x, rule in y.edges:
                x.grad = x.grad + rule(y.grad)


# %% [markdown]
# Where do the two rules of `@` come from? With y = x w, an element of x meets a row of w: ∂y_ij/∂x_ik = w_kj, so
# dx_ik = Σ_j dy_ij w_kj, which is `dy @ w.T`. There is a trick for those who forget: only one product of `dy` and `w`
# has the shape of `x`.
#
# ## Once each
#
# Fifteen additions took 65,535 calls in the last lesson.

# %%
x = Tensor([1.0])
y = x
for _ in range(15):
    y = y + y
y.backward()
print(f"{len(y.values())} values, gradient {x.grad[0]:.0f} = 2 to the 15th")

# %% [markdown]
# ## Look at the tape
#
# The graph of one layer, `tanh(x @ w)`, summed. Each line is a value, in the order of the walk back.

# %%
rng = np.random.default_rng(0)
x, w = Tensor(rng.normal(size=(4, 3))), Tensor(rng.normal(size=(3, 2)))
loss = (x @ w).tanh().sum()
loss.backward()
first = loss.order
for value in loss.values():
    made_from = [first - v.order for v, _ in value.edges]
    print(f"value {first - value.order}  {value.array.shape!s:8} made from {made_from}")

# %% [markdown]
# ## Is it right?
#
# Compare with small steps, element by element, and not for the sum of the outputs: weigh the outputs with random
# numbers first. The sum is blind to mistakes that cancel.

# %%
def numeric(f, arrays, which, step=1e-5):
    """Return the slope of the number f(*arrays) by each element of one array."""
    found = np.zeros_like(arrays[which])
    for index in np.ndindex(found.shape):
        results = []
        for sign in (1, -1):
            moved = [a.copy() for a in arrays]
            moved[which][index] += sign * step
            results.append(f(*moved))
        found[index] = (results[0] - results[1]) / (2 * step)
    return found


def check(f, *arrays):
    """Return how far backward and small steps are apart, over all inputs."""
    v = rng.normal(size=f(*map(Tensor, arrays)).array.shape)
    inputs = [Tensor(a) for a in arrays]
    (f(*inputs) * Tensor(v)).sum().backward()
    weighted = lambda *xs: float((f(*map(Tensor, xs)).array * v).sum())
    return max(np.abs(x.grad - numeric(weighted, arrays, i)).max() for i, x in enumerate(inputs))


A, B = rng.normal(size=(4, 3)), rng.normal(size=(3, 2))
print("matmul", check(lambda x, w: x @ w, A, B) < 1e-8)
print("tanh  ", check(lambda x: x.tanh(), A) < 1e-8)
print("reused", check(lambda x, w: (x @ w).tanh() * (x @ w), A, B) < 1e-8)

# %% [markdown]
# ## It trains
#
# Two half moons, which no straight line separates. The network is `tanh(x @ w1 + b1) @ w2`, with a hidden layer of
# 16. The tape cannot broadcast yet, so the bias is a matrix product with a column of ones. The loss is the squared
# error against +1 and −1.

# %%
def moons(n):
    angle, side = rng.uniform(0, np.pi, n), rng.integers(0, 2, n)
    points = np.where(side, [np.cos(angle), np.sin(angle)], [1 - np.cos(angle), 0.4 - np.sin(angle)]).T
    return points + rng.normal(size=(n, 2)) * 0.12, side * 2.0 - 1


points, wanted = moons(200)
x, ones = Tensor(points), Tensor(np.ones((200, 1)))
parameters = w1, b1, w2 = [Tensor(rng.normal(size=shape)) for shape in ((2, 16), (1, 16), (16, 1))]
w2.array /= 4

losses = []
for step in range(301):
    score = (x @ w1 + ones @ b1).tanh() @ w2
    error = score + Tensor(-wanted[:, None])
    loss = (error * error).sum() * Tensor(1 / 200)
    loss.backward()
    losses.append(float(loss.array))
    for p in parameters:
        p.array -= 0.1 * p.grad
    if step % 100 == 0:
        right = ((score.array[:, 0] > 0) == (wanted > 0)).mean()
        print(f"step {step:3}: loss {losses[-1]:.4f}, {right:.1%} right")  # ~

# %%
figure, (left, right) = plt.subplots(1, 2)
figure.set_label("Left: the loss falls over 300 steps. Right: a curved border runs between the two half moons")
left.semilogy(losses, color="#4c72b0")
left.set(xlabel="step", ylabel="loss")
u, v = np.meshgrid(np.linspace(-1.5, 2.5, 80), np.linspace(-1.2, 1.6, 60))
grid = np.stack([u.ravel(), v.ravel()], 1)
score = np.tanh(grid @ w1.array + b1.array) @ w2.array
right.contourf(u, v, score.reshape(u.shape), levels=[-9, 0, 9], colors=["#f3d9c9", "#d4e2f2"])
right.scatter(*points.T, c=np.where(wanted > 0, "#4c72b0", "#c44e52"), s=8)

# %% [markdown]
# ## What a real tape adds
#
# `minigrad/autograd.py` is this lesson with three changes. It collects the values on the way, in a heap, and not
# beforehand. Its rules work on tensors and not on arrays, so that the walk back can itself be recorded, and there are
# second derivatives. And it notices when an array that a rule needs was overwritten. Here is the same network with
# it.

# %%
error = (x @ w1 + ones @ b1).tanh() @ w2 + Tensor(-wanted[:, None])
((error * error).sum() * Tensor(1 / 200)).backward()

twins = m1, c1, m2 = [minigrad.tensor(p.array, requires_grad=True) for p in parameters]
score = (minigrad.tensor(points) @ m1 + c1).tanh() @ m2
((score - minigrad.tensor(wanted[:, None])) ** 2).mean().backward()
for name, ours, theirs in zip(("w1", "b1", "w2"), parameters, twins, strict=True):
    print(name, np.allclose(ours.grad, theirs.grad.numpy(), rtol=1e-10))

# %% [markdown]
# ## Three planted bugs to find with the checker
#
# Three operations that somebody wrote for this tape. The checker has spoken. Which line is wrong, and why?

# %%
def sigmoid(x):
    y = 1 / (1 + np.exp(-x.array))
    return Tensor(y, (x, lambda dy: y * (1 - y)))


def transposed_product(x, w):
    """x @ w.T"""
    return Tensor(x.array @ w.array.T, (x, lambda dy: dy @ w.array), (w, lambda dy: x.array.T @ dy))


def mean_of_rows(x):
    return Tensor(x.array.mean(0), (x, lambda dy: np.broadcast_to(dy, x.array.shape) / x.array.size))


print(f"sigmoid             off by {check(sigmoid, A):.3f}")
print(f"transposed_product  off by {check(transposed_product, A, A[:3]):.3f}")
print(f"mean_of_rows        off by {check(mean_of_rows, A):.3f}")

# %% [markdown]
# <details><summary>Answers</summary>
#
# 1. `dy` is missing: it must be `dy * y * (1 - y)`. With `dy` = 1 everywhere, which is what the sum gives, it passes.
# 2. The gradient of `w` is `dy.T @ x`. What it computes is the transposed matrix. Here `w` is square, so the shapes
#    agree and only the numbers tell; with a `w` of shape (2, 3) NumPy would have complained.
# 3. Only 4 numbers go into each mean, so the slope is 1/4, the length of the axis, and not 1/12.
#
# </details>
