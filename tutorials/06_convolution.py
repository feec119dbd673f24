# %% [markdown]
# # Convolution: loops, one matrix product, a kernel
#
# The network of the last lesson sees 784 numbers without an order. A convolution knows that pixels have neighbours,
# and that a stroke at the left is the same as a stroke at the right.
#
# *You build:* a convolution three times, each the same and each faster, and its gradients. *You need:* lessons 3 to
# 5. *Run time:* 15 s.
#
# ## A filter looks at windows
#
# N images of C channels, H × W pixels; K filters of C × R × S taps. Each filter is laid on each window of the image,
# multiplied with it and summed:
#
#     y[n, k, p, q] = Σ_crs x[n, c, p + r, q + s] · w[k, c, r, s]
#
# The filter below asks: is it brighter below than above?

# %%
import time

import matplotlib.pyplot as plt
import numpy as np

import minigrad
from minigrad import nn
from minigrad.data import load
from minigrad.nn import functional as F
from minigrad.optim import Adam
from minigrad.testing import gradcheck, numpy_pair

rng = np.random.default_rng(0)


def conv_loops(x, w):
    """The definition, as written."""
    (N, _, H, W), (K, _, R, S) = x.shape, w.shape
    y = np.zeros((N, K, H - R + 1, W - S + 1), x.dtype)
    for n in range(N):
        for k in range(K):
            for p in range(H - R + 1):
                for q in range(W - S + 1):
                    y[n, k, p, q] = (x[n, :, p : p + R, q : q + S] * w[k]).sum()
    return y


train, test = load("digits"), load("digits", "test")
digit = train.x[:1, None] / np.float32(255)
edge = np.array([[-1, -1, -1], [0, 0, 0], [1, 1, 1]], np.float32)
filters = np.stack([edge, edge.T, np.ones((3, 3), np.float32) / 9])[:, None]
seen = conv_loops(digit, filters)

figure, axes = plt.subplots(1, 4)
figure.set_label("A digit, its horizontal edges, its vertical edges, and the digit blurred")
for axis, picture, title in zip(axes, (digit[0, 0], *seen[0]), ("image", "rows", "columns", "blur"), strict=True):
    most = 3 if title in ("rows", "columns") else 1
    axis.imshow(picture, cmap="RdBu_r", vmin=-most, vmax=most)
    axis.set_title(title)
    axis.axis("off")

# %% [markdown]
# ## Backward: every tap is a use
#
# A pixel is used by every window that covers it, so its gradient is a sum over these windows, each with the tap that
# lay on it. A tap is used at every window, so its gradient is a sum over all windows, each with the pixel under it.
#
# Loops over the *taps* say this in one line each. All windows at once, shifted by (r, s), are a slice of the image.

# %%
def conv_taps(x, w):
    R, S = w.shape[2:]
    P, Q = x.shape[2] - R + 1, x.shape[3] - S + 1
    y = 0
    for r in range(R):
        for s in range(S):
            y = y + np.einsum("ncpq,kc->nkpq", x[:, :, r : r + P, s : s + Q], w[:, :, r, s])
    return y


def conv_backward(dy, x, w):
    P, Q = dy.shape[2:]
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for r in range(w.shape[2]):
        for s in range(w.shape[3]):
            dx[:, :, r : r + P, s : s + Q] += np.einsum("nkpq,kc->ncpq", dy, w[:, :, r, s])
            dw[:, :, r, s] = np.einsum("nkpq,ncpq->kc", dy, x[:, :, r : r + P, s : s + Q])
    return dx, dw


x, w = rng.normal(size=(2, 3, 5, 4)), rng.normal(size=(4, 3, 3, 2))
print("same as the loops:", np.allclose(conv_loops(x, w), conv_taps(x, w)))
print(gradcheck(numpy_pair(conv_taps, conv_backward), x, w))  # ~

# %% [markdown]
# ## One matrix product
#
# Copy every window into a row of a matrix, write every filter as a column, and the whole convolution is one product.
# It needs R · S times the memory of the image, and it is fast, because a matrix product is the one thing that every
# machine does well. The trick is called im2col.

# %%
def windows(x, R, S):
    """Return every window as a row: (N·P·Q, C·R·S)."""
    view = np.lib.stride_tricks.sliding_window_view(x, (R, S), axis=(2, 3))  # (N, C, P, Q, R, S), nothing copied yet
    return view.transpose(0, 2, 3, 1, 4, 5).reshape(-1, x.shape[1] * R * S)


def conv_product(x, w):
    N, K, (R, S) = len(x), len(w), w.shape[2:]
    P, Q = x.shape[2] - R + 1, x.shape[3] - S + 1
    return (windows(x, R, S) @ w.reshape(K, -1).T).reshape(N, P, Q, K).transpose(0, 3, 1, 2)


print("same as the loops:", np.allclose(conv_loops(x, w), conv_product(x, w)))

# %% [markdown]
# ## A race
#
# The fourth is minigrad's own: loops again, but compiled by Numba, with tiles of numbers that stay in the registers
# of the processor (`kernels/minigrad_kernels/cpu/conv.py`). No copies of windows, and no Python in the loops. The
# times are of the machine that built this page.

# %%
images = rng.random((8, 16, 28, 28), np.float32)
filters = rng.normal(size=(32, 16, 3, 3)).astype(np.float32)
tensor_images, tensor_filters = minigrad.from_numpy(images), minigrad.from_numpy(filters)


def best_time(f, rounds):
    f()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        f()
        times.append(time.perf_counter() - start)
    return 1000 * min(times)


milliseconds = {
    "loops": best_time(lambda: conv_loops(images[:1], filters), 1) * 8,
    "taps": best_time(lambda: conv_taps(images, filters), 5),
    "one product": best_time(lambda: conv_product(images, filters), 5),
    "kernel": best_time(lambda: F.conv2d(tensor_images, tensor_filters), 20),
}
for name, time_taken in milliseconds.items():
    print(f"{name:12} {time_taken:9.2f} ms")  # ~ any

# %%
figure, axis = plt.subplots()
figure.set_label("Bars on a logarithmic axis: loops take the longest, then taps, one product, and the kernel")
bars = axis.barh(list(milliseconds)[::-1], list(milliseconds.values())[::-1], color="#4c72b0", log=True)
axis.bar_label(bars, fmt="%.1f ms", padding=3)
axis.set(xlabel="milliseconds, 8 images of 16 channels, 32 filters")
axis.margins(x=0.15)

# %% [markdown]
# ## A small network of them
#
# Two convolutions and a linear layer. The last lesson's network had 50,890 numbers to learn.

# %%
minigrad.manual_seed(0)
model = nn.Sequential(
    nn.Conv2d(1, 8, 5, stride=2), nn.ReLU(), nn.Conv2d(8, 16, 5, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(256, 10)
)
print(f"{sum(p.numel() for p in model.parameters()):,} numbers to learn")
optimizer = Adam(model.parameters(), lr=3e-3)
pictures = train.x[:, None] / np.float32(255)
for i in range(2):
    for rows in rng.permutation(9000).reshape(-1, 50):
        optimizer.zero_grad()
        F.cross_entropy(model(minigrad.from_numpy(pictures[rows])), minigrad.from_numpy(train.y[rows])).backward()
        optimizer.step()
    with minigrad.no_grad():
        said = model(minigrad.from_numpy(test.x[:, None] / np.float32(255))).numpy().argmax(1)
    print(f"epoch {i + 1}: {(said == test.y).mean():.1%} of 1,000 new digits right")  # ~

# %% [markdown]
# An eighth of the numbers to learn and half of the epochs, and it reads better.
#
# ## Three planted bugs to find with the checker

# %%
def first(dy, x, w):
    dw = conv_backward(dy, x, w)[1]
    return conv_backward(dy, x, w[:, :, ::-1, ::-1])[0], dw


def second(dy, x, w):
    P, Q = dy.shape[2:]
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for r in range(w.shape[2]):
        for s in range(w.shape[3]):
            dx[:, :, r : r + P, s : s + Q] = np.einsum("nkpq,kc->ncpq", dy, w[:, :, r, s])
            dw[:, :, r, s] = np.einsum("nkpq,ncpq->kc", dy, x[:, :, r : r + P, s : s + Q])
    return dx, dw


def third(dy, x, w):
    dx, dw = conv_backward(dy, x, w)
    return dx, dw / len(x)


for rule in (first, second, third):
    report = gradcheck(numpy_pair(conv_taps, rule), x, w, raise_exception=False)
    print(f"{rule.__name__}: {report.sentence}")  # ~
    for guess in report.guesses[:1]:
        print(f"  looks like: {guess.sentence}")
    small = report.smallest(seconds=10)
    print("  smallest:", ", ".join(f"{name} {a.shape}" for name, a in zip("xw", small.inputs, strict=True)))

# %% [markdown]
# <details><summary>Answers</summary>
#
# 1. The filter is turned by 180°. In textbooks the gradient of a convolution is "a convolution with the turned filter",
#    and so it is, of `dy` with a border of zeros. The loop over taps has turned it already.
# 2. `=` instead of `+=`: of all the windows that cover a pixel the last one wins.
# 3. Somebody divided by the batch size in the layer. This belongs into the loss, once.
#
# </details>
