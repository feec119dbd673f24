# %% [markdown]
# # Attention: looking things up, softly
#
# A recurrent network carries everything in one state and hopes. Attention leaves the past where it is and looks at it
# again, at the places that matter now. It is a dictionary whose lookup has a gradient.
#
# *You build:* attention with its gradient, a causal mask, and a layer that learns to look things up. *You need:*
# lessons 4 and 5. *Run time:* 10 s.
#
# ## From a dictionary to a softmax
#
# A dictionary compares a query with every key and returns the value of the one that is equal. Softly: compare by a
# dot product, make weights of the scores, and return the weighted mean of the values.
#
#     S = Q Kᵀ / √D,    A = softmax(S) along the keys,    Y = A V
#
# T queries, U keys and values, D numbers each.

# %%
import matplotlib.pyplot as plt
import numpy as np

import minigrad
from minigrad import nn
from minigrad.errors import LawError
from minigrad.nn import functional as F
from minigrad.optim import Adam
from minigrad.testing import gradcheck, numpy_pair
from minigrad.testing.laws import check_causality, check_permutation_equivariance

rng = np.random.default_rng(0)


def softmax(s):
    e = np.exp(s - s.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def attention(Q, K, V):
    return softmax(Q @ K.T / np.sqrt(Q.shape[1])) @ V


keys, values = np.eye(4), np.array([[10.0], [20.0], [30.0], [40.0]])
for sharpness in (1, 5, 50):
    print(f"query = {sharpness:2} × the third key: {attention(sharpness * keys[2:3], keys, values)[0, 0]:.3f}")

# %% [markdown]
# With a large query it is a dictionary; with a small one, a mean of all values. In between, both the query and the
# keys have gradients: they can be told to fit better.
#
# ## Why √D?
#
# A dot product of two random vectors of D numbers has variance D. Without the division the scores grow with D, the
# softmax becomes a hard maximum, and its gradient vanishes: y (1 - y) is 0 at both ends.

# %%
for D in (4, 64, 1024):
    scores = rng.normal(size=(500, D)) @ rng.normal(size=(D, 16))
    for name, s in (("as they are", scores), ("divided", scores / np.sqrt(D))):
        largest = softmax(s).max(1)
        flat = (largest * (1 - largest)).mean()
        print(f"D {D:4}, {name:11}: largest weight {largest.mean():.2f}, its slope {flat:.3f}")

# %% [markdown]
# ## Backward
#
# Three products and a softmax, each with a rule that you know:
#
#     dV = Aᵀ dY,    dA = dY Vᵀ,    dS = A (dA - Σ dA · A),    dQ = dS K / √D,    dK = dSᵀ Q / √D

# %%
def attention_backward(dY, Q, K, V):
    A, scale = softmax(Q @ K.T / np.sqrt(Q.shape[1])), 1 / np.sqrt(Q.shape[1])
    dA = dY @ V.T
    dS = A * (dA - (dA * A).sum(-1, keepdims=True))
    return dS @ K * scale, dS.T @ Q * scale, A.T @ dY


Q, K, V = (rng.normal(size=shape) for shape in ((3, 4), (5, 4), (5, 3)))
print(gradcheck(numpy_pair(attention, attention_backward), Q, K, V))  # ~
theirs = F.scaled_dot_product_attention(*(minigrad.tensor(a) for a in (Q, K, V))).numpy()
print("as minigrad's own:", np.allclose(attention(Q, K, V), theirs))

# %% [markdown]
# ## Learning to look things up
#
# Each example is a small dictionary, new every time: six pairs of a key out of 12 and a value out of 12, and a query.
# The answer is the value of that key. The network cannot learn the pairs, since they change; it has to learn to
# *look*. One layer of attention has three matrices, for queries, keys and values.

# %%
class Lookup(nn.Module):
    """One attention over the pairs of a dictionary."""

    def __init__(self, symbols=12, width=24):
        super().__init__()
        self.keys, self.values = nn.Embedding(symbols, width), nn.Embedding(symbols, width)
        self.to_query, self.to_key = nn.Linear(width, width), nn.Linear(2 * width, width)
        self.to_value, self.read = nn.Linear(2 * width, width), nn.Linear(width, symbols)

    def forward(self, keys, values, query):
        pairs = minigrad.cat([self.keys(keys), self.values(values)], -1)  # (B, 6, 2M)
        q, k, v = self.to_query(self.keys(query)).unsqueeze(1), self.to_key(pairs), self.to_value(pairs)
        self.weights = (q @ k.transpose(1, 2) / q.shape[-1] ** 0.5).softmax(-1)
        return self.read((self.weights @ v).squeeze(1))


def dictionaries(n, rng):
    keys = rng.permuted(np.tile(np.arange(12), (n, 1)), axis=1)[:, :6]
    values, which = rng.integers(0, 12, (n, 6)), rng.integers(0, 6, n)
    rows = np.arange(n)
    return [minigrad.from_numpy(a) for a in (keys, values, keys[rows, which], values[rows, which])]


minigrad.manual_seed(0)
model, draw = Lookup(), np.random.default_rng(1)
optimizer, losses, before = Adam(model.parameters(), lr=5e-3), [], None
for step in range(161):
    keys, values, query, answer = dictionaries(64, draw)
    scores = model(keys, values, query)
    before = model.weights.detach().numpy()[:6, 0] if before is None else before
    loss = F.cross_entropy(scores, answer)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
    if step % 40 == 0:
        right = (scores.detach().numpy().argmax(1) == answer.numpy()).mean()
        print(f"step {step:3}: loss {loss.item():.2f}, {right:.0%} right")  # ~ any

# %% [markdown]
# ## Where it looks
#
# Each row is a question, each column a pair of its dictionary. Before training the weights are all alike; afterwards
# nearly all weight is on the pair with the key (framed).

# %%
keys, values, query, answer = dictionaries(6, np.random.default_rng(5))
with minigrad.no_grad():
    model(keys, values, query)
after = model.weights.numpy()[:, 0]
figure, (left, right) = plt.subplots(1, 2)
label = "Attention weights of six questions over six pairs: even before training, on one pair each afterwards"
figure.set_label(label)
left.imshow(before, cmap="Blues", vmin=0, vmax=1, aspect="auto")
left.set(title="before training", xlabel="pair", ylabel="question")
right.imshow(after, cmap="Blues", vmin=0, vmax=1, aspect="auto")
right.set(title="after training", xlabel="pair")
for row, column in enumerate((keys.numpy() == query.numpy()[:, None]).argmax(1)):
    right.add_patch(plt.Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor="#c44e52", linewidth=1.5))

# %% [markdown]
# ## Laws
#
# Self-attention takes queries, keys and values from one sequence. It does not know the order: permute the steps, and
# the results are permuted. This is why language models add positions to their inputs.
#
# A model that predicts the next step must not see it. So its scores are masked: −∞ for later steps, before the
# softmax.

# %%
def plain(x):
    return F.scaled_dot_product_attention(x, x, x)


def causal(x):
    return F.scaled_dot_product_attention(x, x, x, is_causal=True)


x = rng.normal(size=(2, 5, 4))
for law in (check_permutation_equivariance, check_causality):
    for layer in (plain, causal):
        try:
            law(layer, x)
            print(f"{law.__name__[6:]} of {layer.__name__}: holds")
        except LawError as error:
            print(str(error).split(", with")[0].split("\n")[0])  # ~

# %% [markdown]
# Each law holds for one of the two, and fails for the other: an order is what the mask gives.
#
# ## Three planted bugs to find with the checker

# %%
def first(dY, Q, K, V):
    dQ, dK, dV = attention_backward(dY, Q, K, V)
    return dQ * np.sqrt(Q.shape[1]), dK * np.sqrt(Q.shape[1]), dV


def second(dY, Q, K, V):
    A, scale = softmax(Q @ K.T / np.sqrt(Q.shape[1])), 1 / np.sqrt(Q.shape[1])
    dA = dY @ V.T
    dS = A * (dA - (dA * A).sum(0))
    return dS @ K * scale, dS.T @ Q * scale, A.T @ dY


for rule in (first, second):
    report = gradcheck(numpy_pair(attention, rule), Q, K, V, raise_exception=False)
    print(f"{rule.__name__}: {report.sentence}")  # ~
    for guess in report.guesses[:1]:
        print(f"  looks like: {guess.sentence}")


def third(x):
    """A causal attention."""
    scores = x @ x.transpose(1, 2) / x.shape[2] ** 0.5
    future = minigrad.ones(x.shape[1], x.shape[1]).tril(-1) > 0
    return scores.masked_fill(future, -np.inf).softmax(-1) @ x


try:
    check_causality(third, x)
except LawError as error:
    print(str(error).split("\n")[0])  # ~

# %% [markdown]
# <details><summary>Answers</summary>
#
# 1. The division by √D is missing in backward, so `dQ` and `dK` are √4 = 2 times too large.
# 2. The sum of the softmax's gradient runs over the queries, not over the keys: it must be `sum(-1, keepdims=True)`.
# 3. `tril(-1)` is the *past*. Each step sees only itself and what is to come: `triu(1)`.
#
# </details>
