"""Mixed precision: products in a type of 16 bits, which tensor cores multiply, and everything else in float32.

    with minigrad.autocast("cuda", minigrad.float16):
        loss = F.cross_entropy(model(x), y)             factors of products are cast, parameters stay float32
    scaler.scale(loss).backward()                       gradients times 65,536: small ones survive float16
    scaler.step(optimizer)                              divides again; leaves a step out if something overflowed
    scaler.update()

float16 has 5 bits of exponent: numbers below 6·10⁻⁸ are 0, above 65,504 infinite. bfloat16 has the exponent of float32
and needs no scaler; NumPy has no such type, so tensors stay float32 and their products round the factors to bfloat16
on the GPU. Source: Micikevicius et al., "Mixed precision training", arXiv:1710.03740.
"""

from __future__ import annotations

from contextlib import ContextDecorator
from typing import Any

from .backend import array_module, get_float32_matmul_precision, set_float32_matmul_precision
from .dtypes import Dtype, DtypeLike, float16, float32
from .errors import ArgumentError, GradientError
from .grad_mode import mode
from .optim import Optimizer
from .overwrites import note_overwrite
from .tensor import Tensor

__all__ = ["GradScaler", "autocast"]


class autocast(ContextDecorator):
    """Compute matrix products, convolutions and attention in `dtype`, and sums, losses and exponentials in float32.

    `dtype` is float16 (the default on "cuda") or "bfloat16" (the default on "cpu", where it changes nothing). Recurrent
    layers stay in float32. For this thread; blocks may be nested, and one with enabled=False switches it off.
    """

    def __init__(self, device_type: str, dtype: DtypeLike | None = None, enabled: bool = True) -> None:
        if device_type not in ("cpu", "cuda"):
            raise ArgumentError(f'autocast: device_type {device_type!r} is unknown; use "cpu" or "cuda"')
        wanted = dtype if dtype is not None else (float16 if device_type == "cuda" else "bfloat16")
        if wanted not in ("bfloat16", float16, float32):
            raise ArgumentError(f'autocast: dtype must be float16, "bfloat16" or float32, got {dtype!r}')
        self.factors: Dtype | None = float16 if enabled and wanted == float16 else None
        self.precision = "medium" if enabled and wanted == "bfloat16" else None
        self.before: list[tuple[Dtype | None, str]] = []

    def _recreate_cm(self) -> autocast:
        again = object.__new__(autocast)  # a decorated function may run in several threads at once
        again.factors, again.precision, again.before = self.factors, self.precision, []
        return again

    def __enter__(self) -> autocast:
        self.before.append((mode.autocast, get_float32_matmul_precision()))
        mode.autocast = self.factors
        if self.precision is not None:
            set_float32_matmul_precision(self.precision)
        return self

    def __exit__(self, *_: object) -> None:
        mode.autocast, precision = self.before.pop()
        set_float32_matmul_precision(precision)


class GradScaler:
    """Multiplies the loss so that small gradients survive float16, and adapts the factor.

    A step whose gradients are not all finite is left out and the factor is multiplied by `backoff_factor`; after
    `growth_interval` steps without such, by `growth_factor`.
    """

    def __init__(
        self, device: str = "cuda", init_scale: float = 65536.0, growth_factor: float = 2.0,
        backoff_factor: float = 0.5, growth_interval: int = 2000, enabled: bool = True,
    ) -> None:  # fmt: skip
        if not (init_scale > 0 and growth_factor > 1 and 0 < backoff_factor < 1 and growth_interval > 0):
            raise ArgumentError(
                "GradScaler: needs init_scale > 0, growth_factor > 1, 0 < backoff_factor < 1, growth_interval > 0; got "
                f"{init_scale}, {growth_factor}, {backoff_factor}, {growth_interval}"
            )
        self.device, self.enabled = device, enabled
        self._scale, self._growth, self._backoff = float(init_scale), growth_factor, backoff_factor
        self._interval, self._good_steps = growth_interval, 0
        self._found: dict[int, bool] = {}  # optimizers whose gradients are divided again: did something overflow?

    def get_scale(self) -> float:
        """Return the factor."""
        return self._scale if self.enabled else 1.0

    def is_enabled(self) -> bool:
        """Say whether it does anything."""
        return self.enabled

    def scale(self, outputs: Tensor) -> Tensor:
        """Return the loss times the factor: call backward on this."""
        return outputs * self._scale if self.enabled else outputs

    def unscale_(self, optimizer: Optimizer) -> None:
        """Divide the gradients of the optimizer's parameters by the factor, in place: before clipping them.

        Raises  GradientError if they were divided since the last update
        """
        if not self.enabled:
            return
        if id(optimizer) in self._found:
            raise GradientError("GradScaler: unscale_ was already called for this optimizer since the last update()")
        grads = [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        overflowed: Any = False
        for g in grads:
            g.array *= g.array.dtype.type(1 / self._scale)
            note_overwrite(g, "GradScaler")
            overflowed = overflowed | ~array_module(g.array).isfinite(g.array).all()  # stays on the device
        self._found[id(optimizer)] = bool(overflowed)

    def step(self, optimizer: Optimizer, *args: Any, **kwargs: Any) -> Any:
        """Divide the gradients, if that was not done, and step unless one of them is not finite."""
        if not self.enabled:
            return optimizer.step(*args, **kwargs)
        if id(optimizer) not in self._found:
            self.unscale_(optimizer)
        return None if self._found[id(optimizer)] else optimizer.step(*args, **kwargs)

    def update(self, new_scale: float | None = None) -> None:
        """Adapt the factor, once per iteration, after all steps; or set it.

        Raises  GradientError if no optimizer has stepped since the last update
        """
        if not self.enabled:
            return
        if new_scale is None and not self._found:
            raise GradientError("GradScaler: update() without a step()\nHint: call scaler.step(optimizer) before it")
        overflowed = any(self._found.values())
        self._good_steps = 0 if overflowed else self._good_steps + 1
        if overflowed:
            self._scale *= self._backoff
        elif self._good_steps == self._interval:
            self._scale, self._good_steps = self._scale * self._growth, 0
        self._scale = self._scale if new_scale is None else float(new_scale)
        self._found.clear()

    def state_dict(self) -> dict[str, Any]:
        """Return the factor, and how many good steps it has seen."""
        return {"scale": self._scale, "growth_tracker": self._good_steps} if self.enabled else {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from what state_dict returned."""
        if self.enabled:
            self._scale, self._good_steps = float(state_dict["scale"]), int(state_dict["growth_tracker"])
