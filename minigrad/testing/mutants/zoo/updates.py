"""Mistakes in optimizers, schedules and clipping."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ....optim import (
    SGD,
    Adagrad,
    Adam,
    AdamW,
    ExponentialMovingAverage,
    Lion,
    NAdam,
    RAdam,
    RMSprop,
    clip_grad_norm_,
    lr_scheduler,
)
from ....tensor import Tensor
from ..example import Probe
from ..mutant import Mutant
from . import laws


def _steps(make: Callable[[Any], Any], steps: int = 4) -> Any:
    """Return where random gradients lead an optimizer."""
    rng = np.random.default_rng(0)
    params = [Tensor(rng.normal(size=shape), requires_grad=True) for shape in ((3,), (2, 2))]
    optimizer = make(params)
    for _ in range(steps):
        for p in params:
            p.grad = Tensor(rng.normal(size=p.shape))
        optimizer.step()
    return [p.numpy().copy() for p in params]


def _rates(make: Callable[[Any], Any], steps: int = 8, **metrics: Any) -> list[float]:
    """Return the learning rates that a schedule writes."""
    optimizer = SGD([Tensor(np.ones(1), requires_grad=True)], lr=1.0)
    schedule = make(optimizer)
    rates = [optimizer.param_groups[0]["lr"]]
    for _ in range(steps):
        schedule.step(**metrics)
        rates.append(optimizer.param_groups[0]["lr"])
    return rates


def _clipped(limit: float) -> Any:
    params = [Tensor(np.ones(2), requires_grad=True), Tensor(np.ones(3), requires_grad=True)]
    for k, p in enumerate(params):
        p.grad = Tensor(np.arange(1.0, p.numel() + 1) * (k + 1))
    norm = clip_grad_norm_(params, limit)
    return norm, [p.grad for p in params]


def _zeroed() -> Any:
    params = [Tensor(np.ones(2), requires_grad=True) for _ in range(2)]
    optimizer = SGD([{"params": [p]} for p in params])
    for p in params:
        p.grad = Tensor(np.ones(2))
    optimizer.zero_grad()
    return [p.grad is None for p in params]


def _averaged() -> Any:
    x = Tensor(np.zeros(1), requires_grad=True)
    average = ExponentialMovingAverage([x], decay=0.9, use_num_updates=False)
    x.data = Tensor(np.ones(1))
    average.update()
    return average.shadow_params[0]


def _one_cycle() -> Any:
    optimizer = Adam([Tensor(np.ones(1), requires_grad=True)])
    schedule = lr_scheduler.OneCycleLR(optimizer, 1.0, total_steps=10)
    found = []
    for _ in range(6):
        schedule.step()
        found.append(optimizer.param_groups[0]["betas"][0])
    return found


_ADAM = "minigrad.optim.adam:adam_update"
_DECAY = "0 if decoupled_weight_decay else weight_decay"

MUTANTS = [
    Mutant(
        "adam-uncorrected", "Adam", _ADAM,
        "lr / (1 - beta1**t) * m", "lr * m",
        "no bias correction: the first steps are a tenth of what they should be, oxiglade/mlx-rs#301",
        laws.STEPS, Probe(lambda: _steps(lambda p: Adam(p, 0.1))),
    ),
    Mutant(
        "adam-corrected-once", "Adam", _ADAM,
        "(1 - beta1**t)", "(1 - beta1)",
        "the power of t left out: eriklindernoren/ML-From-Scratch#35",
        laws.STEPS, Probe(lambda: _steps(lambda p: Adam(p, 0.1))),
    ),
    Mutant(
        "adam-eps-in-root", "Adam", _ADAM,
        "(xp.sqrt(v) / math.sqrt(1 - beta2**t) + eps)", "xp.sqrt(v / (1 - beta2**t) + eps)",
        "ε under the root: CyberZHG/keras-radam#29; small gradients are drowned",
        laws.STEPS, Probe(lambda: _steps(lambda p: Adam(p, 0.1))),
    ),
    Mutant(
        "adam-eps-scaled", "Adam", _ADAM,
        "(xp.sqrt(v) / math.sqrt(1 - beta2**t) + eps)", "((xp.sqrt(v) + eps) / math.sqrt(1 - beta2**t))",
        "ε corrected along with v: pytorch/pytorch#22628, tensorflow/tensorflow#9047, karpathy/nanochat#304",
        laws.STEPS, Probe(lambda: _steps(lambda p: Adam(p, 0.1, eps=0.1))),
    ),
    Mutant(
        "adam-square-of-mean", "Adam", _ADAM,
        "(1 - beta2) * g * g", "(1 - beta2) * m * m",
        "the square of the average for the average of the squares",
        laws.STEPS, Probe(lambda: _steps(lambda p: Adam(p, 0.1))),
    ),
    Mutant(
        "adamw-coupled", "Adam", _ADAM,
        _DECAY, "weight_decay",
        "the decay goes through the moments as well: nntrainer/nntrainer#3565",
        laws.STEPS, Probe(lambda: _steps(lambda p: AdamW(p, 0.1, weight_decay=0.5))),
    ),
    Mutant(
        "adamw-rate-forgotten", "Adam", _ADAM,
        "p *= 1 - lr * weight_decay", "p *= 1 - weight_decay",
        "a decay that does not follow the schedule",
        laws.STEPS, Probe(lambda: _steps(lambda p: AdamW(p, 0.1, weight_decay=0.5))),
    ),
    Mutant(
        "amsgrad-unused", "Adam", _ADAM,
        "v = xp.maximum(v_max, v, out=v_max)", "xp.maximum(v_max, v, out=v_max)",
        "the maximum is kept, and the step taken without it",
        laws.OPTIONS, Probe(lambda: _steps(lambda p: Adam(p, 0.3, (0.9, 0.5), amsgrad=True), 8)),
    ),
    Mutant(
        "nesterov-sign", "SGD", "minigrad.optim.sgd:sgd_update",
        "g + momentum * b if nesterov", "g - momentum * b if nesterov",
        "a sign in the look ahead: PaddlePaddle/Paddle#12231",
        laws.STEPS, Probe(lambda: _steps(lambda p: SGD(p, 0.1, 0.9, nesterov=True))),
    ),
    Mutant(
        "momentum-dampened-first", "SGD", "minigrad.optim.sgd:sgd_update",
        "b += g if is_first else (1 - dampening) * g", "b += (1 - dampening) * g",
        "the first gradient is dampened too",
        laws.OPTIONS, Probe(lambda: _steps(lambda p: SGD(p, 0.1, 0.9, dampening=0.5))),
    ),
    Mutant(
        "momentum-forgotten", "SGD", "minigrad.optim.sgd:sgd_update",
        "b *= momentum", "b *= 1 - momentum",
        "the complement of the momentum",
        laws.STEPS, Probe(lambda: _steps(lambda p: SGD(p, 0.1, 0.9))),
    ),
    Mutant(
        "decay-grows", "SGD", "minigrad.optim.optimizer:objective_gradient",
        "g + weight_decay * p", "g - weight_decay * p",
        "weights that decay upwards",
        laws.STEPS, Probe(lambda: _steps(lambda p: SGD(p, 0.1, weight_decay=0.5))), ("tests/optim/test_sgd.py",),
    ),
    Mutant(
        "maximize-ignored", "SGD", "minigrad.optim.optimizer:objective_gradient",
        "g = -g if maximize else g", "g = g",
        "an option that does nothing",
        laws.OPTIONS, Probe(lambda: _steps(lambda p: SGD(p, 0.1, maximize=True))), ("tests/optim/test_sgd.py",),
    ),
    Mutant(
        "zero-grad-first-group", "SGD", "minigrad.optim.optimizer:Optimizer.zero_grad",
        "for group in self.param_groups:", "for group in self.param_groups[:1]:",
        "the gradients of the second group add up for ever",
        laws.STEPS, Probe(_zeroed),
    ),
    Mutant(
        "rmsprop-eps", "other optimizers", "minigrad.optim.rmsprop:rmsprop_update",
        "g / (xp.sqrt(v) + eps)", "g / xp.sqrt(v + eps)",
        "ε under the root: keras-team/keras#17391",
        laws.STEPS, Probe(lambda: _steps(lambda p: RMSprop(p, 0.1, eps=0.1))),
    ),
    Mutant(
        "adagrad-forgets", "other optimizers", "minigrad.optim.adagrad:adagrad_update",
        "(1 + (t - 1) * lr_decay)", "(1 + t * lr_decay)",
        "the decay begins a step early",
        laws.OPTIONS, Probe(lambda: _steps(lambda p: Adagrad(p, 0.1, lr_decay=0.5))),
    ),
    Mutant(
        "lion-one-beta", "other optimizers", "minigrad.optim.lion:lion_update",
        "m *= beta2", "m *= beta1",
        "one β for the step and for the memory",
        laws.STEPS, Probe(lambda: _steps(lambda p: Lion(p, 0.1, (0.9, 0.1)), 12)),
    ),
    Mutant(
        "nadam-next", "other optimizers", "minigrad.optim.nadam:nadam_update",
        "mu_next / (1 - mu_product * mu_next) * m", "mu / (1 - mu_product) * m",
        "Nesterov's look ahead without the look ahead",
        laws.STEPS, Probe(lambda: _steps(lambda p: NAdam(p, 0.1))),
    ),
    Mutant(
        "radam-threshold", "other optimizers", "minigrad.optim.radam:rectification",
        "if rho <= 5:", "if rho <= 4:",
        "the bound in the paper's text, 4, for the one in its authors' code, 5",
        laws.STEPS, Probe(lambda: _steps(lambda p: RAdam(p, 0.1, (0.9, 0.999)), 8)),
    ),
    Mutant(
        "average-swapped", "other optimizers", "minigrad.optim.ema:ExponentialMovingAverage.update",
        "(1 - decay) * (p.array - a)", "decay * (p.array - a)",
        "decay is the weight of the old in one library and of the new in another",
        laws.STEPS, Probe(_averaged),
    ),
    Mutant(
        "clip-each", "clipping", "minigrad.optim.clip:clip_grad_norm_",
        "g.array *= scale", "g.array *= min(1.0, max_norm / (_norm(g.array, n) + 1e-6))",
        "each parameter by its own norm: the direction changes, huggingface/transformers#581, keras-team/keras#13575",
        laws.STEPS, Probe(lambda: _clipped(1.0)),
    ),
    Mutant(
        "clip-grows", "clipping", "minigrad.optim.clip:clip_grad_norm_",
        "xp.minimum(max_norm / (total + 1e-6), 1)", "max_norm / (total + 1e-6)",
        "small gradients are scaled up to the limit",
        laws.STEPS, Probe(lambda: _clipped(100.0)),
    ),
    Mutant(
        "step-lr-early", "schedules", "minigrad.optim.lr_scheduler.decay:StepLR.lr_at",
        "(t // self.step_size)", "((t + 1) // self.step_size)",
        "off by one: ildoonet/pytorch-gradual-warmup-lr#11 is the same at the other end",
        laws.SCHEDULES, Probe(lambda: _rates(lambda o: lr_scheduler.StepLR(o, 3))),
    ),
    Mutant(
        "multi-step-late", "schedules", "minigrad.optim.lr_scheduler.decay:MultiStepLR.lr_at",
        "if m <= t", "if m < t",
        "a milestone that counts from the epoch after it",
        laws.SCHEDULES, Probe(lambda: _rates(lambda o: lr_scheduler.MultiStepLR(o, [2, 5]))),
    ),
    Mutant(
        "warmup-never-ends", "schedules", "minigrad.optim.lr_scheduler.decay:LinearLR.lr_at",
        "min(t, self.total_iters) / self.total_iters", "t / self.total_iters",
        "a line that is not cut off: facebookresearch/ParlAI#4384 warms up for ever in its own way",
        laws.SCHEDULES, Probe(lambda: _rates(lambda o: lr_scheduler.LinearLR(o, 0.5, total_iters=4))),
    ),
    Mutant(
        "cosine-early", "schedules", "minigrad.optim.lr_scheduler.cosine:CosineAnnealingLR.lr_at",
        "t / self.T_max", "(t + 1) / self.T_max",
        "the first step is taken at the second rate; deepspeedai/DeepSpeed#5287 is of this kind",
        laws.SCHEDULES, Probe(lambda: _rates(lambda o: lr_scheduler.CosineAnnealingLR(o, 5))),
    ),
    Mutant(
        "restart-late", "schedules", "minigrad.optim.lr_scheduler.cosine:CosineAnnealingWarmRestarts._advance",
        "if self.T_cur >= self.T_i:", "if self.T_cur > self.T_i:",
        "a step more than the period: pytorch/pytorch#23480",
        laws.SCHEDULES, Probe(lambda: _rates(lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 3, 2))),
    ),
    Mutant(
        "plateau-impatient", "schedules", "minigrad.optim.lr_scheduler.plateau:ReduceLROnPlateau.step",
        "if self.num_bad_epochs > self.patience:", "if self.num_bad_epochs >= self.patience:",
        "a bad epoch less than the patience allows",
        laws.SCHEDULES, Probe(lambda: _rates(lambda o: lr_scheduler.ReduceLROnPlateau(o, patience=2), metrics=1.0)),
    ),
    Mutant(
        "one-cycle-half", "schedules", "minigrad.optim.lr_scheduler.one_cycle:OneCycleLR.get_lr",
        'anneal(group[phase["start_momentum"]], group[phase["end_momentum"]], part)',
        'anneal(group[phase["end_momentum"]], group[phase["start_momentum"]], part)',
        "the momentum follows the learning rate instead of opposing it",
        laws.SCHEDULES, Probe(_one_cycle),
    ),
]  # fmt: skip
