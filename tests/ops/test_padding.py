import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad
from minigrad import Tensor, errors, ops
from tests.ops.laws import *

MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}  # and what NumPy calls them


def per_axis(x, pad):
    pairs = [(pad[i], pad[i + 1]) for i in range(0, len(pad), 2)][::-1]
    return [(0, 0)] * (x.ndim - len(pairs)) + pairs


def padded(x, pad, mode="constant", value=None):
    """Pad with NumPy, then cut what negative widths name."""
    widths = per_axis(x, pad)
    grown = [(max(a, 0), max(b, 0)) for a, b in widths]
    y = np.pad(x, grown, constant_values=value or 0) if mode == "constant" else np.pad(x, grown, MODES[mode])
    return y[tuple(slice(max(-a, 0), n - max(-b, 0)) for n, (a, b) in zip(y.shape, widths, strict=True))]


def cut_then_wrapped(x, pad, mode):
    widths = per_axis(x, pad)
    x = x[tuple(slice(max(-a, 0), n - max(-b, 0)) for n, (a, b) in zip(x.shape, widths, strict=True))]
    return np.pad(x, [(max(a, 0), max(b, 0)) for a, b in widths], "wrap")


CASES = [
    *[Case("pad", ops.pad, padded, [A(*shape), pad]) for shape, pad in [
        ((3, 4), (1, 2)), ((3, 4), (1, 0, 2, 1)), ((3, 4), (-1, 2)), ((3, 4), (-1, -2, 0, -1)), ((3, 4), (-4, 0)), ((3, 4), ()),
        ((2, 3, 4), (0, 0, 1, 1)), ((0, 3), (1, 1, 2, 0)), ((3,), (0, 0))]],
    Case("pad", ops.pad, lambda x, pad: x, [A(), ()]),
    *[Case("pad", ops.pad, padded, [A(3, 4), pad], {"value": 2.5}) for pad in [(1, 2), (-1, 1, 0, -2)]],
    *[Case("pad", ops.pad, padded, [A(*shape), pad], {"mode": mode}) for mode in MODES for shape, pad in [
        ((2, 4), (1, 2)), ((2, 3, 4), (3, 3)), ((2, 3, 3, 4), (1, 2, 2, 0)), ((2, 4), (0, 0)), ((2, 3, 3, 3), (1, 1, 2, 0, 0, 1))]],
    *[Case("pad", ops.pad, padded, [A(2, 4), pad], {"mode": mode}) for mode in ("reflect", "replicate") for pad in [(-1, 2), (2, -3)]],
    *[Case("pad", ops.pad, cut_then_wrapped, [A(3, 4), pad], {"mode": "circular"}) for pad in [(-1, 2), (1, -2), (0, 0, -1, 2)]],
    Case("pad", ops.pad, padded, [A(2, 3), (7, 5)], {"mode": "replicate"}),
]  # fmt: skip

X = minigrad.arange(12.0).reshape(3, 4)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(-2, 3), st.integers(-2, 3)), min_size=1, max_size=3))
def test_padding_by_the_negative_widths_is_the_adjoint(axes):
    axes = [(n - min(a, 0) - min(b, 0), a, b) for n, a, b in axes]
    widths = [w for _, a, b in reversed(axes) for w in (a, b)]
    rng = np.random.default_rng(0)
    x = Tensor(rng.normal(size=[n for n, _, _ in axes]))
    y = ops.pad(x, widths)
    dy = Tensor(rng.normal(size=y.shape))
    back = ops.pad(dy, [-w for w in widths])
    assert back.shape == x.shape
    assert (y * dy).sum().item() == pytest.approx((x * back).sum().item(), abs=1e-12)


def test_elements_copied_several_times_receive_the_sum():
    x = Tensor([1.0, 2.0], requires_grad=True)
    ops.pad(x, (2, 1), "replicate").backward(Tensor([1.0, 10.0, 100.0, 1000.0, 10000.0]))
    assert x.grad.tolist() == [111, 11000]


def test_padding_copies_even_where_nothing_is_added():
    x = minigrad.zeros(3)
    ops.pad(x, (0, 0))[0] = 1
    assert x[0].item() == 0


def test_integers_stay_integers():
    assert ops.pad(minigrad.arange(2), (1, 0), value=7).tolist() == [7, 0, 1]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ops.pad(X, (1,)), errors.ArgumentError, r"pad: needs \(start, end\).* got 1 widths for shape \(3, 4\)"),
        (lambda: ops.pad(X, (1,) * 6), errors.ArgumentError, "got 6 widths"),
        (lambda: ops.pad(X, (1.5, 1)), errors.ShapeError, "pad: sizes must be integers"),
        (lambda: ops.pad(X, (-2, -3)), errors.ShapeError, r"pad: widths \(-2, -3\) cut off more than dim 1 of shape \(3, 4\) has"),
        (lambda: ops.pad(X, (-5, 3)), errors.ShapeError, "cut off more than dim 1"),
        (lambda: ops.pad(X, (1, 1), "mirror"), errors.ArgumentError,
         'pad: mode is "mirror"; use "constant", "reflect", "replicate", "circular"'),
        (lambda: ops.pad(X, (1, 1), "reflect", 3), errors.ArgumentError, 'mode "reflect" copies elements and takes no value, got 3'),
        (lambda: ops.pad(X, (4, 0), "reflect"), errors.ShapeError, r'pad: mode "reflect" cannot add 4 to dim 1 of shape \(3, 4\), at most 3\nHint'),
        (lambda: ops.pad(X, (5, 0), "circular"), errors.ShapeError, "cannot add 5 to dim 1 .* at most 4"),
        (lambda: ops.pad(X, (-3, 2), "circular"), errors.ShapeError, r"cannot add 2 to dim 1 of shape \(3, 1\), at most 1"),
        (lambda: ops.pad(X[:, :0], (1, 0), "replicate"), errors.ShapeError, "cannot add 1 to dim 1 .* at most 0"),
    ],
)  # fmt: skip
def test_widths_that_do_not_fit_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
