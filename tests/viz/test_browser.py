"""What the page may recompute: common ops, recorded and small; for anything else there is a reason."""

import numpy as np
import pytest

from minigrad import Tensor, tensor, viz
from minigrad.nn import functional as F
from minigrad.viz.browser import MOST, settings, why_not
from minigrad.viz.reading import read


def leaf(*shape):
    return Tensor(np.random.default_rng(1).random(shape) + 0.5, requires_grad=True)


def reading_of(make):
    with viz.recording():
        loss = make().sum()
    return read("page", loss)


def settings_of(make):
    """Return the settings of the last op that `make` records."""
    with viz.recording():
        y = make()
        loss = (y * 1.0).sum()
    reading = read("page", loss)
    i = next(i for i, value in enumerate(reading.values) if value.x is y)
    return settings(reading.values[i], [reading.values[j] for j in reading.inputs_of(i)])


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: leaf(2) * 3, {}),
        (lambda: leaf(2) ** 3, {"n": 3.0}),
        (lambda: leaf(2) ** leaf(2), {}),
        (lambda: leaf(2, 3).sum(1), {"kept": [2, 1]}),
        (lambda: leaf(2, 3).mean((0, 1), keepdim=True), {"kept": [1, 1]}),
        (lambda: leaf(2, 3).amax(-1), {"kept": [2, 1]}),
        (lambda: leaf(2, 3).max(), {"kept": [1, 1]}),
        (lambda: leaf(2, 3).softmax(-1), {"axis": 1}),
        (lambda: leaf(2, 3, 4).transpose(0, -1), {"axes": [2, 1, 0]}),
        (lambda: leaf(2, 3, 4).permute(1, 0, -1), {"axes": [1, 0, 2]}),
        (lambda: leaf(2, 3, 4).permute((2, 0, 1)), {"axes": [2, 0, 1]}),
        (lambda: F.linear(leaf(2, 3), leaf(4, 3), leaf(4)), {}),
        (lambda: F.cross_entropy(leaf(2, 3), tensor([2, 0]), reduction="none"), {"classes": [2, 0]}),
        (lambda: leaf(2).cumsum(0), None),
        (lambda: leaf(2, 3, 4) @ leaf(2, 4, 3), None),
        (lambda: leaf(2, 3).max(1)[0], None),
    ],
)  # fmt: skip
def test_an_op_is_described_by_what_its_inputs_do_not_say(make, expected):
    assert settings_of(make) == expected


def test_a_rounded_quotient_is_no_quotient():
    assert settings_of(lambda: leaf(2).div(2.0, rounding_mode="floor")) is None


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: (leaf(3) * 2).tanh(), ""),
        (lambda: leaf(3).cumsum(0), "the page does not know how to compute this cumsum"),
        (lambda: leaf(3).div(2.0, rounding_mode="floor"), "the page does not know how to compute this div"),
        (lambda: leaf(3).half() * 2, "a value is of type float16"),
        (lambda: leaf(MOST + 1).exp(), f"a value has {MOST + 1} elements, more than {MOST}"),
    ],
)  # fmt: skip
def test_what_cannot_be_recomputed_says_why(make, words):
    assert why_not(reading_of(make)) == words


def test_what_was_not_recorded_cannot_be_recomputed():
    assert why_not(read("page", (leaf(3) * 2).sum())).startswith("it was computed outside viz.recording()")
    with viz.recording():
        y = leaf(3) * 2
    assert "outside viz.recording()" in why_not(read("page", y.sum()))
