# %% [markdown]
# # Second derivatives
#
# The gradient of a gradient says how the slope changes along the way: how far the slope goes on. A tape whose rules
# work on tensors gives it for nothing.
#
# *You build:* the product of the Hessian with a vector, its largest eigenvalue, Newton's method. *You need:* lessons
# 2 and 9. *Run time:* 5 s.
#
# ## Twice through the tape
#
# In lesson 2 a rule worked on arrays: what it did left no trace. In minigrad a rule works on tensors, so walking back
# records a new graph, and one can walk back through that.

# %%
import matplotlib.pyplot as plt
import numpy as np

import minigrad
from minigrad import func, nn
from minigrad.data import load
from minigrad.nn import functional as F
from minigrad.testing import gradcheck, gradgradcheck

x = minigrad.tensor([0.5, 1.0, 2.0], requires_grad=True)
(first,) = minigrad.grad((x**4).sum(), [x], create_graph=True)
(second,) = minigrad.grad(first.sum(), [x])
print("x⁴:  ", (x**4).tolist())
print("4x³: ", first.tolist())
print("12x²:", second.tolist())

# %% [markdown]
# ## The Hessian is too large; its products are not
#
# With n parameters the Hessian H has n² entries. A model of a million would need a million million. But often one
# only needs H v, the change of the gradient in a direction v, and this is a gradient again:
#
#     H v = ∇ ⟨∇f, v⟩
#
# It costs about as much as a few gradients. Here is the function of two lines that does it, next to small steps of
# the gradient and to `func.hvp`.

# %%
def hvp(f, x, v):
    x = minigrad.tensor(x, requires_grad=True)
    (slope,) = minigrad.grad(f(x), [x], create_graph=True)
    return minigrad.grad((slope * minigrad.tensor(v)).sum(), [x])[0].numpy()


def rosenbrock(p):
    """A bent valley; its lowest point is (1, 1)."""
    return (1 - p[0]) ** 2 + 10 * (p[1] - p[0] ** 2) ** 2


at, v = np.array([-1.0, 0.5]), np.array([0.3, -0.7])
slope = func.grad(rosenbrock)
steps = (slope(minigrad.tensor(at + 1e-5 * v)) - slope(minigrad.tensor(at - 1e-5 * v))).numpy() / 2e-5
print("through the tape twice", hvp(rosenbrock, at, v))
print("small steps           ", steps.round(6))
print("func.hvp              ", func.hvp(rosenbrock, minigrad.tensor(at), minigrad.tensor(v))[1].numpy())
print("H itself              ", func.hessian(rosenbrock)(minigrad.tensor(at)).tolist())

# %% [markdown]
# Is it right? Second derivatives have a checker too. It compares with differences of the gradient, and it uses a law
# that needs no differences: H is symmetric, ⟨u, H w⟩ = ⟨w, H u⟩.

# %%
rng = np.random.default_rng(0)
print(gradgradcheck(lambda x, w: (x @ w).tanh().softmax(-1), rng.normal(size=(2, 3)), rng.normal(size=(3, 2))))  # ~

# %% [markdown]
# ## Newton's method
#
# Near x the loss is about f + ⟨g, d⟩ + ½ ⟨d, H d⟩. The lowest point of *that* is at d = -H⁻¹ g. Gradient descent only
# knows the first two terms and has to guess the third with its learning rate.

# %%
def newton(p, steps):
    path = [p]
    for _ in range(steps):
        t = minigrad.tensor(p)
        p = p - np.linalg.solve(func.hessian(rosenbrock)(t).numpy(), slope(t).numpy())
        path.append(p)
    return np.array(path)


def descend(p, steps, lr=0.015):
    path = [p]
    for _ in range(steps):
        p = p - lr * slope(minigrad.tensor(p)).numpy()
        path.append(p)
    return np.array(path)


start = np.array([-1.2, 1.0])
paths = {"Newton, 8 steps": newton(start, 8), "gradient, 300 steps": descend(start, 300)}
for name, path in paths.items():
    print(f"{name:20} ends at {path[-1].round(4)}, {np.abs(path[-1] - 1).max():.1e} from (1, 1)")  # ~ any
for k, p in enumerate(paths["Newton, 8 steps"]):
    print(f"  Newton after {k} steps: {np.linalg.norm(p - 1):.1e} away")  # ~ any

# %%
u, w = np.meshgrid(np.linspace(-1.6, 1.6, 100), np.linspace(-3.2, 1.8, 100))
height = (1 - u) ** 2 + 10 * (w - u**2) ** 2
figure, axes = plt.subplots(1, 2, sharey=True)
figure.set_label("In a bent valley Newton needs a few long jumps, gradient descent crawls along the bottom")
for axis, (name, path) in zip(axes, paths.items(), strict=True):
    axis.contour(u, w, height, levels=[0.3, 1, 3, 10, 30, 60], colors="#bbbbbb", linewidths=0.7)
    axis.plot(*path.T, ".-", color="#c44e52", markersize=4, linewidth=0.8)
    axis.plot(1, 1, "*", color="#4c72b0", markersize=10)
    axis.set(title=name)

# %% [markdown]
# At the end each step doubles the number of correct digits. The price is H and a system of equations, and a step into
# the wrong direction where H is not positive: Newton goes to any place of slope 0, a saddle too.
#
# ## How curved is a network?
#
# The largest eigenvalue of H sets the limit for the learning rate, 2/λ, as in lesson 9. It is found with products
# alone: multiply a vector by H again and again, and the direction of the largest eigenvalue is what remains. Here it
# is for a network with 1,960 parameters on 500 digits.

# %%
minigrad.manual_seed(0)
digits = load("digits8x8")
images = minigrad.from_numpy((digits.x[:500].reshape(500, -1) / 16).astype(np.float64))
labels = minigrad.from_numpy(digits.y[:500])
model = nn.Sequential(nn.Linear(64, 26), nn.Tanh(), nn.Linear(26, 10)).to(minigrad.float64)
parameters = list(model.parameters())


def loss_at():
    return F.cross_entropy(model(images), labels)


def curvature(rounds=30):
    """Return the largest eigenvalue of the Hessian of the loss."""
    vs = [np.random.default_rng(1).normal(size=p.shape) for p in parameters]
    for _ in range(rounds):
        length = np.sqrt(sum((v**2).sum() for v in vs))
        vs = [v / length for v in vs]
        slopes = minigrad.grad(loss_at(), parameters, create_graph=True)
        along = sum((s * minigrad.from_numpy(v)).sum() for s, v in zip(slopes, vs, strict=True))
        new = [h.numpy() for h in minigrad.grad(along, parameters)]
        largest = sum((a * b).sum() for a, b in zip(vs, new, strict=True))
        vs = new
    return float(largest)


n = sum(p.numel() for p in parameters)
print(f"{n:,} parameters, so H would have {n**2:,} entries")
sharp = curvature()
print(f"largest eigenvalue {sharp:.2f}: the limit of the learning rate is {2 / sharp:.2f}")  # ~

# %% [markdown]
# Is this limit real? Train with half of it, with it, and with four times it. The curvature changes on the way, so the
# limit is only exact at the start.

# %%
state = {name: p.detach().numpy().copy() for name, p in model.named_parameters()}
figure, axis = plt.subplots()
figure.set_label("The loss falls smoothly at half of the limit, jumps at the limit, explodes at four times it")
for factor in (0.5, 1, 4):
    with minigrad.no_grad():
        for name, p in model.named_parameters():
            p.copy_(minigrad.from_numpy(state[name]))
    losses = []
    for _ in range(60):
        loss = loss_at()
        for p, g in zip(parameters, minigrad.grad(loss, parameters), strict=True):
            with minigrad.no_grad():
                p -= factor * 2 / sharp * g
        losses.append(loss.item())
    axis.semilogy(losses, label=f"{factor} × the limit")
    rose = np.mean(np.diff(losses) > 0)
    print(f"{factor:3} × the limit: loss {losses[-1]:.3f}, rose in {rose:.0%} of the steps")  # ~ any
axis.legend()
axis.set(xlabel="step", ylabel="loss")

# %% [markdown]
# ## Three planted bugs to find with the checker
#
# First derivatives are right in all three, second ones are not, or not in one place. `record` is how minigrad's own
# ops are written: the array of the result, and for each input a rule over tensors.

# %%
def first(x):
    y = np.sin(x.array)
    cosine = minigrad.from_numpy(np.cos(x.array))
    return minigrad.record("sine", y, (x, lambda dy, _: dy * cosine))


def second(x):
    return minigrad.record("cube", x.array**3, (x, lambda dy, _: dy * 3 * (x * x.detach())))


def third(x):
    return minigrad.record("exp", np.exp(x.array), (x, lambda dy, y: dy * y.detach()))


for f in (first, second, third):
    at = rng.normal(size=(3, 3))
    report = gradgradcheck(f, at, raise_exception=False)
    print(f"{f.__name__}: first derivative right: {bool(gradcheck(f, at))}, second right: {bool(report)}")
    print(f"  {report.sentence}")  # ~
    for guess in report.guesses[:1]:
        print(f"  looks like: {guess.sentence}")

# %% [markdown]
# <details><summary>Answers</summary>
#
# 1. The cosine is computed on arrays, outside of the tape. For the second walk it is a constant. Write `x.cos()`.
# 2. One of the two x is detached, so the slope of 3x² comes out as 3x and not as 6x.
# 3. `y` is the result, and depends on x. Detached it is a constant.
#
# </details>
