# %% [markdown]
# # How to check a gradient
#
# A wrong gradient does not crash. The loss falls a little slower, and somebody spends a week on the learning rate. So
# gradients are checked, and most checks that people write miss most mistakes. This lesson measures that, with six
# wrong rules and four checkers, and ends with tests that search for their own examples.
#
# *You build:* a gradient checker, in four steps. *You need:* lessons 2 and 3. *Run time:* 10 s.
#
# ## Six rules, all wrong

# %%
import matplotlib.pyplot as plt
import numpy as np
from hypothesis import find, given, settings

from minigrad.testing import gradcheck, numpy_pair
from minigrad.testing.strategies import arrays, broadcastable, st

rng = np.random.default_rng(0)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def unbroadcast(dy, shape):
    dy = dy.sum(tuple(range(dy.ndim - len(shape))))
    return dy.sum(tuple(k for k, side in enumerate(shape) if side == 1), keepdims=True)


def maximum(x, y):
    return np.maximum(x, y)


def maximum_backward(dy, x, y):
    return unbroadcast(dy * (x >= y), x.shape), unbroadcast(dy * (y >= x), y.shape)


WRONG = {  # the number of inputs, forward, backward
    "transpose, forgotten": (1, lambda x: x.T, lambda dy, x: dy if dy.shape == x.shape else dy.T),
    "softmax, a term missing": (1, softmax, lambda dy, x: softmax(x) * dy),
    "product, not summed down": (2, lambda x, y: x * y, lambda dy, x, y: (dy * y, dy * x)),
    "maximum, ties counted twice": (2, maximum, maximum_backward),
    "mean, by the wrong length": (1, lambda x: x.mean(), lambda dy, x: np.full(x.shape, dy / x.shape[-1])),
    "abs, in place": (1, np.abs, lambda dy, x: np.multiply(dy, np.sign(x), out=dy)),
}


# %% [markdown]
# ## Step 1: the sum of the outputs, at one place
#
# The obvious checker: compare backward with small steps of `f(x).sum()`, at some example with a round shape.

# %%
def numeric(f, xs, which, step=1e-5):
    found = np.zeros_like(xs[which])
    for index in np.ndindex(found.shape):
        up, down = [x.copy() for x in xs], [x.copy() for x in xs]
        up[which][index] += step
        down[which][index] -= step
        found[index] = (f(*up) - f(*down)) / (2 * step)
    return found


def compare(forward, backward, xs, dy):
    """Return whether backward agrees with small steps of Σ dy · f."""
    got = backward(dy.copy(), *xs)
    got = got if isinstance(got, tuple) else (got,)
    scalar = lambda *xs: float((forward(*xs) * dy).sum())
    return all(np.allclose(g, numeric(scalar, xs, i), atol=1e-6) for i, g in enumerate(got))


def summed(n, forward, backward):
    xs = [rng.normal(size=(3, 3)) for _ in range(n)]
    return compare(forward, backward, xs, np.ones_like(forward(*xs)))


# %% [markdown]
# ## Step 2: random weights on the outputs
#
# A sum treats all outputs alike. A rule that mixes them up, so that each input gets the gradient of its neighbour,
# goes unnoticed, and so does any mistake that cancels over the outputs. Weigh each output with another number.

# %%
def weighted(n, forward, backward):
    xs = [rng.normal(size=(3, 3)) for _ in range(n)]
    return compare(forward, backward, xs, rng.normal(size=np.shape(forward(*xs))))


# %% [markdown]
# ## Step 3: more than one shape, and values that meet
#
# Broadcasting goes wrong where a side is 1. A maximum goes wrong where two values are equal, and random numbers never
# are. So draw the shapes, and draw values from a coarse grid. At a tie the slope is not defined; backward may say
# what it likes between the slopes at both sides, and both inputs moved together must still come out right.
# `gradcheck` knows these rules: give it the shapes.

# %%
SHAPES = [((2, 3), (2, 3)), ((3, 3), (3, 3)), ((3,), (2, 3)), ((2, 1), (1, 3)), ((1, 1), (1,))]


def many_shapes(n, forward, backward, ownership=False):
    for shapes in SHAPES:
        xs = [rng.integers(-2, 3, shape) / 2 for shape in shapes[:n]]
        pair = numpy_pair(forward, backward)
        if not gradcheck(pair, *xs, ownership=ownership, zero="allowed", raise_exception=False):
            return False
    return True


# %% [markdown]
# ## Step 4: what backward does to memory
#
# The last checker is the same with `ownership=True`: backward may not write into `dy` or into the inputs, two
# gradients may not share memory, and the second run must give what the first gave.

# %%
def complete(n, forward, backward):
    return many_shapes(n, forward, backward, ownership=True)


CHECKERS = {"sum, 3 × 3": summed, "random weights": weighted, "shapes, ties": many_shapes, "and memory": complete}
found = np.array([[not check(*rule) for check in CHECKERS.values()] for rule in WRONG.values()])
for name, row in zip(WRONG, found, strict=True):
    print(f"{name:28}", "  ".join("found" if hit else "  -  " for hit in row))
print(f"{'':28}", "  ".join(f"{n} of 6".ljust(5) for n in found.sum(0)))

# %%
figure, axis = plt.subplots()
figure.set_label("Six wrong rules and four checkers: each checker finds more than the one before")
axis.imshow(found, cmap="Greens", vmin=-0.3, vmax=1.6, aspect="auto")
axis.set(xticks=range(4), xticklabels=CHECKERS, yticks=range(6), yticklabels=WRONG)
for (i, j), hit in np.ndenumerate(found):
    axis.text(j, i, "found" if hit else "missed", ha="center", va="center", color="black" if hit else "#999999")

# %% [markdown]
# The same wrong rules, and the number found depends on the checker alone. And a checker that calls right rules wrong
# would be useless. The right versions:

# %%
def product_backward(dy, x, y):
    return unbroadcast(dy * y, x.shape), unbroadcast(dy * x, y.shape)


def right_maximum_backward(dy, x, y):
    return unbroadcast(dy * (x >= y), x.shape), unbroadcast(dy * (y > x), y.shape)


RIGHT = {
    "transpose": (1, lambda x: x.T, lambda dy, x: dy.T),
    "softmax": (1, softmax, lambda dy, x: softmax(x) * (dy - (dy * softmax(x)).sum(-1, keepdims=True))),
    "product": (2, lambda x, y: x * y, product_backward),
    "maximum": (2, maximum, right_maximum_backward),
    "mean": (1, lambda x: x.mean(), lambda dy, x: np.full(x.shape, dy / x.size)),
    "abs": (1, np.abs, lambda dy, x: dy * np.sign(x)),
}
print("called right by the last checker:", [name for name, rule in RIGHT.items() if complete(*rule)])

# %% [markdown]
# ## Examples that search themselves
#
# A list of shapes is what somebody thought of. Hypothesis is a library that draws examples from a *strategy*, keeps
# what fails, and then makes it smaller as long as it still fails. `minigrad.testing.strategies` holds strategies for
# what array code takes. Here are a few pairs of shapes that broadcast:

# %%
drawn = []


@settings(max_examples=40, derandomize=True, database=None)
@given(broadcastable(2))
def look(pair):
    drawn.append(pair)


look()
for a, b in sorted(set(drawn), key=drawn.index)[:8]:
    print(a, b)  # ~ free

# %% [markdown]
# `find` returns the smallest example with a property. The property here is: the check fails.

# %%
options = settings(max_examples=200, derandomize=True, database=None, deadline=None)
inputs = broadcastable(2).flatmap(lambda pair: st.tuples(*(arrays(shape) for shape in pair)))


def wrong_at(forward, backward):
    return lambda xs: not gradcheck(numpy_pair(forward, backward), *xs, zero="allowed", raise_exception=False)


for name in ("product, not summed down", "maximum, ties counted twice"):
    x, y = find(inputs, wrong_at(*WRONG[name][1:]), settings=options)
    print(f"{name}: smallest failing inputs {x.tolist()} and {y.tolist()}")

# %% [markdown]
# Nobody would have chosen these. They say what is wrong better than any sentence: one number against a list of one
# number, and two equal numbers.
#
# In a test file one writes it as a law that holds for all inputs:
#
#     @given(inputs)
#     def test_product(xs):
#         gradcheck(numpy_pair(product, product_backward), *xs)
#
# ## Laws without small steps
#
# Some laws need no differences, so they are exact and quick. Backward is *linear* in `dy`: twice the gradient in,
# twice the gradient out. A rule that clips its gradient breaks it, and small steps notice only if `dy` is large
# enough.

# %%
def clipped(dy, x):
    return np.clip(dy, -1, 1) * np.cos(x)


x, dy = rng.normal(size=4), rng.normal(size=4)
print("linear:", np.allclose(clipped(10 * dy, x), 10 * clipped(dy, x)))
print("with small dy:", bool(gradcheck(numpy_pair(np.sin, clipped), x, cotangent=np.array([0.5, -0.3, 0.7, 0.2]))))
print("with others:  ", gradcheck(numpy_pair(np.sin, clipped), x, raise_exception=False).sentence)  # ~

# %% [markdown]
# ## Three planted bugs to find with the checker
#
# Find the wrong line, from the smallest input and the verdict.

# %%
def outer(x, y):
    return x[:, None] * y


def log_sum_exp(x):
    return np.log(np.exp(x).sum())


PLANTED = {
    "cumsum": (lambda x: x.cumsum(), lambda dy, x: dy.cumsum(), (5,)),
    "log_sum_exp": (log_sum_exp, lambda dy, x: dy * np.exp(x) / np.exp(x).max(), (4,)),
    "clip": (lambda x: x.clip(-1, 1), lambda dy, x: dy * (x < 1), (6,)),
}
for name, (forward, backward, shape) in PLANTED.items():
    report = gradcheck(numpy_pair(forward, backward), 2 * rng.normal(size=shape), raise_exception=False)
    print(f"{name}: {report.sentence}")  # ~
    for guess in report.guesses[:1]:
        print(f"  looks like: {guess.sentence}")
    print(f"  smallest: {report.smallest(seconds=30).inputs[0].tolist()}")

# %% [markdown]
# <details><summary>Answers</summary>
#
# 1. Element i goes into all sums from i on, so its gradient is the sum of `dy` from i to the *end*:
#    `dy[::-1].cumsum()[::-1]`.
# 2. The sum, and not the largest, belongs below: the gradient of log Σ exp is the softmax.
# 3. Below −1 the output does not move either: `(x > -1) & (x < 1)`.
#
# </details>
