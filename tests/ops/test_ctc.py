import math
import re
from itertools import groupby, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad
from minigrad import Tensor, nn, ops
from minigrad.errors import ArgumentError, DtypeError, RangeError, ShapeError
from tests.ops.laws import *


def merged(path, blank):
    return [symbol for symbol, _ in groupby(path) if symbol != blank]


def by_enumeration(log_p, labels, blank=0):
    """Minus ln of the sum over every path (T frames to the power of V symbols of them) that says the labels."""
    T, V = log_p.shape
    paths = [path for path in product(range(V), repeat=T) if merged(path, blank) == list(labels)]
    return -np.logaddexp.reduce([log_p[range(T), path].sum() for path in paths], initial=-math.inf)


def occupancy(log_p, labels, blank=0):
    """P(the path is at symbol v in frame t | labels), by the two passes of Graves et al., in plain probabilities."""
    T, V = log_p.shape
    rows = [blank]
    for label in labels:
        rows += [label, blank]
    skips = [s >= 2 and rows[s] != blank and rows[s] != rows[s - 2] for s in range(len(rows))]
    p, L = np.exp(log_p), len(rows)
    alpha, beta = np.zeros((T, L)), np.zeros((T, L))
    alpha[0, : min(2, L)] = p[0, rows[:2]]
    beta[-1, -2:] = 1
    for t in range(1, T):
        for s in range(L):
            alpha[t, s] = p[t, rows[s]] * sum(alpha[t - 1, r] for r in range(max(s - 1 - skips[s], 0), s + 1))
    for t in reversed(range(T - 1)):
        for s in range(L):
            beta[t, s] = sum(beta[t + 1, r] * p[t + 1, rows[r]] for r in range(s, min(s + 3, L)) if r < s + 2 or skips[r])
    share = np.zeros((T, V))
    for s, symbol in enumerate(rows):
        share[:, symbol] += alpha[:, s] * beta[:, s]
    return share / share.sum(1, keepdims=True)


def reference(log_p, targets, frames, counts, blank=0, reduction="mean", zero_infinity=False):
    starts = np.cumsum([0, *counts])
    labels = [targets[b, :n] if targets.ndim == 2 else targets[starts[b] : starts[b] + n] for b, n in enumerate(counts)]
    each = np.array([by_enumeration(log_p[:n, b], labels[b], blank) for b, n in enumerate(frames)])
    each[np.isinf(each) & zero_infinity] = 0
    return each if reduction == "none" else each.sum() if reduction == "sum" else (each / np.maximum(counts, 1)).mean()


def loss(*args, **options):
    return ops.ctc_loss(*args, **options)


TARGETS = np.array([[1, 1], [2, 0], [2, 1]])
CASES = [
    *[Case("ctc_loss", loss, reference, [A(4, 3, 3), TARGETS, [4, 2, 3], [2, 1, 2]], {"reduction": r}, general=False)
      for r in ("none", "mean", "sum")],
    Case("ctc_loss", loss, reference, [A(3, 2, 3), np.array([0, 1, 1]), [3, 1], [2, 1]], {"blank": 2}, general=False),
    Case("ctc_loss", loss, reference, [A(3, 2, 2), TARGETS[:2] * 0 + 1, [3, 0], [1, 0]], general=False),
    Case("ctc_loss", loss, reference, [A(2, 3, 3), TARGETS, [2, 2, 2], [2, 1, 2]], {"zero_infinity": True}, general=False),
]  # fmt: skip


@st.composite
def problems(draw):
    T, V, blank = draw(st.integers(1, 5)), draw(st.integers(2, 4)), draw(st.integers(0, 1))
    symbols = st.sampled_from([v for v in range(V) if v != blank])
    labels = draw(st.lists(symbols, max_size=4))
    log_p = ops.log_softmax(Tensor(np.random.default_rng(draw(st.integers(0, 2**32))).normal(size=(T, V))), 1).numpy()
    return log_p, labels, blank


@given(problems())
def test_the_loss_is_the_sum_over_all_alignments(problem):
    log_p, labels, blank = problem
    t = Tensor(np.array(labels, "int64"))
    got = ops.ctc_loss(Tensor(log_p), t, len(log_p), len(labels), blank, reduction="sum")
    np.testing.assert_allclose(got.item(), by_enumeration(log_p, labels, blank), rtol=1e-12)


@given(problems())
def test_the_gradient_is_minus_the_share_of_paths_at_each_symbol(problem):
    log_p, labels, blank = problem
    x = Tensor(log_p, requires_grad=True)
    y = ops.ctc_loss(x, Tensor(np.array(labels, "int64")), len(log_p), len(labels), blank, reduction="sum")
    (y * 3).backward()
    expected = -3 * occupancy(log_p, labels, blank) if np.isfinite(y.item()) else np.zeros(log_p.shape)
    np.testing.assert_allclose(x.grad.numpy(), expected, atol=1e-12)


def test_all_labellings_together_are_certain():
    log_p = ops.log_softmax(minigrad.randn(3, 3, dtype="float64"), 1)
    every = [labels for n in range(4) for labels in product([1, 2], repeat=n)]
    total = sum(math.exp(-ops.ctc_loss(log_p, minigrad.tensor(labels, dtype="int64"), 3, len(labels), reduction="sum").item()) for labels in every)
    assert abs(total - 1) < 1e-12


def drawn(T=6, B=3, V=4, seed=0):
    return np.random.default_rng(seed).normal(size=(T, B, V)) - 2


def test_padding_of_frames_and_of_labels_has_no_effect():
    found, frames, targets = [], [6, 3, 4], TARGETS.copy()
    for frame, label in [(0.0, 0), (np.nan, -100), (np.inf, 99), (-1e300, 3)]:
        x = drawn()
        x[np.arange(6)[:, None] >= frames] = frame
        targets[1, 1:] = label
        given = Tensor(x, requires_grad=True)
        y = ops.ctc_loss(given, Tensor(targets), frames, [2, 1, 2], reduction="none")
        (y * Tensor(np.array([1.0, -2.0, 3.0]))).sum().backward()
        found.append((y.numpy(), given.grad.numpy()))
        assert not found[-1][1][np.arange(6)[:, None] >= frames].any()
    for y, g in found[1:]:
        np.testing.assert_array_equal(y, found[0][0])
        np.testing.assert_array_equal(g, found[0][1])


def test_a_sequence_alone_is_as_good_as_in_a_batch():
    x = Tensor(drawn())
    together = ops.ctc_loss(x, Tensor(TARGETS), [6, 3, 4], [2, 1, 2], reduction="none").numpy()
    for b, (frames, count) in enumerate([(6, 2), (3, 1), (4, 2)]):
        for lengths in [(frames, count), ([frames], (count,)), (minigrad.tensor(frames), minigrad.tensor([count]))]:
            alone = ops.ctc_loss(x[:, b], Tensor(TARGETS[b]), *lengths, reduction="none")
            assert alone.shape == () and abs(alone.item() - together[b]) < 1e-12


def test_lengths_and_targets_may_be_tensors_of_any_integer_type():
    x, options = Tensor(drawn()), {"reduction": "none"}
    expected = ops.ctc_loss(x, Tensor(TARGETS), [6, 3, 4], [2, 1, 2], **options).tolist()
    for dtype in ("int32", "uint8"):
        lengths = [minigrad.tensor(n, dtype=dtype) for n in ([6, 3, 4], [2, 1, 2])]
        assert ops.ctc_loss(x, Tensor(TARGETS.astype(dtype)), *lengths, **options).tolist() == expected
    in_a_row = minigrad.tensor([1, 1, 2, 2, 1])
    assert nn.CTCLoss(reduction="none")(x, in_a_row, [6, 3, 4], [2, 1, 2]).tolist() == expected


def test_too_few_frames_cost_infinity_or_nothing_and_have_no_gradient():
    x = Tensor(drawn(T=2, B=2), requires_grad=True)
    targets, args = Tensor(np.array([[1, 1], [1, 2]])), ([2, 2], [2, 2])
    y = ops.ctc_loss(x, targets, *args, reduction="none")  # "1 1" needs a blank between
    assert y[0].item() == math.inf and np.isfinite(y[1].item())
    y.sum().backward()
    assert not x.grad.numpy()[:, 0].any() and x.grad.numpy()[:, 1].any()
    assert ops.ctc_loss(x, targets, *args, reduction="none", zero_infinity=True).tolist() == [0, y[1].item()]


def test_hundreds_of_frames_do_not_underflow():
    x = Tensor(np.full((300, 1, 30), -40.0), dtype="float32", requires_grad=True)
    y = ops.ctc_loss(x, minigrad.arange(1, 21), [300], [20], reduction="sum", zero_infinity=True)
    y.backward()
    assert 1e4 < y.item() < 300 * 40
    np.testing.assert_allclose(x.grad.numpy().sum(2), -1, rtol=1e-2)  # float32 has 7 digits, the loss 5 before the point


def test_the_module_takes_the_options_of_the_op():
    module = nn.CTCLoss(blank=3, reduction="sum", zero_infinity=True)
    assert repr(module) == "CTCLoss(blank=3, reduction='sum', zero_infinity=True)"
    x, args = Tensor(drawn()), (Tensor(TARGETS), [6, 1, 4], [2, 2, 2])
    np.testing.assert_allclose(module(x, *args).item(), ops.ctc_loss(x, *args, 3, "sum", True).item())


def test_a_network_learns_to_say_labels_it_was_never_shown_where():
    minigrad.manual_seed(0)
    x = Tensor(np.zeros((8, 1, 4)), requires_grad=True)
    optimizer = minigrad.optim.Adam([x], lr=0.3)
    for _ in range(60):
        optimizer.zero_grad()
        nn.functional.ctc_loss(x.log_softmax(2), minigrad.tensor([[2, 2, 1]]), [8], [3]).backward()
        optimizer.step()
    assert merged(x.numpy()[:, 0].argmax(1), 0) == [2, 2, 1]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"targets": [[1, 4], [2, 1]]}, RangeError, "ctc_loss: targets holds label 4, outside [0, 4): log_probs has V = 4 symbols\nHint: the network needs"),
        ({"targets": [[1, -1], [2, 1]]}, RangeError, "ctc_loss: targets holds label -1, outside [0, 4)"),
        ({"targets": [[1, 0], [2, 1]]}, ArgumentError, "ctc_loss: targets holds 0, which is the blank; blanks go between the labels by themselves\nHint: number"),
        ({"targets": [[1.0, 2.0], [2.0, 1.0]]}, DtypeError, "ctc_loss: targets must be integers, got float32\nHint: convert with .long()"),
        ({"targets": [1, 2, 1]}, ShapeError, "ctc_loss: targets has shape (3,), B = 2 sequences have [2, 2] labels\nHint: pad them to (B, U) = (2, 2), or put all in a row, (4,)"),
        ({"targets": [[1, 2]]}, ShapeError, "ctc_loss: targets has shape (1, 2), B = 2 sequences"),
        ({"targets": 1}, ArgumentError, "ctc_loss: target_lengths holds 2, outside [0, 0]"),
        ({"input_lengths": [6, 3]}, ArgumentError, "ctc_loss: input_lengths holds 6, outside [0, 5]: the sequences are padded to 5 steps\nHint: count the steps of each sequence without its padding"),
        ({"input_lengths": [5, -1]}, ArgumentError, "ctc_loss: input_lengths holds -1, outside [0, 5]"),
        ({"input_lengths": [5]}, ShapeError, "ctc_loss: input_lengths has shape (1,), B = 2 sequences need one length each"),
        ({"input_lengths": 5}, ShapeError, "ctc_loss: input_lengths has shape (), B = 2"),
        ({"target_lengths": [3, 2]}, ArgumentError, "ctc_loss: target_lengths holds 3, outside [0, 2]"),
        ({"target_lengths": [1.5, 2.0]}, DtypeError, "ctc_loss: target_lengths must be whole numbers, got float32"),
        ({"blank": 4}, ArgumentError, "ctc_loss: blank is 4, outside [0, 4): log_probs has V = 4 symbols"),
        ({"blank": -1}, ArgumentError, "ctc_loss: blank is -1"),
        ({"reduction": "max"}, ArgumentError, "ctc_loss: reduction is 'max'"),
        ({"log_probs": minigrad.zeros(5)}, ShapeError, "ctc_loss: log_probs needs 3 axes, has 1\n  log_probs (T, B, V) = (5,)\nHint: one sequence alone is (T, V)"),
    ],
)  # fmt: skip
def test_bad_input_is_explained(change, error, message):
    given = {"log_probs": minigrad.zeros(5, 2, 4), "targets": [[1, 2], [2, 1]], "input_lengths": [5, 3], "target_lengths": [2, 2], **change}
    given["targets"] = minigrad.tensor(given["targets"])
    with pytest.raises(error, match=re.escape(message)):
        ops.ctc_loss(**given)
