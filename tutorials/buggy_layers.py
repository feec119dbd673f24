# %% [markdown]
# # Five buggy layers and what the checker says
#
# Here are five layers in plain NumPy, written by hand, forward and backward. Each has one bug of the kind that
# everybody makes once. None crashes, none gives a NaN, and a network with one of them in it still learns something.
# You will not find such a bug by looking at a loss.
#
# `minigrad.testing` finds it from outside. It takes your two functions as they are, compares backward with
# differences of forward, and says what the error looks like. Read each function first and look for the bug yourself.
#
# *You build:* five layers, fixed. *You need:* NumPy, and the idea of a gradient. *Run time:* 10 s.

# %%
import numpy as np

from minigrad.errors import LawError
from minigrad.testing import gradcheck, numpy_pair, smallest
from minigrad.testing.laws import check_causality

rng = np.random.default_rng(0)


def ask(forward, backward, *inputs):
    """Print what the checker says about a layer at these inputs, and the smallest input at which it says the same."""
    report = gradcheck(numpy_pair(forward, backward), *inputs, raise_exception=False)
    if report:
        print("right:", "; ".join(map(str, report.covered)))
        return
    print(report.sentence)
    for guess in report.guesses:
        print(f"looks like: {guess.sentence}  [{guess.code}]")
    found = smallest(numpy_pair(forward, backward), *inputs, seconds=30)
    print("smallest input at which it fails:")
    for name, array in zip(forward.__code__.co_varnames, found.inputs, strict=False):
        print(f"  {name} = {array.tolist() if isinstance(array, np.ndarray) else array}")


# %% [markdown]
# ## 1. A convolution that loses its border
#
# One channel, one filter, padding 1: the output is as large as the input. Backward sends each output's gradient back
# to the nine pixels it came from, then cuts off the padding.

# %%
def conv(x, w):
    H, W = x.shape
    padded = np.pad(x, 1)
    y = np.zeros((H, W))
    for r in range(3):
        for s in range(3):
            y += w[r, s] * padded[r : r + H, s : s + W]
    return y


def conv_backward(dy, x, w):
    H, W = x.shape
    padded, dw, dx = np.pad(x, 1), np.zeros((3, 3)), np.zeros((H, W))
    for r in range(3):
        for s in range(3):
            dw[r, s] = (dy * padded[r : r + H, s : s + W]).sum()
            for p in range(1, H - 1):
                for q in range(1, W - 1):
                    dx[p + r - 1, q + s - 1] += w[r, s] * dy[p, q]
    return dx, dw


ask(conv, conv_backward, rng.normal(size=(4, 5)), rng.normal(size=(3, 3)))  # ~

# %% [markdown]
# The verdict names `x` only, so `dw` is right; and it counts: the 14 outputs along the edge send nothing back. The
# smallest input shows the same, once you read it: a single 1 in the middle, and a filter that only looks at corners.
# What this pixel gives to the *corner outputs* is lost. The loop over `p` and `q` keeps a distance of one from the
# border, so that the index `p + r - 1` stays inside. But outputs at the border have gradients too, and they
# are dropped. The cure is the mirror image of forward: add into a padded array, where every index is valid, and cut
# off the padding at the end.

# %%
def conv_backward(dy, x, w):
    H, W = x.shape
    padded, dw = np.pad(x, 1), np.zeros((3, 3))
    d_padded = np.zeros((H + 2, W + 2))
    for r in range(3):
        for s in range(3):
            dw[r, s] = (dy * padded[r : r + H, s : s + W]).sum()
            d_padded[r : r + H, s : s + W] += w[r, s] * dy
    return d_padded[1:-1, 1:-1], dw


ask(conv, conv_backward, rng.normal(size=(4, 5)), rng.normal(size=(3, 3)))  # ~

# %% [markdown]
# ## 2. A batch norm that takes the mean for a constant
#
# Every column of `x` gets mean 0 and variance 1. Its mean depends on every element of the column, and so does its
# variance: the gradient has three terms. This one has two.

# %%
def batch_norm(x):
    centred = x - x.mean(0)
    return centred / np.sqrt((centred**2).mean(0) + 1e-5)


def batch_norm_backward(dy, x):
    centred = x - x.mean(0)
    std = np.sqrt((centred**2).mean(0) + 1e-5)
    y = centred / std
    return (dy - y * (dy * y).mean(0)) / std


ask(batch_norm, batch_norm_backward, rng.normal(size=(4, 3)))  # ~

# %% [markdown]
# The guess is right: the missing term is the mean of `dy`. One column of three passed: the whole numbers that the
# checker draws for `dy` sum to 0 there, and a mean of 0 is not missed. This is why a checker looks at many elements.
# Raise every element of a column by the same amount and the output does not change, so the gradient of a column must
# sum to 0. Every normalisation has a law like it.

# %%
def batch_norm_backward(dy, x):
    centred = x - x.mean(0)
    std = np.sqrt((centred**2).mean(0) + 1e-5)
    y = centred / std
    return (dy - dy.mean(0) - y * (dy * y).mean(0)) / std


ask(batch_norm, batch_norm_backward, rng.normal(size=(4, 3)))  # ~
dx = batch_norm_backward(rng.normal(size=(4, 3)), rng.normal(size=(4, 3)))
print("each column sums to 0:", np.abs(dx.sum(0)).max() < 1e-12)

# %% [markdown]
# ## 3. An embedding where the last one wins
#
# A table of vectors, and the rows that a text asks for. Here row 2 is asked for twice.

# %%
def embedding(table, ids):
    return table[ids]


def embedding_backward(dy, table, ids):
    d_table = np.zeros_like(table)
    d_table[ids] += dy
    return d_table


ids = np.array([2, 0, 2])
ask(embedding, embedding_backward, rng.normal(size=(4, 2)), ids)  # ~

# %% [markdown]
# `d_table[ids] += dy` reads, adds and writes back all at once; of two writes to row 2 the last one wins. NumPy has a
# function that goes through them one by one.

# %%
def embedding_backward(dy, table, ids):
    d_table = np.zeros_like(table)
    np.add.at(d_table, ids, dy)
    return d_table


ask(embedding, embedding_backward, rng.normal(size=(4, 2)), ids)  # ~

# %% [markdown]
# ## 4. An LSTM step with two gates swapped
#
# The state `c` is partly kept, by the gate `f`, and partly renewed, by the gate `i`. Both gates are sigmoids, their
# gradients have the same shape, and they sit side by side in one matrix: easy to put in the wrong order.

# %%
def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def lstm_step(a, c):
    """Turn the pre-activations a = (i, f, g, o) and the old state into the new hidden state."""
    i, f, g, o = np.split(a, 4)
    new = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(new)


def lstm_step_backward(dh, a, c):
    i, f, g, o = np.split(a, 4)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    tanh_new = np.tanh(f * c + i * g)
    d_new = dh * o * (1 - tanh_new**2)
    d_i = d_new * g * i * (1 - i)
    d_f = d_new * c * f * (1 - f)
    d_g = d_new * i * (1 - g**2)
    d_o = dh * tanh_new * o * (1 - o)
    return np.concatenate([d_f, d_i, d_g, d_o]), d_new * f


ask(lstm_step, lstm_step_backward, rng.normal(size=8), rng.normal(size=2))  # ~

# %% [markdown]
# The first two blocks of `a` are wrong and the others right: look at what is stored there.

# %%
wrong_order = lstm_step_backward


def lstm_step_backward(dh, a, c):
    da, dc = wrong_order(dh, a, c)
    d_f, d_i, d_g, d_o = np.split(da, 4)
    return np.concatenate([d_i, d_f, d_g, d_o]), dc


ask(lstm_step, lstm_step_backward, rng.normal(size=8), rng.normal(size=2))  # ~

# %% [markdown]
# ## 5. An attention that sees the future
#
# This one has no backward of its own. Its gradient is right, and `gradcheck` says so. The *function* is wrong: a
# model that predicts the next letter may not look at it. The mask is applied after the softmax, where later steps
# have had their say in the sum.

# %%
def attention(x):
    """Let every step of x (B, T, M) take a mean of the steps up to its own."""
    scores = x @ x.transpose(1, 2) / x.shape[2] ** 0.5
    weights = scores.softmax(-1)
    return weights.tril() @ x


x = rng.normal(size=(1, 4, 3))
print("gradient:", bool(gradcheck(attention, x)))
try:
    check_causality(attention, x)
except LawError as error:
    print(error)

# %% [markdown]
# Nothing of the later steps is added to the result, and still they change it: the weights of a row sum to 1 over
# *all* steps, so a later step with a high score takes weight away. Mask before the softmax, and the later steps are
# gone.

# %%
def attention(x):
    scores = x @ x.transpose(1, 2) / x.shape[2] ** 0.5
    T = x.shape[1]
    later = np.triu(np.ones((T, T), bool), 1)
    return scores.masked_fill(later, -np.inf).softmax(-1) @ x


check_causality(attention, x)
print("causal, and its gradient is right:", bool(gradcheck(attention, x)))

# %% [markdown]
# ## Three planted bugs to find with the checker
#
# Three more layers, each with one wrong line. The checker has looked at them already. Find the line.

# %%
def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def softmax_backward(dy, x):
    y = softmax(x)
    return y * (dy - (dy * y).sum(0, keepdims=True))


ask(softmax, softmax_backward, rng.normal(size=(3, 4)))  # ~

# %%
def linear(x, w, b):
    return x @ w.T + b


def linear_backward(dy, x, w, b):
    return dy @ w, dy.T @ x, dy.mean(0)


ask(linear, linear_backward, rng.normal(size=(5, 3)), rng.normal(size=(2, 3)), rng.normal(size=2))  # ~

# %%
def rms_norm(x):
    return x / np.sqrt((x**2).mean(-1, keepdims=True))


def rms_norm_backward(dy, x):
    rms = np.sqrt((x**2).mean(-1, keepdims=True))
    dy /= rms
    return dy - x / rms**2 * (dy * x).mean(-1, keepdims=True)


ask(rms_norm, rms_norm_backward, rng.normal(size=(2, 3)))  # ~

# %% [markdown]
# <details><summary>Answers</summary>
#
# 1. The softmax runs over the last axis, so it must be `sum(-1, keepdims=True)` in backward too. NumPy broadcasts a row
#    as gladly as a column, so no shape complains.
# 2. The bias is added to every row, so its gradient is the *sum* over the rows.
# 3. The formula is right. `dy /= rms` writes into an array that belongs to the caller: whoever reads `dy` next gets
#    something else. It must be `dy = dy / rms`. Comparing numbers never finds this; the checker compares memory too.
#
# </details>
