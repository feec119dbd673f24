"""Losses of classifiers: how surprised is the model by the true class?

    L[n] = -ln p[n, t[n]],   p = softmax(scores)

N examples, C classes. Scores may have more axes behind C, (N, C, d1, ...): then every place is an example, and the
target is (N, d1, ...). Inside, scores are rows, one per example, and ignored examples have the class -1.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..autograd import constant, record
from ..backend import Array, accelerable, array_module
from ..doubts import at_hand, insist
from ..dtypes import int64
from ..errors import ArgumentError, DtypeError, RangeError, ShapeError
from ..shapes import sizes
from .bounds import outside
from .fused import fused
from .loss import check_reduction, expected, reduce_losses
from .operands import on_one_device, quiet, real, tensor_of
from .softmax import log_softmax, log_softmax_forward, softmax_forward

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["cross_entropy", "nll_loss"]


def cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, ignore_index: int = -100, reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:  # fmt: skip
    """Measure the surprise of a classifier, given its scores: `nll_loss` of `log_softmax`.

    The target is a class number per example, or a probability per class. Label smoothing ε mixes it with the uniform
    distribution: q = (1 - ε) onehot(t) + ε/C. `weight` w has a factor per class. Examples of the class `ignore_index`
    are left out, of the mean too.

    Forward   L[n] = -Σ_c w_c q[n, c] ln p[n, c];   the mean is Σ_n L[n] / Σ_n w[t_n], or Σ_n L[n] / N for probabilities
    Backward  dx[n, c] = (p[n, c] - 1 if c = t_n else p[n, c]) dL[n]   for a class number, without w and ε
    Shapes    input (N, C, ...) or (C,), target (N, ...) or () of integers, or as input; weight (C,)
              ->  (), or with reduction="none" (N, ...)
    Raises    RangeError for a class outside [0, C)
    Source    smoothing: Szegedy et al., "Rethinking the Inception architecture", arXiv:1512.00567, section 7
    """
    check_reduction("cross_entropy", reduction)
    x, t = real("cross_entropy", input), tensor_of("cross_entropy", target, "target")
    w = _class_weight("cross_entropy", weight, x)
    if not 0 <= label_smoothing <= 1:
        raise ArgumentError(f"cross_entropy: label_smoothing is {label_smoothing}, outside [0, 1]")
    if t.array.dtype.kind == "f":
        return _of_probabilities(x, t, w, ignore_index, reduction, label_smoothing)
    classes = _class_numbers("cross_entropy", x, t, ignore_index)
    scores = _rows(x)
    none_ignored = at_hand(classes) and classes.min(initial=0) >= 0
    factors = None if w is None and none_ignored else _factors(classes, w, x)
    if w is None and not label_smoothing:
        losses = _surprise(scores, classes)
    else:
        log_p = log_softmax(scores, 1)
        losses = -_chosen(log_p, classes)
        losses = losses if factors is None else losses * factors
        if label_smoothing:
            everywhere = -(log_p if w is None else log_p * w).sum(1).masked_fill(constant(classes < 0), 0)
            losses = losses * (1 - label_smoothing) + everywhere * (label_smoothing / scores.array.shape[1])
    losses = losses if losses.array.shape == t.array.shape else losses.reshape(t.array.shape)
    return reduce_losses("cross_entropy", losses, reduction, factors)


def nll_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, ignore_index: int = -100, reduction: str = "mean"
) -> Tensor:
    """Measure the surprise of a classifier, given the logarithms of its probabilities.

    Forward   L[n] = -w[t_n] x[n, t_n];   the mean is Σ_n L[n] / Σ_n w[t_n], with w = 0 for the class `ignore_index`
    Backward  dx[n, t_n] = -w[t_n] dL[n], 0 elsewhere
    Shapes    input (N, C, ...) or (C,), target (N, ...) or () of integers, weight (C,)  ->  (), or with
              reduction="none" (N, ...)
    Raises    RangeError for a class outside [0, C)
    """
    check_reduction("nll_loss", reduction)
    x, t = real("nll_loss", input), tensor_of("nll_loss", target, "target")
    classes = _class_numbers("nll_loss", x, t, ignore_index)
    factors = _factors(classes, _class_weight("nll_loss", weight, x), x)
    losses = -_chosen(_rows(x), classes) * factors
    return reduce_losses("nll_loss", losses.reshape(t.array.shape), reduction, factors)


def _of_probabilities(
    x: Tensor, t: Tensor, w: Tensor | None, ignore_index: int, reduction: str, label_smoothing: float
) -> Tensor:
    on_one_device("cross_entropy", input=x, target=t)
    letters = _letters(x)
    hint = "a target of class numbers must be integers: convert it with .long()"
    sizes("cross_entropy", hint, input=(x, letters), target=(t, letters))
    if ignore_index >= 0:
        raise ArgumentError(
            f"cross_entropy: ignore_index is {ignore_index}, but the target holds probabilities, not class numbers\n"
            "Hint: multiply the losses, with reduction='none', by a mask"
        )
    scores, q = _rows(x), _rows(t.to(x.array.dtype))
    q = q * (1 - label_smoothing) + label_smoothing / max(scores.array.shape[1], 1)
    losses = -expected(q if w is None else q * w, log_softmax(scores, 1)).sum(1)
    losses = losses.reshape(x.array.shape[:1] + x.array.shape[2:]) if x.array.ndim > 1 else losses.squeeze(0)
    return reduce_losses("cross_entropy", losses, reduction)


def _surprise(scores: Tensor, classes: Array) -> Tensor:
    """Return L[n] = -ln softmax(x[n])[t_n], and 0 for ignored examples.

    Backward  dx[n, c] = (p[n, c] - [c = t_n]) dL[n]
    """

    @fused("cross_entropy_gradient", scores, classes)
    def d_scores(dy: Tensor, y: Tensor) -> Tensor:
        return _excess(scores, classes, dy)

    return record("cross_entropy", cross_entropy_forward(scores.array, classes), (scores, d_scores))


def _excess(scores: Tensor, classes: Array, factor: Tensor) -> Tensor:
    """Return y[n, c] = (p[n, c] - [c = t_n]) f[n]: what the model believes too much, or too little.

    Backward  df[n] = Σ_c dy[n, c] (p[n, c] - [c = t_n]),   dx = p (h - Σ_c p h),   h[n, c] = dy[n, c] f[n]
    """
    ignored = constant(classes < 0).unsqueeze(1)

    def d_scores(dy: Tensor, _: Tensor) -> Tensor:
        p = scores.masked_fill(ignored, 0).softmax(1)
        h = (dy * factor.unsqueeze(1)).masked_fill(ignored, 0)
        return p * (h - (p * h).sum(1, keepdim=True))

    def d_factor(dy: Tensor, _: Tensor) -> Tensor:
        return (dy * _excess(scores, classes, dy.new_ones(len(classes)))).sum(1)

    y = cross_entropy_backward(scores.array, classes, factor.array)
    return record("cross_entropy_excess", y, (scores, d_scores), (factor, d_factor))


@accelerable
def cross_entropy_forward(score_nc: Array, class_n: Array) -> Array:
    """Return -ln softmax(score)[class] for each row; 0 where the class is -1."""
    xp = array_module(score_nc)
    y = -log_softmax_forward(score_nc, 1)[xp.arange(len(class_n)), class_n]
    return xp.where(class_n < 0, 0, y)


@accelerable
def cross_entropy_backward(score_nc: Array, class_n: Array, dy_n: Array) -> Array:
    """Return (softmax(score) - onehot(class)) dy for each row; 0 where the class is -1."""
    xp = array_module(score_nc)
    dx = softmax_forward(score_nc, 1)
    dx[xp.arange(len(class_n)), class_n] -= 1
    with quiet():
        return xp.where(class_n[:, None] < 0, 0, dx * dy_n[:, None])


def _letters(x: Tensor, classes: str = "C") -> str:
    """Return the letters of the scores; those of a target of class numbers lack C."""
    further = " ".join(f"d{i}" for i in range(1, x.array.ndim - 1))
    return f"N {classes} {further}" if x.array.ndim > 1 else classes


def _rows(x: Tensor) -> Tensor:
    """Return the scores with one row per example and one column per class."""
    if x.array.ndim == 2:
        return x
    if x.array.ndim == 1:
        return x.reshape(1, -1)
    n, c, *further = x.array.shape
    return x.permute(0, *range(2, x.array.ndim), 1).reshape(n * math.prod(further), c)


def _class_numbers(op: str, x: Tensor, t: Tensor, ignore_index: int) -> Array:
    """Return the class number of each row, -1 for ignored ones; the caller's array may change afterwards."""
    on_one_device(op, input=x, target=t)
    if t.array.dtype.kind not in "iu":
        raise DtypeError(f"{op}: class numbers must be integers, got {t.array.dtype}\nHint: convert with .long()")
    if t.array.shape != x.array.shape[:1] + x.array.shape[2:] or x.array.ndim < 2:
        hint = "one class number per example: the shape of input without C"
        sizes(op, hint, input=(x, _letters(x)), target=(t, _letters(x, "")))
    classes = t.array.astype(int64).reshape(-1)
    c = x.array.shape[1 if x.array.ndim > 1 else 0]
    if at_hand(classes) and classes.min(initial=0) >= 0 and classes.max(initial=0) < c and not 0 <= ignore_index < c:
        return classes
    known, all_known = known_classes(classes, c, ignore_index)

    def complain() -> Exception:
        wrong = int(classes[(known < 0) & (classes != ignore_index)][0])
        return RangeError(
            f"{op}: target holds class {wrong}, outside [0, {c}): input has C = {c} classes\n"
            "Hint: number the classes from 0, or leave one out with ignore_index"
        )

    insist(all_known, complain)
    return known


@accelerable
def known_classes(class_n: Array, c: int, ignore_index: int) -> tuple[Array, Array]:
    """Return the classes, -1 for those that are ignored or do not exist, and whether there are none of the latter."""
    ignored = class_n == ignore_index
    wrong = outside(class_n, 0, c) & ~ignored
    return array_module(class_n).where(ignored | wrong, -1, class_n), ~wrong.any()


def _class_weight(op: str, weight: Any, x: Tensor) -> Tensor | None:
    """Return the weights of the classes in the dtype of the scores."""
    if x.array.ndim == 0:
        raise ShapeError(f"{op}: input is a single number, it needs an axis of classes: (N, C, ...) or (C,)")
    if weight is None:
        return None
    w = tensor_of(op, weight, "weight")
    on_one_device(op, input=x, weight=w)
    sizes(op, "one weight per class", input=(x, _letters(x)), weight=(w, "C"))
    return w.to(x.array.dtype)


def _factors(classes: Array, w: Tensor | None, x: Tensor) -> Tensor:
    """Return the weight of each example: that of its class, 0 if it is ignored."""
    kept = constant((classes >= 0).astype(x.array.dtype))
    return kept if w is None else w[classes] * kept


def _chosen(x: Tensor, classes: Array) -> Tensor:
    """Return x[n, class[n]] for each row, 0 if it is ignored."""
    picked = x[array_module(classes).arange(len(classes)), classes]
    return picked.masked_fill(constant(classes < 0), 0)
