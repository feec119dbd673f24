# %% [markdown]
# # The chain rule, on one number
#
# Training a network means changing numbers so that a loss falls. Which way, and how much? The derivative says it.
# This lesson finds derivatives of a loss by a machine, for single numbers. All that follows is this lesson with
# arrays.
#
# *You build:* a value that remembers where it came from, in 25 lines. *You need:* Python, and derivatives from
# school. *Run time:* 3 s.
#
# ## A derivative is a question about small steps
#
# Turn a knob `x` by a little: how much does the result move, per unit of the turn? One can ask by doing it.

# %%
import math

import matplotlib.pyplot as plt


def f(x):
    return math.sin(x) * x**2


def slope(f, x, step=1e-5):
    return (f(x + step) - f(x - step)) / (2 * step)


print(f"by a small step  {slope(f, 1.5):.6f}")
print(f"by the rules     {math.cos(1.5) * 1.5**2 + math.sin(1.5) * 2 * 1.5:.6f}")

# %% [markdown]
# The step needs two runs of `f` for every knob. A network has a million knobs, so it would need two million runs for
# one gradient. The rules need one run and a walk back. And a step is never exact: too long, and the curve bends on
# the way; too short, and rounding eats the difference.

# %%
exact = math.cos(1.5) * 1.5**2 + math.sin(1.5) * 2 * 1.5
steps = [10.0**-k for k in range(1, 15)]
errors = [abs(slope(f, 1.5, step) - exact) for step in steps]
figure, axis = plt.subplots()
figure.set_label("The error of the small-step slope falls until the step is 1e-5, then rises again")
axis.loglog(steps, errors, "o-", color="#c44e52")
axis.set(xlabel="length of the step", ylabel="error of the slope")

# %% [markdown]
# ## A value that remembers
#
# Here is the whole idea. A result keeps its inputs, and for each of them the *local* slope: how fast this result
# moves when that input moves, all else held still.
#
#     z = x · y        ∂z/∂x = y,   ∂z/∂y = x

# %%
class Value:
    """A number, what it was made from, and how fast it moves with each of them."""

    def __init__(self, number, inputs=(), op=""):
        self.number, self.inputs, self.op, self.grad = number, inputs, op, 0.0

    def __add__(self, other):
        return Value(self.number + other.number, ((self, 1.0), (other, 1.0)), "+")

    def __mul__(self, other):
        return Value(self.number * other.number, ((self, other.number), (other, self.number)), "×")

    def tanh(self):
        y = math.tanh(self.number)
        return Value(y, ((self, 1 - y**2),), "tanh")


x, w, b = Value(2.0), Value(-0.5), Value(0.3)
y = (w * x + b).tanh()
print(f"{y.number:.4f}")

# %% [markdown]
# ## Walking back
#
# The chain rule says that slopes along a path multiply, and paths add:
#
#     ∂L/∂x = Σ over all paths from x to L  Π of the local slopes on the path
#
# Start at the end with ∂L/∂L = 1. Each value hands to each of its inputs its own gradient times the local slope, and
# what arrives at an input is *added* to what is there.

# %%
def backward_by_paths(value, grad=1.0):
    value.grad += grad
    for x, local in value.inputs:
        backward_by_paths(x, grad * local)


backward_by_paths(y)
for name, value in (("x", x), ("w", w), ("b", b)):
    print(f"∂y/∂{name} = {value.grad:+.4f}")

# %%
print(f"by a small step: {slope(lambda w: math.tanh(w * 2.0 + 0.3), -0.5):+.4f}")

# %% [markdown]
# ## The graph
#
# Here is what the computation left behind. Numbers in the boxes were found on the way forward, from left to right;
# the gradients below them on the way back.

# %%
def place(value, depth=0, seen=None):
    """Give every value a column, by its longest way to the end."""
    seen = {} if seen is None else seen
    seen[value] = max(depth, seen.get(value, 0))
    for x, _ in value.inputs:
        place(x, depth + 1, seen)
    return seen


def draw(end, names, label):
    """Draw the values behind `end`, and the local slopes on the arrows."""
    depth = place(end)
    last = max(depth.values())
    figure, axis = plt.subplots()
    figure.set_label(label)
    where = {}
    for column in range(last + 1):
        values = [v for v in depth if last - depth[v] == column]
        for row, v in enumerate(values):
            where[v] = (column, (len(values) - 1) / 2 - row)
    for v, (col, row) in where.items():
        text = f"{names.get(v, v.op)}\n{v.number:.2f}\n∇ {v.grad:.2f}"
        color = "#dbe7f5" if v.inputs else "#f7ecd0"
        axis.text(col, row, text, ha="center", va="center", bbox={"boxstyle": "round", "fc": color, "ec": "#555555"})
        for x, local in v.inputs:
            a, c = where[x]
            axis.annotate("", (col - 0.22, row), (a + 0.22, c), arrowprops={"arrowstyle": "->", "color": "#888888"})
            axis.text((a + col) / 2, (c + row) / 2 + 0.12, f"{local:.2f}", ha="center", color="#c44e52")
    axis.set(xlim=(-0.5, last + 0.5), ylim=(-1.1, 1.1))
    axis.axis("off")


draw(y, {x: "x", w: "w", b: "b"}, "w and x lead to a product, it and b to a sum, the sum to tanh; slopes on the arrows")

# %% [markdown]
# Multiply the red slopes on the way from `w` to the end: 2.00 · 1.00 · 0.63 is the gradient in its box.
#
# ## One value, two paths
#
# If a value is used twice, its gradients add. This is the reason for `+=`, and to write `=` there is the oldest bug
# of all.

# %%
a = Value(3.0)
square = a * a
backward_by_paths(square)
print(a.grad, "is", slope(lambda a: a * a, 3.0))  # ~

# %% [markdown]
# ## How many paths are there?
#
# `backward_by_paths` is right, and useless. Add a value to itself and the number of paths doubles.

# %%
calls = 0


def count_paths(value):
    global calls
    calls += 1
    for x, _ in value.inputs:
        count_paths(x)


for n in (5, 10, 15):
    v, calls = Value(1.0), 0
    for _ in range(n):
        v = v + v
    count_paths(v)
    print(f"{n} additions: {calls} calls")

# %% [markdown]
# A value should wait until the gradients of *all* its uses have arrived, and then hand them on once. So the walk must
# go through the values in an order where every use comes before what it used. This is what a tape is for, and the
# next lesson builds one.
#
# ## The slope tells you where to go
#
# Enough for a first training: find `w` and `b` so that `tanh(w·x + b)` is 0.8 at `x` = 2 and −0.3 at `x` = −1. The
# loss is the sum of the squared errors. Every step goes against the gradient.

# %%
def loss_at(w, b):
    loss = Value(0.0)
    for point, wanted in ((2.0, 0.8), (-1.0, -0.3)):
        error = (w * Value(point) + b).tanh() + Value(-wanted)
        loss = loss + error * error
    return loss


w, b = Value(-0.5), Value(0.3)
for step in range(61):
    w.grad = b.grad = 0.0
    loss = loss_at(w, b)
    backward_by_paths(loss)
    if step % 15 == 0:
        print(f"step {step:2}: loss {loss.number:.5f}, w {w.number:+.3f}, b {b.number:+.3f}")
    w.number -= 0.3 * w.grad
    b.number -= 0.3 * b.grad

# %% [markdown]
# ## Three planted bugs to find with the checker
#
# The checker of this lesson is the small step. Three derivatives that somebody wrote down do not agree with it. Find
# the mistake in each before you open the answers.

# %%
def judge(name, f, derivative, at):
    wrong = [x for x in at if abs(derivative(x) - slope(f, x)) > 1e-4]
    print(f"{name:10} wrong at {wrong}")
    for x in wrong[:1]:
        print(f"{'':10} at {x} it says {derivative(x):.4f}, small steps say {slope(f, x):.4f}")


places = (-1.0, 0.0, 0.5, 1.0)
judge("sigmoid", lambda x: 1 / (1 + math.exp(-x)), lambda x: x * (1 - x), places)
judge("x·tanh x", lambda x: x * math.tanh(x), lambda x: x * (1 - math.tanh(x) ** 2), places)
judge("exp(x²)", lambda x: math.exp(x * x), lambda x: math.exp(x * x) * x, places)

# %% [markdown]
# <details><summary>Answers</summary>
#
# 1. The slope of the sigmoid is `y (1 - y)`, in terms of its *output*. Here the input stands for it.
# 2. `x` is used twice, so there are two paths. `tanh(x)` from the first factor is missing.
# 3. The chain rule wants the slope of the inside, `2x`, not `x`. At 0 both are 0 and the mistake does not show:
#    check at more places than one, and never only at 0.
#
# </details>
