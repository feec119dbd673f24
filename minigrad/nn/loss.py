"""The losses as modules. Each applies the op of the same name in ops/, with the options given at construction.

`reduction` is "mean" (the default), "sum" or "none".
"""

from __future__ import annotations

from typing import Any

from .. import ops
from ..tensor import Tensor
from .module import Module


class _Loss(Module):
    """An op of (input, target) and the options it is called with; tensors among them become buffers."""

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.names = list(options)
        for name, value in options.items():
            if isinstance(value, Tensor):
                self.register_buffer(name, value)
            else:
                setattr(self, name, value)

    @property
    def options(self) -> dict[str, Any]:
        """The keyword arguments of the op."""
        return {name: getattr(self, name) for name in self.names}

    def extra_repr(self) -> str:
        """Name the options that are set."""
        return ", ".join(f"{n}={v!r}" for n, v in self.options.items() if v is not None and not isinstance(v, Tensor))


class CrossEntropyLoss(_Loss):
    """Apply `ops.cross_entropy` to scores and class indices, or class probabilities."""

    def __init__(
        self, weight: Tensor | None = None, ignore_index: int = -100, reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(
            weight=weight, ignore_index=ignore_index, reduction=reduction, label_smoothing=label_smoothing
        )

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss."""
        return ops.cross_entropy(input, target, **self.options)


class NLLLoss(_Loss):
    """Apply `ops.nll_loss` to log-probabilities and class indices."""

    def __init__(self, weight: Tensor | None = None, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__(weight=weight, ignore_index=ignore_index, reduction=reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss."""
        return ops.nll_loss(input, target, **self.options)
