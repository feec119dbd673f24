"""Connectionist temporal classification: the loss of a row of labels when nobody says at which frames they are.

A network reads T frames and gives each a probability for every label and for the blank "_". A path names one symbol per
frame; merging repeats and then dropping blanks turns it into labels: "cc_aa", "_ca__" and "c_a_a" say "ca", "ca" and
"caa". The probability of "ca" is the sum over all its paths. There are exponentially many, but all run through one
lattice, whose rows are the labels with blanks around them. Its ● are what some path of "ca" can reach in 5 frames:

    row s       t = 0   1   2   3   4                                 frame t-1     frame t
      0    _        ●   ●   ●   ·   ·                    s-2   c          ●
      1    c        ●   ●   ●   ●   ·                                       ╲            skip a blank between labels
      2    _        ·   ●   ●   ●   ·                    s-1   _          ●   ╲          that differ
      3    a        ·   ●   ●   ●   ●                                       ╲   ╲        step to the next row
      4    _        ·   ·   ●   ●   ●                    s     a          ●─────▶●       stay, and repeat the symbol

A path begins in one of the first two rows and ends in one of the last two. With α_t(s), ln of the probability of all
ways to be in row s after frame t, every place is a sum over three predecessors: T·L small sums for all the paths. They
are done in logarithms, because a product of hundreds of probabilities underflows.

The paper finds the gradient by a second pass from the end, β: the product of both says how probable it is that a path
of these labels is in row s at frame t. That pass is what backward makes of the recursion of α. So the recursion is all
that is written here, and it can be differentiated again.

T frames, B sequences, V symbols, U labels in a row, L = 2U + 1 rows of the lattice.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..autograd import constant
from ..backend import Array, array_module, device_of, to_device
from ..doubts import at_hand, insist
from ..errors import ArgumentError, DtypeError, RangeError, ShapeError
from ..shapes import sizes
from .bounds import outside
from .creation import as_tensor
from .fused import fused_pair
from .join import stack
from .loss import check_reduction
from .operands import real, tensor_of
from .padding import pad
from .ragged import Lengths, apart, lengths_of, present
from .reduce import logsumexp
from .select import where

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["ctc_loss"]


def ctc_loss(
    log_probs: Tensor, targets: Tensor, input_lengths: Lengths | int, target_lengths: Lengths | int, blank: int = 0,
    reduction: str = "mean", zero_infinity: bool = False,
) -> Tensor:  # fmt: skip
    """Measure how improbable the labels are, all alignments with the frames together.

    Forward   α_t(s) = ln(e^α_{t-1}(s) + e^α_{t-1}(s-1) + [may skip] e^α_{t-1}(s-2)) + log_probs_t(label_s)
              loss = -ln(e^α_T(L-1) + e^α_T(L-2));   the mean divides each loss by its number of labels first
    Backward  d log_probs[t, b, v] = -dloss[b] · P(the path is at symbol v in frame t, given the labels).
              PyTorch adds exp(log_probs) to this, which `log_softmax` takes away again: below it, both agree.
    Shapes    log_probs (T, B, V), targets (B, U) or all in a row (Σ target_lengths,), both lengths (B,)  ->  (), or
              with reduction="none" (B,); or without B
              More labels, with a blank between equal neighbours, than frames: the loss is infinite, its gradient 0;
              `zero_infinity` makes the loss 0 too.
    Raises    RangeError for a label outside [0, V), ArgumentError for a blank among the labels, ShapeError, DtypeError
    Source    Graves et al., "Connectionist temporal classification", ICML 2006, equations 5 to 8
    """
    op = "ctc_loss"
    check_reduction(op, reduction)
    x, t = real(op, log_probs, "log_probs"), tensor_of(op, targets, "targets")
    alone = x.array.ndim == 2
    if alone:
        x, input_lengths, target_lengths = x.unsqueeze(1), _as_list(input_lengths), _as_list(target_lengths)
    T, B, V = sizes(op, "one sequence alone is (T, V)", log_probs=(x, "T B V"))
    frames = lengths_of(op, "input_lengths", input_lengths, B, T, x.array, least=0)
    label_bu, counts = _labels(op, t, target_lengths, B, x.array)
    label_bu = _checked_symbols(op, label_bu, present(counts, label_bu.shape[1]).T, V, blank)
    settings = (frames, label_bu, counts, blank)
    losses = -fused_pair("ctc", lambda x: _log_likelihood(x, *settings), [x], *settings)
    if zero_infinity:
        losses = losses.masked_fill(losses == math.inf, 0)
    if reduction == "mean":
        return (losses / constant(counts.clip(1).astype(losses.array.dtype))).mean()
    return losses.sum() if reduction == "sum" or alone else losses


def _log_likelihood(x: Tensor, frames: Array, label_bu: Array, counts: Array, blank: int) -> Tensor:
    """Return ln P(labels) for each sequence: the recursion of α over the frames."""
    xp = array_module(label_bu)
    B, U = label_bu.shape
    row_bl = xp.full((B, 2 * U + 1), blank)
    row_bl[:, 1::2] = xp.where(present(counts, U).T, label_bu, blank)
    stuck = xp.ones(row_bl.shape, bool)  # rows that cannot be reached by a skip
    stuck[:, 2:] = (row_bl[:, 2:] == blank) | (row_bl[:, 2:] == row_bl[:, :-2])
    no_skip, b = constant(stuck), xp.arange(B)
    emitted = x[:, b[:, None], row_bl]  # (T, B, L)

    alpha = x.new_full(row_bl.shape, -math.inf)
    alpha.array[:, 0] = 0  # before the first frame: as if in row 0, from where rows 0 and 1 are reached
    for t, log_p in enumerate(apart(emitted)):
        before = pad(alpha, (2, 0), value=-math.inf)
        ways = stack([alpha, before[:, 1:-1], before[:, :-2].masked_fill(no_skip, -math.inf)])
        alpha = where(constant((frames > t)[:, None]), logsumexp(ways, 0) + log_p, alpha)
    last = alpha[b, 2 * counts]
    label = alpha[b, xp.maximum(2 * counts - 1, 0)].masked_fill(constant(counts == 0), -math.inf)
    return logsumexp(stack([last, label]), 0)


def _labels(op: str, t: Tensor, target_lengths: Lengths, B: int, like: Array) -> tuple[Array, Array]:
    """Return the labels as (B, U), and how many each sequence has; what lies beyond is padding."""
    if t.array.dtype.kind not in "iu":
        raise DtypeError(f"{op}: targets must be integers, got {t.array.dtype}\nHint: convert with .long()")
    given = to_device(t.array.astype("int64"), device_of(like))
    widest = given.shape[-1] if given.ndim else 0
    counts = lengths_of(op, "target_lengths", target_lengths, B, widest, like, least=0)
    listed = as_tensor(target_lengths).tolist()
    most, total = max(listed, default=0), sum(listed)
    if given.shape == (total,):  # all in a row
        place_bu = (counts.cumsum() - counts)[:, None] + array_module(given).arange(most)
        return given.take(place_bu.clip(0, max(total - 1, 0))), counts
    if given.ndim == 1 and B == 1:
        given = given[None]
    if given.ndim != 2 or len(given) != B:
        raise ShapeError(
            f"{op}: targets has shape {given.shape}, B = {B} sequences have {listed} labels\n"
            f"Hint: pad them to (B, U) = ({B}, {most}), or put all in a row, ({total},)"
        )
    return given, counts


def _checked_symbols(op: str, label_bu: Array, present_bu: Array, V: int, blank: int) -> Array:
    """Return the labels, which are symbols other than the blank; what is padding does not matter."""
    if not 0 <= blank < V:
        raise ArgumentError(f"{op}: blank is {blank}, outside [0, {V}): log_probs has V = {V} symbols")
    wrong = outside(label_bu, 0, V) & present_bu
    insist(
        ~wrong.any(),
        lambda: RangeError(
            f"{op}: targets holds label {int(label_bu[wrong][0])}, outside [0, {V}): log_probs has V = {V} symbols\n"
            "Hint: the network needs an output for every label and one for the blank"
        ),
    )
    insist(
        ~((label_bu == blank) & present_bu).any(),
        lambda: ArgumentError(
            f"{op}: targets holds {blank}, which is the blank; blanks go between the labels by themselves\n"
            "Hint: number the labels without it, or choose another blank="
        ),
    )
    return label_bu if at_hand(label_bu) else label_bu.clip(0, V - 1)  # a kernel must not meet what is told later


def _as_list(lengths: Any) -> Any:
    """Return the length of a sequence that comes alone as one of several."""
    if isinstance(lengths, int):
        return [lengths]
    return lengths.reshape(1) if getattr(lengths, "shape", None) == () else lengths
