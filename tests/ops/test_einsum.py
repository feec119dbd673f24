import itertools

import numpy as np
import pytest

import minigrad
from minigrad import ops
from minigrad.errors import ArgumentError, AxisError, DtypeError, ShapeError
from minigrad.ops.einsum import parse
from tests.ops.laws import *


def by_loops(equation, *xs):
    """The definition: one number at a time, for explicit equations without an ellipsis."""
    inputs, output = equation.replace(" ", "").split("->")
    terms = inputs.split(",")
    size = {}
    for term, x in zip(terms, xs, strict=True):
        for c, n in zip(term, x.shape, strict=True):
            size[c] = n if size.get(c, 1) == 1 else size[c]
    y = np.zeros([size[c] for c in output])
    for values in itertools.product(*(range(n) for n in size.values())):
        at = dict(zip(size, values, strict=True))
        product = 1.0
        for term, x in zip(terms, xs, strict=True):
            product *= x[tuple(at[c] if n > 1 else 0 for c, n in zip(term, x.shape, strict=True))]
        y[tuple(at[c] for c in output)] += product
    return y


def written_as(explicit):
    return lambda equation, *xs: by_loops(explicit, *xs)


EXPLICIT = [
    ("ij,jk->ik", (2, 3), (3, 4)),
    ("bij,bjk->bik", (2, 3, 2), (2, 2, 4)),
    ("ij->ji", (2, 3)),
    ("ijk->k", (2, 3, 4)),
    ("ijk->", (2, 3, 2)),
    ("i,j->ij", (3,), (2,)),
    ("i,i->", (3,), (3,)),
    ("ij,ij->ij", (2, 3), (2, 3)),
    ("ii->", (3, 3)),
    ("ii->i", (3, 3)),
    ("iji->j", (3, 2, 3)),
    ("jii->ji", (3, 3, 3)),
    ("ij,kl->kijl", (2, 2), (2, 2)),
    ("iii->i", (2, 2, 2)),
    ("ii,ij->j", (3, 3), (3, 2)),
    ("ij,k->k", (2, 3), (4,)),
    ("ij,jk->ik", (2, 1), (3, 4)),
    ("ij,ij->ij", (2, 3), (1, 3)),
    ("ij,jk,kl->il", (2, 3), (3, 4), (4, 2)),
    ("i,i,i->i", (3,), (3,), (3,)),
    ("bi,oij,bj->bo", (2, 3), (2, 3, 2), (2, 2)),
    ("ab,bc,cd,da->", (2, 3), (3, 2), (2, 2), (2, 2)),
    (",ij->ji", (), (2, 3)),
    ("->", ()),
    ("ij,jk->ik", (0, 3), (3, 2)),
    ("ij,jk->ik", (2, 0), (0, 3)),
    ("ij,jk->ik", (2, 1), (0, 3)),
    (" i j , j k -> i k ", (2, 3), (3, 2)),
]
IMPLICIT = [
    ("ij,jk", "ij,jk->ik", (2, 3), (3, 4)),
    ("ba", "ba->ab", (2, 3)),
    ("ab", "ab->ab", (2, 3)),
    ("bA", "bA->Ab", (2, 3)),
    ("ii", "ii->", (3, 3)),
    ("...ij,jk", "xyij,jk->xyik", (2, 1, 2, 3), (3, 2)),
    ("...i,...i", "xyi,yi->xy", (2, 2, 3), (2, 3)),
    ("...ij,...jk->...ik", "xyij,yjk->xyik", (2, 1, 2, 3), (2, 3, 2)),
    ("i...,j...->ij...", "ix,jx->ijx", (2, 3), (4, 3)),
    ("i...j->...", "ixyj->xy", (2, 2, 3, 2)),
    ("...i->i", "xyi->i", (2, 2, 3)),
    ("...,...", "xy,y->xy", (2, 3), (3,)),
    ("...ij,ij", "ij,ij->", (2, 3), (2, 3)),
]


def contraction(dims):
    return lambda a, b, *_: np.tensordot(a, b, dims)


CASES = [
    *[Case("einsum", ops.einsum, by_loops, [e, *(A(*s) for s in shapes)]) for e, *shapes in EXPLICIT],
    *[Case("einsum", ops.einsum, written_as(full), [e, *(A(*s) for s in shapes)]) for e, full, *shapes in IMPLICIT],
    *[Case("tensordot", ops.tensordot, contraction(dims), [A(*a), A(*b), dims]) for a, b, dims in [
        ((2, 3, 4), (3, 4, 5), 2), ((2, 3), (3, 2), 1), ((2, 3), (2,), 0), ((2, 3, 4), (4, 3, 5), ([1, 2], [1, 0])),
        ((2, 3), (4, 3), ([-1], [-1])), ((2, 3), (2, 3), ([], [])),
    ]],
]  # fmt: skip


def test_dots_become_unused_letters():
    assert parse("...ij,jk", [4, 2]) == (["YZij", "jk"], "YZik")
    assert parse("...Z,...", [3, 1]) == (["XYZ", "Y"], "XYZ")


def test_operands_may_come_as_a_list():
    x = minigrad.ones(2, 3)
    assert ops.einsum("ij,kj->ik", [x, x]).tolist() == [[3, 3], [3, 3]]


def test_a_size_of_one_is_summed_once_though_it_broadcasts():
    x, w = minigrad.tensor([[2.0], [3.0]]), minigrad.tensor([[1.0, 10.0, 100.0]])
    assert ops.einsum("ij,kj->ik", x, w).tolist() == [[222], [333]]
    assert ops.tensordot(x, w, ([1], [1])).tolist() == [[222], [333]]


def test_one_operand_gives_a_view():
    x = minigrad.zeros(2, 3)
    ops.einsum("ij->ji", x).fill_(1)
    assert x.sum().item() == 6


def test_an_operand_overwritten_before_backward_is_noticed():
    x, w = minigrad.ones(2, 2, requires_grad=True), minigrad.ones(2, 2)
    y = ops.einsum("ij,jk,kl->il", x, w, w)
    w.add_(1)
    with pytest.raises(minigrad.errors.InPlaceError, match="einsum: backward needs"):
        y.sum().backward()


@pytest.mark.parametrize(
    ("equation", "shapes", "error", "message"),
    [
        ("ij,jk->ik", [(2, 3), (4, 4)], ShapeError, "einsum: j is 3 in operand 0 but 4 in operand 1\n  operand 0 "),
        ("ii", [(1, 3)], ShapeError, "einsum: i is 1 in operand 0 but 3 in operand 0"),
        ("ij->ijj", [(2, 3)], ArgumentError, "'ij->ijj' has 'j' twice in the output"),
        ("ij->k", [(2, 3)], ArgumentError, "'ij->k' has 'k' in the output, but in no operand"),
        ("i1->i", [(2, 3)], ArgumentError, "'i1->i' holds '1'"),
        ("i..j", [(2, 3)], ArgumentError, r"'i..j' holds '\.'"),
        ("...i...", [(2, 3)], ArgumentError, r"'...i...' holds '\.'"),
        ("i->j->k", [(2,)], ArgumentError, "'i->j->k' holds '-'"),
        ("ij", [(2, 3, 4)], ShapeError, "'ij' names 2 axes of operand 0, which has 3\nHint"),
        ("...ijk", [(2, 3)], ShapeError, "'...ijk' names 3 axes of operand 0, which has 2"),
        ("ij,jk", [(2, 3)], ArgumentError, "'ij,jk' has letters for 2 operands, 1 were given"),
        ("ij", [], ArgumentError, "'ij' has no operand"),
        (3, [(2,)], DtypeError, 'the equation must be a string such as "ij,jk->ik", got int'),
    ],
)
def test_an_equation_that_does_not_fit_is_explained(equation, shapes, error, message):
    with pytest.raises(error, match=message):
        ops.einsum(equation, *(minigrad.ones(*s) for s in shapes))


@pytest.mark.parametrize(
    ("dims", "error", "message"),
    [
        (3, ArgumentError, "tensordot: dims is 3; a has 2 axes and b has 2"),
        (-1, ArgumentError, "tensordot: dims is -1"),
        (1, ShapeError, r"axes \(1,\) of a, sizes \[3\], do not pair with axes \(0,\) of b, sizes \[2\]"),
        (([0, 1], [0]), ShapeError, "do not pair"),
        (([0], [0], [0]), ArgumentError, "give a number of axes, or the axes of a and those of b"),
        (([5], [0]), AxisError, "tensordot: dim 5 is outside"),
        (([0, 0], [0, 1]), ArgumentError, "names an axis twice"),
    ],
)
def test_axes_that_do_not_pair_are_explained(dims, error, message):
    with pytest.raises(error, match=message):
        ops.tensordot(minigrad.ones(2, 3), minigrad.ones(2, 3), dims)


def test_operands_of_two_dtypes_are_refused():
    with pytest.raises(DtypeError, match="einsum: operand 0 is float32 but operand 1 is int64"):
        ops.einsum("i,i", minigrad.ones(2), minigrad.tensor([1, 2]))
