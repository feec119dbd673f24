import numpy as np
import pytest

import minigrad
from minigrad import ops
from minigrad.errors import DtypeError, ShapeError
from tests.ops.laws import *


def linear(x, w, b=0.0):
    return x @ w.T + b


def bilinear(x, z, w, b=0.0):
    return np.stack([(x @ w_o * z).sum(-1) for w_o in w], -1) + b


CASES = [
    *[Case("linear", ops.linear, linear, list(p)) for p in [
        (A(2, 3), A(4, 3), A(4)), (A(2, 3), A(4, 3)), (A(3), A(4, 3), A(4)), (A(2, 5, 3), A(4, 3), A(4)),
        (A(2, 3), A(3)), (A(3), A(3), A()), (A(0, 3), A(4, 3), A(4)), (A(2, 0), A(4, 0), A(4)), (A(2, 3), A(0, 3), A(0)),
    ]],
    *[Case("bilinear", ops.bilinear, bilinear, list(p)) for p in [
        (A(2, 3), A(2, 4), A(5, 3, 4), A(5)), (A(3), A(2), A(4, 3, 2)), (A(2, 2, 3), A(2, 2, 1), A(2, 3, 1), A(2)),
    ]],
]  # fmt: skip


def test_the_bias_is_not_written_to():
    b = minigrad.ones(2)
    ops.linear(minigrad.ones(1, 3), minigrad.ones(2, 3), b)
    assert b.tolist() == [1, 1]


def test_unequal_features_are_named():
    with pytest.raises(ShapeError) as caught:
        ops.linear(minigrad.ones(8, 5), minigrad.ones(4, 3), minigrad.ones(4))
    assert str(caught.value) == (
        "linear: I is 5 in input but 3 in weight\n"
        "  input  (..., I) = (8, 5)\n"
        "  weight (O, I) = (4, 3)\n"
        "  bias   (O) = (4,)\n"
        "Hint: build the layer with in_features equal to I of input"
    )


@pytest.mark.parametrize(
    ("op", "shapes", "message"),
    [
        (ops.linear, [(2, 3), (4, 3), (3,)], r"linear: bias has shape \(3,\), needs one number per output, shape \(4,\)"),
        (ops.linear, [(2, 3), (4, 3), (1,)], r"linear: bias has shape \(1,\)"),
        (ops.linear, [(2, 3), (2, 4, 3)], "linear: needs an input of 1 axis or more and a weight of 1 or 2, has 2 and 3"),
        (ops.bilinear, [(2, 3), (2, 4), (5, 4, 3)], r"bilinear: weight has shape \(5, 4, 3\), needs I and J as in"),
        (ops.bilinear, [(2, 3), (4, 4), (5, 3, 4)], r"bilinear: leading axes are \(2,\) in input1 but \(4,\) in input2"),
        (ops.bilinear, [(2, 3), (2, 4), (5, 3, 4), (4,)], r"bilinear: bias has shape \(4,\), needs one number per output"),
    ],
)
def test_shapes_that_do_not_fit_are_explained(op, shapes, message):
    with pytest.raises(ShapeError, match=message):
        op(*(minigrad.ones(*s) for s in shapes))


def test_a_bias_of_another_dtype_is_refused():
    with pytest.raises(DtypeError, match="linear: input is float32 but bias is float64"):
        ops.linear(minigrad.ones(1, 3), minigrad.ones(2, 3), minigrad.ones(2, dtype="float64"))
    with pytest.raises(DtypeError, match="bilinear: input1 is float32 but bias is float64"):
        ops.bilinear(minigrad.ones(3), minigrad.ones(3), minigrad.ones(2, 3, 3), minigrad.ones(2, dtype="float64"))
