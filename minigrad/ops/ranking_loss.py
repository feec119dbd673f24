"""Losses that compare: which is larger, which is nearer? A difference beyond the margin costs nothing.

Where the target is 1 or -1 it names the side: "the first is larger" or "the second", "alike" or "different".
max(0, ·) has a kink at 0, where the gradient still passes, as in PyTorch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..doubts import insist
from ..errors import ArgumentError, ShapeError
from ..shapes import sizes
from .gate import logsigmoid
from .loss import reduce_losses
from .operands import on_one_device, real, tensor_of
from .select import where
from .similarity import cosine_similarity, pairwise_distance

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "cosine_embedding_loss", "hinge_embedding_loss", "margin_ranking_loss", "soft_margin_loss", "triplet_margin_loss",
]  # fmt: skip


def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, *, reduction: str = "mean"
) -> Tensor:
    """Ask that x be larger than z by the margin where t = 1, smaller where t = -1.

    Forward   L = max(0, -t (x - z) + margin)
    Backward  dx = -t dL,  dz = t dL,  where L > 0
    """
    x, z = real("margin_ranking_loss", input1, "input1"), real("margin_ranking_loss", input2, "input2")
    t = _side("margin_ranking_loss", target, x)
    return reduce_losses("margin_ranking_loss", (margin - t * (x - z)).clamp_min(0), reduction)


def hinge_embedding_loss(input: Tensor, target: Tensor, margin: float = 1.0, *, reduction: str = "mean") -> Tensor:
    """Ask that a distance x be small where t = 1, at least the margin where t = -1.

    Forward   L = x if t = 1,   max(0, margin - x) if t = -1
    Backward  dx = dL,          -dL where x < margin
    """
    x = real("hinge_embedding_loss", input)
    t = _side("hinge_embedding_loss", target, x)
    return reduce_losses("hinge_embedding_loss", where(t == 1, x, (margin - x).clamp_min(0)), reduction)


def soft_margin_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """Ask that a score have the sign of the target: logistic regression with targets 1 and -1.

    Forward   L = ln(1 + exp(-t x)) = -ln σ(t x)
    Backward  dx = -t σ(-t x) dL
    """
    x = real("soft_margin_loss", input)
    return reduce_losses("soft_margin_loss", -logsigmoid(_side("soft_margin_loss", target, x) * x), reduction)


def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, *, reduction: str = "mean"
) -> Tensor:
    """Ask that two vectors point the same way where t = 1, and not where t = -1.

    Forward   L = 1 - cos(x, z) if t = 1,   max(0, cos(x, z) - margin) if t = -1
    Backward  through `cosine_similarity`
    Shapes    (N, E), (N, E) and (N,)  ->  () or (N,);   or (E,), (E,) and ()  ->  ()
    """
    x, z = real("cosine_embedding_loss", input1, "input1"), real("cosine_embedding_loss", input2, "input2")
    t = _side("cosine_embedding_loss", target, x)
    letters = "E" if t.array.ndim == 0 else "N E"
    hint = "one target for each pair of vectors"
    sizes("cosine_embedding_loss", hint, input1=(x, letters), input2=(z, letters), target=(t, letters[:-1]))
    cos = cosine_similarity(x, z, dim=-1)
    return reduce_losses("cosine_embedding_loss", where(t == 1, 1 - cos, (cos - margin).clamp_min(0)), reduction)


def triplet_margin_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1.0, p: float = 2, eps: float = 1e-6,
    swap: bool = False, *, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """Ask that an anchor be nearer to the positive example than to the negative one, by the margin.

    With `swap`, the negative example's distance is that to the nearer of anchor and positive.

    Forward   L = max(0, d(a, p) - d(a, n) + margin),   d the `pairwise_distance` in the norm p
    Backward  through `pairwise_distance`, where L > 0
    Shapes    (N, E), or (E,), all three  ->  (), or with reduction="none" (N,)
    Source    Schroff, Kalenichenko and Philbin, "FaceNet", arXiv:1503.03832, equation 2;
              swap: Balntas et al., "Learning local feature descriptors with triplets", 2016
    """
    if not margin > 0:
        raise ArgumentError(f"triplet_margin_loss: margin is {margin}, it must be positive")
    a, plus, minus = (tensor_of("triplet_margin_loss", x, name) for x, name in
                      ((anchor, "anchor"), (positive, "positive"), (negative, "negative")))  # fmt: skip
    if not a.array.ndim == plus.array.ndim == minus.array.ndim:
        raise ShapeError(
            f"triplet_margin_loss: anchor has shape {a.array.shape}, positive {plus.array.shape}, negative "
            f"{minus.array.shape}\nHint: give all three the same number of axes"
        )
    near, far = pairwise_distance(a, plus, p, eps), pairwise_distance(a, minus, p, eps)
    if swap:
        far = far.minimum(pairwise_distance(plus, minus, p, eps))
    return reduce_losses("triplet_margin_loss", (near - far + margin).clamp_min(0), reduction)


def _side(op: str, target: Tensor, x: Tensor) -> Tensor:
    """Return the target, all 1 or -1, in the dtype of `x`."""
    t = tensor_of(op, target, "target")
    on_one_device(op, input=x, target=t)
    wrong = (t.array != 1) & (t.array != -1)
    insist(
        ~wrong.any(),
        lambda: ArgumentError(
            f"{op}: target holds {t.array[wrong].reshape(-1)[0]}, it must be 1 or -1\n"
            "Hint: 2 * target - 1 makes signs of 0 and 1"
        ),
    )
    return t.to(x.array.dtype)
