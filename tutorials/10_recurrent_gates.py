# %% [markdown]
# # Memory: recurrent networks and their gates
#
# A recurrent network reads one step at a time and keeps what it needs in a state. The gradient goes back through
# every step, and each step multiplies it by the same matrix. Lesson 8 showed what products do.
#
# *You build:* an RNN, an LSTM and a GRU step with their gradients, and a task that only gates can do. *You need:*
# lessons 4 and 8. *Run time:* 15 s.
#
# ## A plain recurrent network
#
#     h_t = tanh(h_{t-1} W + x_t U)

# %%
import matplotlib.pyplot as plt
import numpy as np

import minigrad
from minigrad import nn
from minigrad.nn import functional as F
from minigrad.optim import Adam
from minigrad.testing import gradcheck, numpy_pair

rng = np.random.default_rng(0)


def rnn_step(x, h, W, U):
    return np.tanh(h @ W + x @ U)


def rnn_step_backward(dy, x, h, W, U):
    da = dy * (1 - rnn_step(x, h, W, U) ** 2)
    return da @ U.T, da @ W.T, h.T @ da, x.T @ da


shapes = (2, 3), (2, 4), (4, 4), (3, 4)
print(gradcheck(numpy_pair(rnn_step, rnn_step_backward), *(rng.normal(size=s) for s in shapes)))  # ~

# %% [markdown]
# ## What is left of a gradient after t steps
#
# The gradient by the first state is multiplied by Wᵀ and by 1 - h² at every step on its way back. Take orthogonal
# matrices, which keep lengths, times a factor.

# %%
figure, axis = plt.subplots()
figure.set_label("The gradient over 60 steps back: with factors up to 1 it vanishes, with 1.5 it stays, then grows")
Q = np.linalg.qr(rng.normal(size=(32, 32)))[0]
for factor in (0.5, 0.9, 1.0, 1.5):
    h, x, W = np.zeros((1, 32)), rng.normal(size=(60, 1, 32)) * 0.3, factor * Q
    states = [h := rnn_step(x[t], h, W, np.eye(32)) for t in range(60)]
    d, sizes = rng.normal(size=(1, 32)), []
    for state in reversed(states):
        d = (d * (1 - state**2)) @ W.T
        sizes.append(np.linalg.norm(d))
    axis.semilogy(range(1, 61), sizes, label=f"W = {factor} × orthogonal")
    print(f"factor {factor}: after 20 steps {sizes[19]:.1e}, after 60 steps {sizes[-1]:.1e}")  # ~ 50%
axis.legend()
axis.set(xlabel="steps back", ylabel="size of the gradient")

# %% [markdown]
# With a factor of 1.5 the tanh saturates just enough to hold the balance here, and by the end the gradient grows.
# Nothing keeps it there. For the others, what happened 60 steps ago hardly moves the loss, so it is hardly learned.
#
# ## A gate
#
# The LSTM adds instead of multiplying. Its memory c passes from step to step by a gate f between 0 and 1, and new
# content comes in by a gate i:
#
#     c_t = f · c_{t-1} + i · g        h_t = o · tanh(c_t)
#
# The gradient of c passes backward by f. If f is near 1, it arrives. The gates i, f, o are sigmoids and g is a tanh,
# each of a sum over x and h, and a network learns when to open them.

# %%
def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def lstm_step(a, c):
    """a (B, 4M) holds what goes into i, f, g and o; c (B, M)  ->  h and the new c, side by side."""
    i, f, g, o = np.split(a, 4, 1)
    new = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return np.concatenate([sigmoid(o) * np.tanh(new), new], 1)


def lstm_step_backward(dy, a, c):
    i, f, g, o = np.split(a, 4, 1)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    dh, d_new = np.split(dy, 2, 1)
    tanh_new = np.tanh(f * c + i * g)
    d_new = d_new + dh * o * (1 - tanh_new**2)
    da = [d_new * g * i * (1 - i), d_new * c * f * (1 - f), d_new * i * (1 - g**2), dh * tanh_new * o * (1 - o)]
    return np.concatenate(da, 1), d_new * f


a, c = rng.normal(size=(2, 12)), rng.normal(size=(2, 3))
print("LSTM step:", bool(gradcheck(numpy_pair(lstm_step, lstm_step_backward), a, c)))

# %% [markdown]
# Note `d_new` in two places: the memory goes to the output *and* to the next step, and gradients of two uses add.
#
# The GRU does with two gates and without a second state. Its new state is a mixture, so what is kept and what is
# renewed sum to one:
#
#     h_t = z · h_{t-1} + (1 - z) · n,     n = tanh(a_n + r · b_n)

# %%
def gru_step(a, b, h):
    """a, b (B, 3M): what comes from the input and from the state, for r, z and n."""
    r, z = sigmoid(a[:, :-h.shape[1]] + b[:, :-h.shape[1]]).reshape(len(h), 2, -1).transpose(1, 0, 2)
    n = np.tanh(a[:, -h.shape[1] :] + r * b[:, -h.shape[1] :])
    return z * h + (1 - z) * n


def gru_step_backward(dy, a, b, h):
    M = h.shape[1]
    r, z = sigmoid(a[:, :-M] + b[:, :-M]).reshape(len(h), 2, -1).transpose(1, 0, 2)
    n = np.tanh(a[:, -M:] + r * b[:, -M:])
    d_n = dy * (1 - z) * (1 - n**2)
    d_r, d_z = d_n * b[:, -M:] * r * (1 - r), dy * (h - n) * z * (1 - z)
    return np.concatenate([d_r, d_z, d_n], 1), np.concatenate([d_r, d_z, d_n * r], 1), dy * z


inputs = rng.normal(size=(2, 9)), rng.normal(size=(2, 9)), rng.normal(size=(2, 3))
print("GRU step: ", bool(gradcheck(numpy_pair(gru_step, gru_step_backward), *inputs)))

# %% [markdown]
# The same numbers come out of minigrad's cells, which hold the matrices too:

# %%
cell = nn.GRUCell(5, 3).to(minigrad.float64)
x, h = rng.normal(size=(2, 5)), rng.normal(size=(2, 3))
w = {name: p.detach().numpy() for name, p in cell.named_parameters()}
ours = gru_step(x @ w["weight_ih"].T + w["bias_ih"], h @ w["weight_hh"].T + w["bias_hh"], h)
print("as minigrad's GRUCell:", np.allclose(ours, cell(minigrad.tensor(x), minigrad.tensor(h)).detach().numpy()))

# %% [markdown]
# ## A task that needs memory
#
# Remember the first symbol, one of four, while 39 steps of noise go by, then say it. Chance is 25 %, a loss of log 4
# = 1.386. Each network has a state of 32 and gets the same 300 steps of Adam.
#
# A new LSTM has gates near ½, and ½ to the 39th is 2e-12: it forgets as fast as the plain network. So LSTM and GRU
# run a second time with their keeping gate open at the start: a bias of 4 makes it sigmoid(4) = 0.98, and 0.98 to the
# 39th is 0.49. In minigrad, as in PyTorch, f and z are the second block of the biases.

# %%
STEPS, WIDE = 40, 32


def task(n, rng):
    symbols = rng.integers(0, 4, n)
    x = rng.normal(size=(n, STEPS, 4)) * 0.3
    x[:, 0] = np.eye(4)[symbols]
    return minigrad.from_numpy(x.astype(np.float32)), minigrad.from_numpy(symbols)


def train(kind, opened):
    """Return the losses of a network that reads a sequence and names its first symbol, and how often it is right."""
    minigrad.manual_seed(0)
    rng = np.random.default_rng(1)
    network, read = kind(4, WIDE, batch_first=True), nn.Linear(WIDE, 4)
    if opened:
        with minigrad.no_grad():
            network.bias_hh_l0[WIDE : 2 * WIDE] = 4.0
    optimizer = Adam([*network.parameters(), *read.parameters()], lr=1e-2)
    losses = []
    for _ in range(300):
        x, symbols = task(32, rng)
        optimizer.zero_grad()
        loss = F.cross_entropy(read(network(x)[0][:, -1]), symbols)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    with minigrad.no_grad():
        x, symbols = task(500, rng)
        right = (read(network(x)[0][:, -1]).numpy().argmax(1) == symbols.numpy()).mean()
    return losses, right


figure, axis = plt.subplots()
figure.set_label("The losses of RNN, LSTM and GRU stay at log 4; those of LSTM and GRU with open gates fall to 0")
for kind, opened in ((nn.RNN, False), (nn.LSTM, False), (nn.GRU, False), (nn.LSTM, True), (nn.GRU, True)):
    losses, right = train(kind, opened)
    name = kind.__name__ + (", gate open" if opened else "")
    axis.plot(np.convolve(losses, np.ones(10) / 10, "valid"), "-" if opened else ":", label=name)
    print(f"{name:15} loss {np.mean(losses[-20:]):6.3f}, {right:.0%} right")  # ~ any
axis.legend()
axis.set(xlabel="step", ylabel="loss, mean of 10 steps")

# %% [markdown]
# It is not the gate that remembers but the *open* gate. A network with closed ones gets no gradient from step 1 and
# never learns to open them. On tasks with shorter distances it can start there and work its way up.
#
# ## Three planted bugs to find with the checker

# %%
def first(dy, a, c):
    da, dc = lstm_step_backward(np.concatenate([dy[:, : c.shape[1]], np.zeros_like(c)], 1), a, c)
    return da, dc


def second(dy, a, b, h):
    da, db, _ = gru_step_backward(dy, a, b, h)
    return da, db, dy


def third(dy, x, h, W, U):
    da = dy * (1 - np.tanh(rnn_step(x, h, W, U)) ** 2)
    return da @ U.T, da @ W.T, h.T @ da, x.T @ da


cases = (
    (lstm_step, first, (a, c)),
    (gru_step, second, inputs),
    (rnn_step, third, [rng.normal(size=s) for s in shapes]),
)
for forward, backward, at in cases:
    report = gradcheck(numpy_pair(forward, backward), *at, raise_exception=False)
    print(f"{backward.__name__}: {report.sentence}")  # ~
    for guess in report.guesses[:1]:
        print(f"  looks like: {guess.sentence}")

# %% [markdown]
# <details><summary>Answers</summary>
#
# 1. The gradient that comes from the next step's memory is thrown away. The network learns from the last step only.
# 2. h is mixed in by the gate: `dy * z`.
# 3. `rnn_step` returns tanh already; its slope is 1 - y², with no second tanh.
#
# </details>
