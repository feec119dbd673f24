# %% [markdown]
# # A network that reads digits
#
# Ten thousand handwritten digits come with minigrad. A network with one hidden layer learns to read them, from
# nothing but a matrix product, a cut at zero, and a loss that you derive here.
#
# *You build:* a linear layer, the cross-entropy and its gradient, a training loop. *You need:* lessons 2 to 4. *Run
# time:* 15 s.

# %%
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np

import minigrad
from minigrad import nn
from minigrad.data import load
from minigrad.nn import functional as F
from minigrad.optim import SGD
from minigrad.testing import gradcheck, numpy_pair

rng = np.random.default_rng(0)
train, test = load("digits"), load("digits", "test")
images, labels = train.x.reshape(-1, 784) / np.float32(255), train.y
test_images, test_labels = test.x.reshape(-1, 784) / np.float32(255), test.y
print(images.shape, labels.shape, test_images.shape)

figure, axes = plt.subplots(2, 9)
figure.set_label("Eighteen handwritten digits with their labels")
for axis, image, label in zip(axes.flat, train.x, labels, strict=False):
    axis.imshow(image, cmap="gray_r")
    axis.set_title(str(label))
    axis.axis("off")

# %% [markdown]
# ## From scores to a loss
#
# The network gives a score to each of the ten classes. Softmax makes probabilities of them, and the loss is −log of
# the probability of the right class: 0 if it is sure and right, large if it is sure and wrong. With s the scores, p
# the probabilities and t the right class,
#
#     L = -log p_t = log Σ_j exp(s_j) - s_t
#     ∂L/∂s_j = p_j - 1 if j is t, else p_j
#
# Two lines of calculus, and one of the nicest results in the field: the gradient is what was said, minus what is
# right.

# %%
def cross_entropy(scores, target):
    """Return the mean loss over the rows. Without the largest score it is the same, and exp cannot overflow."""
    s = scores - scores.max(1, keepdims=True)
    return (np.log(np.exp(s).sum(1)) - s[np.arange(len(s)), target]).mean()


def cross_entropy_backward(dy, scores, target):
    s = scores - scores.max(1, keepdims=True)
    d = np.exp(s) / np.exp(s).sum(1, keepdims=True)
    d[np.arange(len(s)), target] -= 1
    return dy * d / len(s)


scores, target = rng.normal(size=(5, 4)), np.array([0, 3, 1, 1, 2])
print(gradcheck(numpy_pair(cross_entropy, cross_entropy_backward), scores, target))  # ~

# %% [markdown]
# A network that knows nothing gives each class 1/10, and its loss is log 10. Remember this number: if your loss does
# not start near it, something is wrong already.

# %%
print(f"log 10 = {np.log(10):.3f}; zero scores give {cross_entropy(np.zeros((5, 10)), np.arange(5)):.3f}")

# %% [markdown]
# ## The network, by hand
#
#     h = max(0, x w1 + b1)        784 pixels to 64 hidden numbers
#     s = h w2 + b2                64 hidden numbers to 10 scores
#
# The weights start random, and not too large: a sum of n products with weights of variance 2/n has about the size of
# its inputs, where half of them are cut to zero. This is the initialisation of He and others.

# %%
def initial():
    sizes = (784, 64, 10)
    w1, w2 = (rng.normal(size=(m, n)) * np.sqrt(2 / m) for m, n in pairwise(sizes))
    return [w1, np.zeros(64), w2, np.zeros(10)]


def forward(x, w1, b1, w2, b2):
    return np.maximum(0, x @ w1 + b1) @ w2 + b2


def gradients(x, target, w1, b1, w2, b2):
    """Return the gradient of the loss by each parameter: the chain rule, written out once in your life."""
    h = np.maximum(0, x @ w1 + b1)
    ds = cross_entropy_backward(1.0, h @ w2 + b2, target)
    dh = ds @ w2.T * (h > 0)
    return x.T @ dh, dh.sum(0), h.T @ ds, ds.sum(0)


def accuracy(parameters):
    return (forward(test_images, *parameters).argmax(1) == test_labels).mean()


def epoch(parameters, lr, batch=50):
    """Go through all images once, in a random order, and return the mean loss."""
    losses, order = [], rng.permutation(len(images))
    for rows in order.reshape(-1, batch):
        x, target = images[rows], labels[rows]
        losses.append(cross_entropy(forward(x, *parameters), target))
        for p, dp in zip(parameters, gradients(x, target, *parameters), strict=True):
            p -= lr * dp
    return np.mean(losses)


parameters = initial()
loss = cross_entropy(forward(images, *parameters), labels)
print(f"before:  loss {loss:.3f}, {accuracy(parameters):.1%} right")  # ~ 20%
for i in range(4):
    loss = epoch(parameters, lr=0.2)
    print(f"epoch {i + 1}: loss {loss:.3f}, {accuracy(parameters):.1%} right")  # ~ 20%

# %% [markdown]
# The loss is over digits it has trained on, the accuracy over 1,000 that it has never seen.
#
# ## What it learned
#
# The weights of a hidden number are a picture: blue where it wants ink, red where it wants none.

# %%
figure, axes = plt.subplots(2, 6)
figure.set_label("The weights of 12 hidden numbers as pictures: strokes in the middle, noise at the border")
for axis, column in zip(axes.flat, parameters[0].T, strict=False):
    axis.imshow(column.reshape(28, 28), cmap=plt.get_cmap("RdBu", 7), vmin=-0.3, vmax=0.3)
    axis.axis("off")

# %% [markdown]
# And here is where it is surest and wrong.

# %%
scores = forward(test_images, *parameters)
probability = np.exp(scores - scores.max(1, keepdims=True))
probability /= probability.sum(1, keepdims=True)
wrong = np.flatnonzero(scores.argmax(1) != test_labels)
surest = wrong[np.argsort(-probability.max(1)[wrong])][:10]
figure, axes = plt.subplots(2, 5)
figure.set_label("Ten digits that the network gets wrong, with what it says and what they are")
for axis, i in zip(axes.flat, surest, strict=True):
    axis.imshow(test.x[i], cmap="gray_r")
    axis.set_title(f"says {scores[i].argmax()}, is {test_labels[i]}")
    axis.axis("off")

# %% [markdown]
# ## The same in minigrad
#
# The tape finds the gradients, `nn` keeps the parameters, `optim` makes the step. The loop is the same.

# %%
minigrad.manual_seed(0)
model = nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))
optimizer = SGD(model.parameters(), lr=0.2)
for i in range(4):
    for rows in rng.permutation(len(images)).reshape(-1, 50):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(minigrad.from_numpy(images[rows])), minigrad.from_numpy(labels[rows]))
        loss.backward()
        optimizer.step()
    with minigrad.no_grad():
        right = (model(minigrad.from_numpy(test_images)).numpy().argmax(1) == test_labels).mean()
    print(f"epoch {i + 1}: {right:.1%} right")  # ~

# %% [markdown]
# It learns a little slower than ours: PyTorch's initialisation, which minigrad follows, makes smaller weights than
# He's.
#
# One check remains: that the gradients written out above are those of the tape.

# %%
x, target = images[:20].astype(np.float64), labels[:20]
leaves = [minigrad.tensor(p, requires_grad=True) for p in initial()]
w1, b1, w2, b2 = leaves
F.cross_entropy((minigrad.from_numpy(x) @ w1 + b1).relu() @ w2 + b2, minigrad.from_numpy(target)).backward()
ours = gradients(x, target, *(p.detach().numpy() for p in leaves))
print([np.allclose(a, b.grad.numpy(), rtol=1e-9, atol=1e-12) for a, b in zip(ours, leaves, strict=True)])

# %% [markdown]
# ## Three planted bugs to find with the checker
#
# Three versions of the gradient of the loss, and what the checker says about each.

# %%
def first(dy, scores, target):
    p = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    p[np.arange(len(p)), target] -= 1
    return dy * p


def second(dy, scores, target):
    p = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    p[:, target] -= 1
    return dy * p / len(p)


def third(dy, scores, target):
    p = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    p[np.arange(len(p)), target] -= 1
    return p / len(p)


scores = rng.normal(size=(5, 4))
for rule in (first, second, third):
    report = gradcheck(numpy_pair(cross_entropy, rule), scores, np.array([0, 3, 1, 1, 2]), raise_exception=False)
    print(f"{rule.__name__}: {report.sentence}")  # ~
    for guess in report.guesses[:1]:
        print(f"  looks like: {guess.sentence}")

# %% [markdown]
# <details><summary>Answers</summary>
#
# 1. The loss is the mean over the batch, so its gradient is divided by the batch size. Forgetting it means a learning
#    rate that is `len(p)` times too high, and nobody notices until the batch size changes.
# 2. `p[:, target]` takes 1 from all these columns *in every row*. The pairs (row, its target) need two index arrays.
# 3. `dy` is missing. As long as the loss is the last thing and `dy` is 1, all is well; then somebody adds two losses
#    with a factor.
#
# </details>
