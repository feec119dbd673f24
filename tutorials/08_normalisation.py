# %% [markdown]
# # Normalisation
#
# Deep networks are products of many matrices, and products explode or die. Normalising the numbers between two layers
# stops that. The gradient of a normalisation is the first in this course where every output depends on every input.
#
# *You build:* layer norm and batch norm with their gradients, and an experiment that shows what they are for. *You
# need:* lessons 4 and 5. *Run time:* 15 s.
#
# ## Products explode or die
#
# Send numbers of variance 1 through 20 layers of 100. The only difference is the size of the random weights.

# %%
import matplotlib.pyplot as plt
import numpy as np

import minigrad
from minigrad import nn
from minigrad.data import load
from minigrad.nn import functional as F
from minigrad.optim import SGD
from minigrad.testing import gradcheck, numpy_pair

rng = np.random.default_rng(0)


def normalise(x, axis):
    """Shift and scale x to mean 0 and variance 1 along an axis."""
    centred = x - x.mean(axis, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis, keepdims=True) + 1e-5)


figure, axis = plt.subplots()
figure.set_label("The size of the numbers over 20 layers: it dies, explodes or, with normalisation, stays at 1")
for scale, style in ((0.5, "-"), (1.0, "-"), (2.0, "-"), (2.0, "--")):
    h, sizes = rng.normal(size=(50, 100)), []
    for _ in range(20):
        h = np.maximum(0, h @ rng.normal(size=(100, 100)) * scale * np.sqrt(2 / 100))
        h = normalise(h, 1) if style == "--" else h
        sizes.append(h.std())
    axis.semilogy(range(1, 21), sizes, style, label=f"weights × {scale}" + (", normalised" if style == "--" else ""))
axis.legend()
axis.set(xlabel="layer", ylabel="standard deviation")

# %% [markdown]
# ## The gradient, by hand
#
# With M numbers in a row, mean μ, standard deviation σ, and y = (x - μ) / σ:
#
#     ∂y_i/∂x_j = (δ_ij - 1/M - y_i y_j / M) / σ
#     dx = (dy - mean(dy) - y · mean(dy · y)) / σ
#
# Read it as a sentence. Take the gradient, remove the part that would shift the whole row, remove the part that would
# stretch the whole row, since neither has any effect on y, and divide by σ.

# %%
def normalise_backward(dy, x, axis):
    centred = x - x.mean(axis, keepdims=True)
    std = np.sqrt((centred**2).mean(axis, keepdims=True) + 1e-5)
    y = centred / std
    return (dy - dy.mean(axis, keepdims=True) - y * (dy * y).mean(axis, keepdims=True)) / std


x = rng.normal(size=(4, 5))
for axis, name in ((1, "layer norm, each row"), (0, "batch norm, each column")):
    print(f"{name}: {bool(gradcheck(numpy_pair(normalise, normalise_backward), x, axis))}")

dx, centred = normalise_backward(rng.normal(size=(4, 5)), x, 1), x - x.mean(1, keepdims=True)
print("no shift:  ", np.abs(dx.sum(1)).max() < 1e-12)
print("no stretch:", np.abs((dx * centred).sum(1)).max() < 1e-4)

# %% [markdown]
# The second law holds up to the 1e-5 that keeps σ away from 0.
#
# ## Two directions
#
# The formula is the same, the axis is not, and this changes what a network may know. Layer norm works on one example
# alone. Batch norm uses the mean of a column over the *batch*: the answer for your picture depends on whose pictures
# came with it. For use after training it therefore keeps running means.

# %%
batch, other = rng.normal(size=(2, 4, 5)).astype(np.float32)
other[0] = batch[0]


def one_answer(layer):
    """Say whether the first example gets the same answer in both batches."""
    return np.allclose(*(layer(minigrad.from_numpy(b)).detach().numpy()[0] for b in (batch, other)))


print("layer norm:            ", one_answer(nn.LayerNorm(5)))
print("batch norm, training:  ", one_answer(nn.BatchNorm1d(5)))
print("batch norm, evaluating:", one_answer(nn.BatchNorm1d(5).eval()))

# %% [markdown]
# ## What it is for
#
# A network of ten layers, with the default weights, on 2,000 digits. Once as it is, once with a batch norm behind
# each linear layer, once with a layer norm. Same steps, same learning rate.

# %%
digits = load("digits")
images, labels = digits.x.reshape(-1, 784) / np.float32(255), digits.y


def deep(norm):
    layers, width = [], 784
    for _ in range(9):
        layers += [nn.Linear(width, 50), *([norm(50)] if norm else []), nn.ReLU()]
        width = 50
    return nn.Sequential(*layers, nn.Linear(50, 10))


def train(norm, steps=120):
    """Return the loss at each step, and the sizes of the gradients of the linear layers at the first one."""
    minigrad.manual_seed(1)
    model, order = deep(norm), np.random.default_rng(2)
    optimizer, losses, sizes = SGD(model.parameters(), lr=0.05), [], []
    for _ in range(steps):
        rows = order.integers(0, 2000, 64)
        optimizer.zero_grad()
        loss = F.cross_entropy(model(minigrad.from_numpy(images[rows])), minigrad.from_numpy(labels[rows]))
        loss.backward()
        if not sizes:
            sizes = [float(np.sqrt((m.weight.grad.numpy() ** 2).mean())) for m in model if isinstance(m, nn.Linear)]
        losses.append(loss.item())
        optimizer.step()
    return losses, sizes


norms = {"plain": None, "batch norm": nn.BatchNorm1d, "layer norm": nn.LayerNorm}
results = {name: train(norm) for name, norm in norms.items()}
for name, (losses, sizes) in results.items():
    print(f"{name:10}: loss {np.mean(losses[-10:]):.3f}; first gradient {sizes[0]:.1e}, last {sizes[-1]:.1e}")  # ~ 30%

# %%
figure, (left, right) = plt.subplots(1, 2)
figure.set_label("The plain network does not learn, the normalised ones do; its gradients vanish at the first layers")
for name, (losses, sizes) in results.items():
    left.plot(losses, label=name)
    right.semilogy(range(1, 11), sizes, "o-")
left.set(xlabel="step", ylabel="loss")
left.legend()
right.set(xlabel="layer", ylabel="size of the gradient")

# %% [markdown]
# The plain network stays at log 10 = 2.303, where all digits are equally likely. Its gradients lose a factor of a
# thousand on the way from the last layer to the first, so the first layers do not move. With normalisation all layers
# get gradients of about one size, whatever the weights.
#
# ## Three planted bugs to find with the checker

# %%
def layer_norm(x):
    return normalise(x, 1)


def first(dy, x):
    std = np.sqrt(x.var(1, keepdims=True) + 1e-5)
    return dy / std


def second(dy, x):
    std = np.sqrt(x.var(1, keepdims=True) + 1e-5)
    y = (x - x.mean(1, keepdims=True)) / std
    return (dy - dy.mean(1, keepdims=True) - y * (dy * y).sum(1, keepdims=True)) / std


def third(dy, x):
    std = np.sqrt(x.var(1, keepdims=True, ddof=1) + 1e-5)
    y = (x - x.mean(1, keepdims=True)) / std
    return (dy - dy.mean(1, keepdims=True) - y * (dy * y).mean(1, keepdims=True)) / std


for rule in (first, second, third):
    report = gradcheck(numpy_pair(layer_norm, rule), x, raise_exception=False)
    print(f"{rule.__name__}: {report.sentence}")  # ~
    for guess in report.guesses[:1]:
        print(f"  looks like: {guess.sentence}")

# %% [markdown]
# <details><summary>Answers</summary>
#
# 1. Mean and standard deviation are taken for constants. The gradient points at shifts and stretches that do nothing.
# 2. `sum` instead of `mean` in the last term.
# 3. `ddof=1` divides by M - 1, as statisticians do. Forward divides by M. With M = 1000 you would not see it.
#
# </details>
