"""The losses as modules. Each applies the op of the same name in ops/, with the options given at construction.

`reduction` is "mean" (the default), "sum" or "none".
"""

from __future__ import annotations

from typing import Any

from .. import ops
from ..ops.ragged import Lengths
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


class L1Loss(_Loss):
    """Apply `ops.l1_loss`."""

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss."""
        return ops.l1_loss(input, target, **self.options)


class MSELoss(_Loss):
    """Apply `ops.mse_loss`."""

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss."""
        return ops.mse_loss(input, target, **self.options)


class SmoothL1Loss(_Loss):
    """Apply `ops.smooth_l1_loss`."""

    def __init__(self, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction=reduction, beta=beta)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss."""
        return ops.smooth_l1_loss(input, target, **self.options)


class HuberLoss(_Loss):
    """Apply `ops.huber_loss`."""

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction=reduction, delta=delta)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss."""
        return ops.huber_loss(input, target, **self.options)


class KLDivLoss(_Loss):
    """Apply `ops.kl_div`."""

    def __init__(self, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__(reduction=reduction, log_target=log_target)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss."""
        return ops.kl_div(input, target, **self.options)


class PoissonNLLLoss(_Loss):
    """Apply `ops.poisson_nll_loss`."""

    def __init__(
        self, log_input: bool = True, full: bool = False, eps: float = 1e-8, reduction: str = "mean"
    ) -> None:
        super().__init__(log_input=log_input, full=full, eps=eps, reduction=reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss."""
        return ops.poisson_nll_loss(input, target, **self.options)


class SoftMarginLoss(_Loss):
    """Apply `ops.soft_margin_loss`."""

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss."""
        return ops.soft_margin_loss(input, target, **self.options)


class HingeEmbeddingLoss(_Loss):
    """Apply `ops.hinge_embedding_loss`."""

    def __init__(self, margin: float = 1.0, reduction: str = "mean") -> None:
        super().__init__(margin=margin, reduction=reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss."""
        return ops.hinge_embedding_loss(input, target, **self.options)


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


class CTCLoss(_Loss):
    """Apply `ops.ctc_loss` to log-probabilities over frames and to labels that are not aligned with them."""

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(blank=blank, reduction=reduction, zero_infinity=zero_infinity)

    def forward(
        self, log_probs: Tensor, targets: Tensor, input_lengths: Lengths | int, target_lengths: Lengths | int
    ) -> Tensor:
        """Return the loss."""
        return ops.ctc_loss(log_probs, targets, input_lengths, target_lengths, **self.options)


class NLLLoss(_Loss):
    """Apply `ops.nll_loss` to log-probabilities and class indices."""

    def __init__(self, weight: Tensor | None = None, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__(weight=weight, ignore_index=ignore_index, reduction=reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss."""
        return ops.nll_loss(input, target, **self.options)


class BCELoss(_Loss):
    """Apply `ops.binary_cross_entropy` to probabilities."""

    def __init__(self, weight: Tensor | None = None, reduction: str = "mean") -> None:
        super().__init__(weight=weight, reduction=reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss."""
        return ops.binary_cross_entropy(input, target, **self.options)


class BCEWithLogitsLoss(_Loss):
    """Apply `ops.binary_cross_entropy_with_logits` to scores."""

    def __init__(
        self, weight: Tensor | None = None, reduction: str = "mean", pos_weight: Tensor | None = None
    ) -> None:
        super().__init__(weight=weight, reduction=reduction, pos_weight=pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss."""
        return ops.binary_cross_entropy_with_logits(input, target, **self.options)


class GaussianNLLLoss(_Loss):
    """Apply `ops.gaussian_nll_loss` to means, targets and variances."""

    def __init__(self, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(full=full, eps=eps, reduction=reduction)

    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor:
        """Return the loss."""
        return ops.gaussian_nll_loss(input, target, var, **self.options)


class CosineEmbeddingLoss(_Loss):
    """Apply `ops.cosine_embedding_loss` to pairs and their labels, 1 or -1."""

    def __init__(self, margin: float = 0.0, reduction: str = "mean") -> None:
        super().__init__(margin=margin, reduction=reduction)

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        """Return the loss."""
        return ops.cosine_embedding_loss(input1, input2, target, **self.options)


class MarginRankingLoss(_Loss):
    """Apply `ops.margin_ranking_loss` to pairs and their labels, 1 or -1."""

    def __init__(self, margin: float = 0.0, reduction: str = "mean") -> None:
        super().__init__(margin=margin, reduction=reduction)

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        """Return the loss."""
        return ops.margin_ranking_loss(input1, input2, target, **self.options)


class TripletMarginLoss(_Loss):
    """Apply `ops.triplet_margin_loss` to anchors, positives and negatives."""

    def __init__(
        self, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6, swap: bool = False, reduction: str = "mean"
    ) -> None:
        super().__init__(margin=margin, p=p, eps=eps, swap=swap, reduction=reduction)

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """Return the loss."""
        return ops.triplet_margin_loss(anchor, positive, negative, **self.options)
