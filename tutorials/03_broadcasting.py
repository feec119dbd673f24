# %% [markdown]
# # Broadcasting, and how to undo it
#
# `x + b` with a matrix and a row: NumPy repeats the row without a word. On the way back somebody has to add up what
# the copies received. More gradients are wrong here than anywhere else.
#
# *You build:* `unbroadcast`, five lines, and a sum and a product that need no other care. *You need:* lesson 2. *Run
# time:* 3 s.
#
# ## The rule of shapes
#
# Two shapes are aligned at their right ends. Each pair of sides must be equal, or one of them is 1 or absent: it is
# stretched. Ask NumPy:

# %%
import itertools

import matplotlib.pyplot as plt
import numpy as np

from minigrad.testing import gradcheck, numpy_pair, smallest

for a, b in (((4, 3), (3,)), ((4, 1), (1, 3)), ((2, 1, 3), (4, 1)), ((), (2, 2)), ((1,), (3,)), ((4, 3), (4,))):
    try:
        print(f"{a!s:10} {b!s:7} -> {np.broadcast_shapes(a, b)}")
    except ValueError:
        print(f"{a!s:10} {b!s:7} -> does not fit")

# %% [markdown]
# The last pair is the one that everybody tries once: four rows, and one number per row. It must be given as `(4, 1)`.
#
# ## A copy is a use
#
# Lesson 1 said: if a value is used several times, its gradients add. Stretching *is* using several times. Here is a
# row that is added to three rows. What element 0 of `b` does to the result, it does in three places.

# %%
b = np.array([10.0, 20.0, 30.0, 40.0])
dy = np.array([[1.0, 0, 0, 2], [0, 1, 0, 2], [0, 0, 1, 2]])

shown = (("b", b[None]), ("y = b stretched", np.broadcast_to(b, (3, 4))), ("dy", dy), ("db", dy.sum(0)[None]))
figure, axes = plt.subplots(1, 4)
figure.set_label("Forward, a row is copied into three rows; on the way back the three rows are summed into one")
for axis, (title, array) in zip(axes, shown, strict=True):
    axis.imshow(array, cmap="Oranges" if "d" in title[:1] else "Blues", vmin=-array.max() / 2, vmax=array.max() * 1.5)
    for (i, j), number in np.ndenumerate(array):
        axis.text(j, i, f"{number:g}", ha="center", va="center")
    axis.set(xticks=[], yticks=[], title=title, ylim=(2.5, -0.5))
    axis.axis("off")

# %% [markdown]
# So the gradient of a stretched input is the sum of `dy` over the axes along which it was stretched: those that it
# lacks, at the left, and those where its side is 1 and the result's is not.

# %%
def unbroadcast(dy, shape):
    """Sum dy down to the shape of an input that was broadcast to it."""
    dy = dy.sum(tuple(range(dy.ndim - len(shape))))
    stretched = tuple(k for k, side in enumerate(shape) if side == 1 and dy.shape[k] != 1)
    return dy.sum(stretched, keepdims=True)


for shape in ((4,), (1, 4), (3, 1), (1, 1), (), (3, 4)):
    print(f"{shape!s:7} gets {unbroadcast(dy, shape).tolist()}")

# %% [markdown]
# With it, the rules of the arithmetic operations need not think about shapes at all. Find the gradient as if no input
# had been stretched, then sum it down.

# %%
def add(x, y):
    return x + y


def add_backward(dy, x, y):
    return unbroadcast(dy, x.shape), unbroadcast(dy, y.shape)


def multiply(x, y):
    return x * y


def multiply_backward(dy, x, y):
    return unbroadcast(dy * y, x.shape), unbroadcast(dy * x, y.shape)


# %% [markdown]
# It is tempting to leave out the sum where the shapes agree already, and to hand on `dy` itself. For one input that
# is fine. For two, both get the *same* memory, and whoever adds something to one gradient later changes the other.
# The checker looks at memory too.

# %%
def careless_backward(dy, x, y):
    return [dy if dy.shape == a.shape else unbroadcast(dy, a.shape) for a in (x, y)]


rng = np.random.default_rng(0)
report = gradcheck(
    numpy_pair(add, careless_backward), rng.normal(size=3), rng.normal(size=3), raise_exception=False
)  # fmt: skip
print(report.sentence)
print("Hint:", report.hint)

# %% [markdown]
# ## Every pair of shapes
#
# How would you test this? Not with one pair of shapes. The mistakes live in the corners: sides of 1, no axes at all,
# two inputs that are both stretched. With sides of 1 and 2 and at most two axes there are 7 shapes and 49 pairs, and
# all of them fit. That is quick, so try all.

# %%
shapes = [shape for axes in range(3) for shape in itertools.product((1, 2), repeat=axes)]
pairs = list(itertools.product(shapes, repeat=2))


def failures(forward, backward):
    """Return the pairs of shapes at which the checker says no."""
    rng = np.random.default_rng(0)
    return [
        (a, b) for a, b in pairs
        if not gradcheck(numpy_pair(forward, backward), rng.normal(size=a), rng.normal(size=b), raise_exception=False)
    ]  # fmt: skip


print("add:     ", failures(add, add_backward))
print("multiply:", failures(multiply, multiply_backward))

# %% [markdown]
# ## A sum and a stretch are one thing
#
# Going forward, `sum` takes many numbers to one, and going back it copies one gradient to many. Stretching copies
# forward and sums on the way back. Each is the other, read backwards. In letters, with S the matrix that stretches: y
# = S b, so db = Sᵀ dy, and the transpose of copying is summing. Put numbers in: ⟨dy, S b⟩ = ⟨Sᵀ dy, b⟩ for all dy and
# b.

# %%
stretched = np.broadcast_to(b, (3, 4))
print((dy * stretched).sum(), "=", (dy.sum(0) * b).sum())

# %% [markdown]
# This is where `minigrad/ops/operands.py` comes in: `together` stretches the inputs of an operation as an operation
# of its own, with the sum as its rule. No other op has to know of it.
#
# ## Three planted bugs to find with the checker
#
# Three versions of `unbroadcast`. The first line of each verdict counts the pairs of shapes that fail. The next lines
# are the smallest failure that was found, starting from one of them.

# %%
def first(dy, shape):
    while dy.ndim > len(shape):
        dy = dy.sum(0)
    return dy


def second(dy, shape):
    dy = dy.sum(tuple(range(dy.ndim - len(shape))))
    return dy.mean(tuple(k for k, side in enumerate(shape) if side == 1), keepdims=True)


def third(dy, shape):
    dy = dy.sum(tuple(range(dy.ndim - len(shape))))
    for k, side in enumerate(shape):
        if side == 1:
            dy = dy.sum(k)
    return dy


def verdict(undo):
    def backward(dy, x, y):
        return undo(dy * y, x.shape), undo(dy * x, y.shape)

    failing = failures(multiply, backward)
    a, b = failing[-1]
    found = smallest(numpy_pair(multiply, backward), rng.normal(size=a), rng.normal(size=b), seconds=30)
    print(f"{undo.__name__}: {len(failing)} of {len(pairs)} pairs fail, such as {a} with {b}")
    print(f"  {found.sentence}")
    for guess in found.guesses[:1]:
        print(f"  looks like: {guess.sentence}")


for undo in (first, second, third):
    verdict(undo)

# %% [markdown]
# <details><summary>Answers</summary>
#
# 1. It takes away the axes that are lacking and forgets those with a side of 1.
# 2. `mean` instead of `sum`: each copy was used in full, so each gradient counts in full.
# 3. Without `keepdims` the axis is gone: the shape is `(2,)` and not `(1, 2)`. In a loop it is worse, because the next
#    axis has another number by then.
#
# </details>
