# %% [markdown]
# # A tiny GPT
#
# A language model guesses the next letter, over and over. Stack the attention of the last lesson with the layers of
# lesson 5, and it is a GPT. This one reads 26,919 first names and then invents some.
#
# *You build:* a Transformer of two layers, in 40 lines, and a way to let it write. *You need:* lesson 11. *Run time:*
# 20 s.
#
# ## The data
#
# A name is a row of letters, with a dot before and after it. The model reads all but the last and predicts all but
# the first: every position is an example.

# %%
import matplotlib.pyplot as plt
import numpy as np

import minigrad
from minigrad import nn
from minigrad.data import load
from minigrad.errors import LawError
from minigrad.nn import functional as F
from minigrad.optim import Adam
from minigrad.testing.laws import check_causality

rng = np.random.default_rng(0)
names = [str(name) for name in load("names").x]
LETTERS = ".abcdefghijklmnopqrstuvwxyz"
LONGEST, PAD = 12, -100  # cross_entropy leaves out targets of -100


def encode(names):
    """Return the letters that are read and those to predict, (N, T) each."""
    reads, wanted = np.zeros((len(names), LONGEST + 1), int), np.full((len(names), LONGEST + 1), PAD)
    for row, name in enumerate(names):
        ids = [LETTERS.index(letter) for letter in f".{name[:LONGEST]}."]
        reads[row, : len(ids) - 1], wanted[row, : len(ids) - 1] = ids[:-1], ids[1:]
    return reads, wanted


order = rng.permutation(len(names))
train, test = (encode([names[i] for i in part]) for part in (order[1000:], order[:1000]))
print(names[1000], train[0].shape, test[0].shape)

# %% [markdown]
# ## Two numbers to beat
#
# A model that knows nothing has a loss of log 27 = 3.30 per letter. One that knows how often each letter follows each
# other, a table of 27 × 27 counts, does better.

# %%
counts = np.ones((27, 27))
np.add.at(counts, (train[0][train[1] != PAD], train[1][train[1] != PAD]), 1)
table = np.log(counts / counts.sum(1, keepdims=True))
bigram = -table[test[0][test[1] != PAD], test[1][test[1] != PAD]].mean()
print(f"knows nothing {np.log(27):.3f}, knows pairs {bigram:.3f}")

# %% [markdown]
# ## The model
#
# A block adds twice to what comes in: what the letters tell each other (attention), then what each makes of it (two
# linear layers). Adding, not replacing, lets the gradient pass, as in the memory of the LSTM. Each part first
# normalises its input. The heads are attentions side by side, each on its part of the width.

# %%
class Block(nn.Module):
    """Letters look at earlier letters, then each thinks by itself."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def attend(self, x, causal=True):
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.qkv(x).chunk(3, -1))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
        return self.out(y.transpose(1, 2).flatten(2))

    def forward(self, x):
        x = x + self.attend(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class TinyGPT(nn.Module):
    """Scores for the next letter at every position: (B, T) letters -> (B, T, 27)."""

    def __init__(self, width=48, heads=4, layers=2):
        super().__init__()
        self.letter, self.place = nn.Embedding(27, width), nn.Embedding(LONGEST + 1, width)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(layers)))
        self.norm, self.read = nn.LayerNorm(width), nn.Linear(width, 27)

    def forward(self, letters):
        x = self.letter(letters) + self.place(minigrad.arange(letters.shape[1]))
        return self.read(self.norm(self.blocks(x)))


minigrad.manual_seed(0)
model = TinyGPT()
print(f"{sum(p.numel() for p in model.parameters()):,} numbers to learn")


def loss_on(reads, wanted):
    scores = model(minigrad.from_numpy(reads))
    return F.cross_entropy(scores.flatten(0, 1), minigrad.from_numpy(wanted.ravel()), ignore_index=PAD)


print(f"before training {loss_on(*test).item():.3f}")  # ~

# %% [markdown]
# ## Does it look ahead?
#
# Before the training, the check. A model that sees the next letter has a wonderful loss and cannot write. The law is
# asked of the blocks, since letters cannot be changed by a little.

# %%
x = rng.normal(size=(2, 6, 48)).astype(np.float32)
check_causality(model.blocks, x)
print("no output moves when a later input does")

# %% [markdown]
# ## Training

# %%
optimizer, losses = Adam(model.parameters(), lr=3e-3), []
STEPS = 350
for step in range(STEPS):
    optimizer.param_groups[0]["lr"] = 4e-3 * (1 - step / STEPS)
    rows = rng.integers(0, len(train[0]), 32)
    optimizer.zero_grad()
    loss = loss_on(train[0][rows], train[1][rows])
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
with minigrad.no_grad():
    final = loss_on(*test).item()
print(f"on 1,000 names it has never seen: {final:.3f}")  # ~

figure, axis = plt.subplots()
figure.set_label("The loss falls from 3.3 below that of the table of pairs within some hundred steps")
axis.plot(losses, color="#4c72b0", linewidth=0.8)
axis.axhline(bigram, color="#c44e52", linestyle="--", label="table of pairs")
axis.axhline(np.log(27), color="#999999", linestyle=":", label="knows nothing")
axis.legend()
axis.set(xlabel="step", ylabel="loss per letter")

# %% [markdown]
# ## Writing
#
# Give it a dot, draw a letter from its probabilities, append it, and ask again, until it draws a dot. Dividing the
# scores by a *temperature* below 1 makes it more careful.

# %%
def write(temperature, n=8, seed=1):
    draw, written = np.random.default_rng(seed), np.zeros((n, 1), int)
    with minigrad.no_grad():
        for _ in range(LONGEST):
            scores = model(minigrad.from_numpy(written)).numpy()[:, -1] / temperature
            noise = draw.gumbel(size=scores.shape)  # the largest of score + noise is a draw from the softmax
            written = np.concatenate([written, (scores + noise).argmax(1)[:, None]], 1)
    return ["".join(LETTERS[i] for i in row[1:]).split(".")[0] for row in written]


for temperature in (0.5, 1.0, 2.0):
    print(f"temperature {temperature}: {' '.join(write(temperature))}")  # ~ free

written = [name for seed in range(5) for name in write(1.0, 200, seed)]
print(f"new at temperature 1: {np.mean([name not in set(names) for name in written]):.0%} of {len(written):,}")  # ~ 20%

# %% [markdown]
# ## What the heads look at
#
# The weights of the four heads of the first layer, for one name. Each row is a letter that looks, each column one
# that it looks at. Above the diagonal is the future, and it is empty.

# %%
name = ".isabella"
letters = minigrad.from_numpy(np.array([[LETTERS.index(letter) for letter in name]]))
block = model.blocks[0]
with minigrad.no_grad():
    h = block.norm1(model.letter(letters) + model.place(minigrad.arange(len(name))))
    q, k, _ = (part.unflatten(-1, (4, -1)).transpose(1, 2) for part in block.qkv(h).chunk(3, -1))
    scores = (q @ k.transpose(2, 3) / q.shape[-1] ** 0.5).numpy()[0].copy()
scores[:, np.triu(np.ones((len(name), len(name)), bool), 1)] = -np.inf
weights = np.exp(scores - scores.max(-1, keepdims=True))
figure, axes = plt.subplots(1, 4)
figure.set_label("Four triangles of attention weights over the letters of isabella, one per head")
for axis, w in zip(axes, weights / weights.sum(-1, keepdims=True), strict=True):
    axis.imshow(w, cmap="Blues", vmin=0, vmax=1)
    axis.set(xticks=range(len(name)), xticklabels=name, yticks=range(len(name)), yticklabels=name)

# %% [markdown]
# `minigrad train gpt` is this model, larger, on Shakespeare; `minigrad/models/gpt.py` has the details that GPT-2
# adds.
#
# ## Three planted bugs to find with the checker
#
# Gradients are right in all three: the tape finds them. It is the model that is wrong.

# %%
class First(Block):
    def attend(self, x):
        return super().attend(x, causal=False)


class Second(Block):
    def forward(self, x):
        x = x + self.attend(self.norm1(x))
        return x + self.mlp((x - x.mean(1, keepdim=True)) / (x.var(1, keepdim=True) + 1e-5).sqrt())


class Third(Block):
    def attend(self, x):
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.qkv(x).chunk(3, -1))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(y.reshape(*x.shape))


for kind in (First, Second, Third):
    try:
        check_causality(kind(48, 4), x)
        print(f"{kind.__name__}: causal")
    except LawError as error:
        print(str(error).split("\n")[0])  # ~

# %% [markdown]
# <details><summary>Answers</summary>
#
# 1. No mask. The training loss would fall like a stone.
# 2. A norm over axis 1, the steps, instead of the last axis: all steps, later ones too, go into each.
# 3. The heads are put together without moving their axis back. What was head and step is read as step and head,
#    so later steps land in earlier rows. The shapes agree, and it even trains.
#
# </details>
