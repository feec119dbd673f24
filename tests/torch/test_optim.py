"""Every optimizer and option for 20 steps, every schedule for 50, and state dicts in both directions."""

import copy
import warnings

import numpy as np
import pytest

import minigrad
from minigrad import optim
from minigrad.optim import lr_scheduler

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

SHAPES = [(3, 4), (5,), (), (2, 1, 3)]

OPTIMIZERS = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.5, "maximize": True, "weight_decay": 0.1}),
    ("Adagrad", {}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.05, "weight_decay": 0.1, "initial_accumulator_value": 0.3, "eps": 1e-3}),
    ("Adagrad", {"lr": 0.1, "maximize": True}),
    ("Adadelta", {}),
    ("Adadelta", {"lr": 0.7, "rho": 0.8, "eps": 1e-3, "weight_decay": 0.1, "maximize": True}),
    ("RMSprop", {}),
    ("RMSprop", {"lr": 0.02, "alpha": 0.9, "eps": 1e-4, "weight_decay": 0.1, "momentum": 0.8}),
    ("RMSprop", {"lr": 0.02, "centered": True, "eps": 1e-2}),
    ("RMSprop", {"lr": 0.02, "centered": True, "eps": 1e-2, "momentum": 0.5, "maximize": True}),
    ("Adam", {}),
    ("Adam", {"lr": 0.05, "betas": (0.8, 0.9), "eps": 1e-4, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.05, "amsgrad": True, "betas": (0.8, 0.6)}),
    ("Adam", {"lr": 0.05, "maximize": True, "decoupled_weight_decay": True, "weight_decay": 0.2}),
    ("AdamW", {}),
    ("AdamW", {"lr": 0.05, "weight_decay": 0.3, "amsgrad": True, "maximize": True}),
    ("Adamax", {}),
    ("Adamax", {"lr": 0.05, "betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.1, "maximize": True}),
    ("NAdam", {}),
    ("NAdam", {"lr": 0.05, "betas": (0.8, 0.9), "weight_decay": 0.1, "momentum_decay": 0.1}),
    ("NAdam", {"lr": 0.05, "weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True}),
    ("RAdam", {}),
    ("RAdam", {"lr": 0.05, "betas": (0.8, 0.95), "weight_decay": 0.1}),
    ("RAdam", {"lr": 0.05, "weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True}),
]


@pytest.fixture(autouse=True)
def float64_scalars():
    """PyTorch keeps step counts and products of momenta in its default type."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


class Pair:
    """The same parameters and optimizer on both sides; gradients are random, and sometimes missing."""

    def __init__(self, name, options, dtype="float64", groups=False):
        self.rng = np.random.default_rng(0)
        values = [self.rng.standard_normal(shape).astype(dtype) for shape in SHAPES]
        self.ours = [minigrad.tensor(x, requires_grad=True) for x in values]
        self.theirs = [torch.tensor(x, requires_grad=True) for x in values]
        self.dtype = dtype
        self.optimizers = [
            getattr(module, name)(self.split(params) if groups else params, **options)
            for module, params in ((optim, self.ours), (torch.optim, self.theirs))
        ]

    def split(self, params):
        return [{"params": params[:1], "lr": 0.3}, {"params": params[1:], "weight_decay": 0.05}]

    def step(self, number):
        for i, (x, y) in enumerate(zip(self.ours, self.theirs, strict=True)):
            g = (self.rng.standard_normal(x.shape) * 10.0 ** self.rng.integers(-2, 2)).astype(self.dtype)
            absent = i == 1 and number % 3 == 0
            x.grad = None if absent else minigrad.tensor(g)
            y.grad = None if absent else torch.tensor(g)
        for optimizer in self.optimizers:
            optimizer.step()

    def compare(self, **tolerance):
        for x, y in zip(self.ours, self.theirs, strict=True):
            np.testing.assert_allclose(x.detach().numpy(), y.detach().numpy(), **tolerance)


@pytest.mark.parametrize(("name", "options"), OPTIMIZERS)
def test_twenty_steps_agree(name, options):
    pair = Pair(name, options)
    for number in range(20):
        pair.step(number)
        pair.compare(rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize(("name", "options"), OPTIMIZERS)
def test_twenty_steps_agree_in_float32(name, options):
    pair = Pair(name, options, dtype="float32")
    for number in range(20):
        pair.step(number)
    pair.compare(rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("name", sorted({name for name, _ in OPTIMIZERS}))
def test_groups_with_options_of_their_own_agree(name):
    pair = Pair(name, {}, groups=True)
    for number in range(20):
        pair.step(number)
    pair.compare(rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize(("name", "options"), OPTIMIZERS)
def test_a_state_of_pytorch_loads_and_continues(name, options):
    pair = Pair(name, options)
    for number in range(5):
        pair.step(number)
    ours, theirs = pair.optimizers
    fresh = type(ours)(pair.ours, lr=99.0)
    for x, y in zip(pair.ours, pair.theirs, strict=True):
        x.data = minigrad.tensor(y.detach().numpy())
    fresh.load_state_dict(theirs.state_dict())
    pair.optimizers = [fresh, theirs]
    for number in range(5, 10):
        pair.step(number)
    pair.compare(rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("name", "options"), OPTIMIZERS)
def test_pytorch_loads_our_state_and_continues(name, options):
    pair = Pair(name, options)
    for number in range(5):
        pair.step(number)
    ours, theirs = pair.optimizers
    state = ours.state_dict()
    for values in state["state"].values():
        for key, value in values.items():
            values[key] = torch.tensor(value.numpy()) if isinstance(value, minigrad.Tensor) else torch.tensor(float(value))
    fresh = type(theirs)(pair.theirs, lr=99.0)
    fresh.load_state_dict(state | {"param_groups": [theirs.param_groups[0] | state["param_groups"][0]]})
    pair.optimizers = [ours, fresh]
    for number in range(5, 10):
        pair.step(number)
    pair.compare(rtol=1e-12, atol=1e-14)


def both(build, lr=0.5, kind="SGD", **options):
    """Return the same schedule on both sides. `build` gets the module of schedules and the optimizer."""
    found = []
    for module, schedules, tensor in ((optim, lr_scheduler, minigrad.tensor), (torch.optim, torch.optim.lr_scheduler, torch.tensor)):
        params = [{"params": [tensor([1.0]).requires_grad_()], "lr": lr}, {"params": [tensor([1.0]).requires_grad_()], "lr": 0.2}]
        optimizer = getattr(module, kind)(params, **options)
        found.append((optimizer, build(schedules, optimizer)))
    return found


def rates(group):
    return [group["lr"], group.get("momentum", 0.0), *group.get("betas", ())]


def compare_schedules(build, steps=50, **kwargs):
    (ours, mine), (theirs, other) = both(build, **kwargs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the order of steps
        for _ in range(steps):
            for a, b in zip(ours.param_groups, theirs.param_groups, strict=True):
                np.testing.assert_allclose(rates(a), rates(b), rtol=1e-9, atol=1e-15)
            np.testing.assert_allclose(mine.get_last_lr(), other.get_last_lr(), rtol=1e-9, atol=1e-15)
            mine.step()
            other.step()


SCHEDULES = {
    "step": lambda s, o: s.StepLR(o, 7, gamma=0.5),
    "multistep": lambda s, o: s.MultiStepLR(o, [3, 10, 10, 31], gamma=0.3),
    "constant": lambda s, o: s.ConstantLR(o, factor=0.25, total_iters=6),
    "linear": lambda s, o: s.LinearLR(o, total_iters=10),
    "linear down": lambda s, o: s.LinearLR(o, 1.0, 0.1, total_iters=33),
    "exponential": lambda s, o: s.ExponentialLR(o, 0.9),
    "polynomial": lambda s, o: s.PolynomialLR(o, total_iters=20, power=1.7),
    "cosine": lambda s, o: s.CosineAnnealingLR(o, T_max=12, eta_min=0.01),
    "cosine once": lambda s, o: s.CosineAnnealingLR(o, T_max=50),
    "restarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, T_0=7, eta_min=0.02),
    "restarts longer": lambda s, o: s.CosineAnnealingWarmRestarts(o, T_0=5, T_mult=2),
    "lambda": lambda s, o: s.LambdaLR(o, lambda t: 1 / (1 + t)),
    "lambdas": lambda s, o: s.LambdaLR(o, [lambda t: 0.9**t, lambda t: t // 3]),
    "sequence": lambda s, o: s.SequentialLR(o, [s.LinearLR(o, 0.1, total_iters=5), s.CosineAnnealingLR(o, 40), s.ConstantLR(o, 0.5)], [5, 43]),
    "sequence of restarts": lambda s, o: s.SequentialLR(o, [s.ConstantLR(o, 0.1, total_iters=20), s.CosineAnnealingWarmRestarts(o, 8), s.ExponentialLR(o, 0.9)], [20, 37]),
    "chain": lambda s, o: s.ChainedScheduler([s.ConstantLR(o, 0.1, total_iters=20), s.ExponentialLR(o, 0.9)]),
    "chain of cosine": lambda s, o: s.ChainedScheduler([s.LinearLR(o, 0.5, total_iters=10), s.CosineAnnealingLR(o, 60, eta_min=0.05)]),
    "chain of three": lambda s, o: s.ChainedScheduler([s.StepLR(o, 4, 0.7), s.PolynomialLR(o, 60, 2.0), s.MultiStepLR(o, [9, 30])], o),
}  # fmt: skip


@pytest.mark.parametrize("name", SCHEDULES)
def test_fifty_epochs_of_a_schedule_agree(name):
    compare_schedules(SCHEDULES[name])


CYCLES = [
    {"max_lr": 0.4, "total_steps": 50},
    {"max_lr": [0.4, 0.1], "epochs": 6, "steps_per_epoch": 9, "pct_start": 0.45, "anneal_strategy": "linear"},
    {"max_lr": 0.4, "total_steps": 60, "three_phase": True, "div_factor": 10.0, "final_div_factor": 100.0},
    {"max_lr": 0.4, "total_steps": 50, "cycle_momentum": False, "pct_start": 0.0},
    {"max_lr": 0.4, "total_steps": 55, "base_momentum": [0.5, 0.6], "max_momentum": 0.9},
]


@pytest.mark.parametrize("options", CYCLES)
@pytest.mark.parametrize(("kind", "own"), [("SGD", {"momentum": 0.9}), ("Adam", {})])
def test_fifty_steps_of_one_cycle_agree(options, kind, own):
    compare_schedules(lambda s, o: s.OneCycleLR(o, **options), kind=kind, **own)


PLATEAUS = [
    {"patience": 2, "factor": 0.5},
    {"mode": "max", "patience": 1, "cooldown": 3, "threshold": 0.05},
    {"patience": 0, "threshold_mode": "abs", "threshold": 0.1, "min_lr": [0.05, 0.01]},
    {"mode": "max", "patience": 0, "threshold_mode": "abs", "threshold": 0.3, "eps": 0.02},
]


@pytest.mark.parametrize("options", PLATEAUS)
def test_fifty_epochs_of_a_plateau_agree(options):
    (ours, mine), (theirs, other) = both(lambda s, o: s.ReduceLROnPlateau(o, **options))
    rng = np.random.default_rng(1)
    for t in range(50):
        metric = float("nan") if t == 9 else np.exp(-t / 10) + 0.2 * rng.random()
        mine.step(metric)
        other.step(metric)
        assert [g["lr"] for g in ours.param_groups] == [g["lr"] for g in theirs.param_groups]
        assert mine.num_bad_epochs == other.num_bad_epochs and mine.best == other.best


def test_a_learning_rate_changed_by_hand_is_scaled_on():
    for build in (SCHEDULES["step"], SCHEDULES["exponential"], SCHEDULES["cosine once"], SCHEDULES["linear down"]):
        (ours, mine), (theirs, other) = both(build)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for t in range(20):
                if t == 5:
                    ours.param_groups[0]["lr"] = theirs.param_groups[0]["lr"] = 0.123
                mine.step()
                other.step()
        np.testing.assert_allclose(ours.param_groups[0]["lr"], theirs.param_groups[0]["lr"], rtol=1e-9)


@pytest.mark.parametrize("name", [name for name in SCHEDULES if "lambda" not in name])
def test_the_state_of_a_schedule_of_pytorch_loads_and_continues(name):
    (ours, mine), (theirs, other) = both(SCHEDULES[name])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(13):
            other.step()
        mine.load_state_dict(copy.deepcopy(other.state_dict()))
        for a, b in zip(ours.param_groups, theirs.param_groups, strict=True):
            a["lr"] = b["lr"]
        for _ in range(30):
            mine.step()
            other.step()
            np.testing.assert_allclose(mine.get_last_lr(), other.get_last_lr(), rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("n", [2.0, 1.0, 3.5, float("inf")])
@pytest.mark.parametrize("limit", [0.5, 1e6])
def test_clipped_gradients_agree(n, limit):
    pair = Pair("SGD", {"lr": 0.1})
    pair.step(1)
    mine = optim.clip_grad_norm_(pair.ours, limit, n)
    other = torch.nn.utils.clip_grad_norm_(pair.theirs, limit, n)
    np.testing.assert_allclose(mine.item(), other.item())
    optim.clip_grad_value_(pair.ours[:2], 0.01)
    torch.nn.utils.clip_grad_value_(pair.theirs[:2], 0.01)
    for x, y in zip(pair.ours, pair.theirs, strict=True):
        np.testing.assert_allclose(x.grad.numpy(), y.grad.numpy())


def test_the_exponential_average_agrees():
    pair = Pair("SGD", {"lr": 0.1})
    average = optim.ExponentialMovingAverage(pair.ours, 0.9, use_num_updates=False)
    model = torch.nn.ParameterList([torch.nn.Parameter(y.detach().clone()) for y in pair.theirs])
    other = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.9))
    other.update_parameters(model)  # the first call copies
    for number in range(10):
        pair.step(number)
        average.update()
        with torch.no_grad():
            for p, y in zip(model, pair.theirs, strict=True):
                p.copy_(y)
        other.update_parameters(model)
    for x, y in zip(average.shadow_params, other.module, strict=True):
        np.testing.assert_allclose(x.numpy(), y.detach().numpy(), rtol=1e-12)
