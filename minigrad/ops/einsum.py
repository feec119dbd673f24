"""Sums of products, with an axis letter for each index: `einsum("bik,kj->bij", x, w)`.

    y[output] = Σ x_1[letters 1] · x_2[letters 2] · ...       over every letter that the output lacks

Linear in each operand, so the derivative by one operand is a sum of products too: of dy and the other operands, with
that operand's letters as the output. This one rule is all the calculus here, to every order. For it to hold, a letter
of an operand must occur once there, and again in the output or in another operand. What does not fit is made to fit
first: a letter repeated within an operand means its diagonal, a letter found nowhere else is summed, and an axis of
size 1 under a letter of a larger size is dropped, which is broadcasting.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..autograd import record
from ..backend import Array, array_module
from ..errors import ArgumentError, ShapeError
from ..shapes import describe, normalize_axes
from .linalg import alike

if TYPE_CHECKING:
    from ..autograd import Rule
    from ..tensor import Tensor

__all__ = ["einsum", "tensordot"]


def einsum(equation: str, *operands: Tensor | Sequence[Tensor]) -> Tensor:
    """Sum products of operands over the letters that the output lacks, after Einstein's convention.

    "..." stands for leading axes that broadcast. Without "->", the output has those axes, then every letter that
    occurs once, in alphabetical order.

    Backward  dx_k = einsum of dy and the other operands, with the letters of x_k as the output

    >>> import minigrad
    >>> x = minigrad.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> einsum("ij,jk->ik", x, x), einsum("ii", x)
    (tensor([[ 7., 10.],
           [15., 22.]]), tensor(5.))
    """
    flat = list(operands[0]) if len(operands) == 1 and isinstance(operands[0], (list, tuple)) else list(operands)
    if not flat:
        raise ArgumentError(f"einsum: {equation!r} has no operand")
    xs = alike("einsum", **{f"operand {k}": x for k, x in enumerate(flat)})
    terms, output = parse(equation, [x.array.ndim for x in xs])
    return _reduced(equation, terms, output, xs)


def parse(equation: str, ndims: Sequence[int]) -> tuple[list[str], str]:
    """Return the letters of each operand, and of the output, with letters in place of "..." and an output always.

    >>> parse("...ij,jk", [3, 2])
    (['Aij', 'jk'], 'Aik')
    """
    inputs, arrow, output = equation.replace(" ", "").partition("->")
    terms = inputs.split(",")
    _check_equation(equation, terms, output, ndims)
    unused = [c for c in string.ascii_letters[::-1] if c not in equation]
    extra = [n - len(term.replace("...", "")) if "..." in term else 0 for term, n in zip(terms, ndims, strict=True)]
    if max(extra) > len(unused):
        raise ArgumentError(f"einsum: {equation!r} needs more than the {len(string.ascii_letters)} letters there are")
    lead = "".join(sorted(unused[: max(extra)]))
    terms = [term.replace("...", lead[len(lead) - n :]) for term, n in zip(terms, extra, strict=True)]
    if arrow:
        return terms, output.replace("...", lead)
    letters = "".join(terms)
    return terms, lead + "".join(c for c in sorted(set(letters)) if letters.count(c) == 1 and c not in lead)


def _check_equation(equation: str, terms: list[str], output: str, ndims: Sequence[int]) -> None:
    if len(terms) != len(ndims):
        raise ArgumentError(f"einsum: {equation!r} has letters for {len(terms)} operands, {len(ndims)} were given")
    for term in [*terms, output]:
        plain = term.replace("...", "", 1)
        bad = sorted(set(plain) - set(string.ascii_letters))
        if bad:
            raise ArgumentError(f"einsum: {equation!r} holds {bad[0]!r}; use letters, commas, one ... per operand and ->")
    for k, (term, ndim) in enumerate(zip(terms, ndims, strict=True)):
        named = len(term.replace("...", ""))
        if named > ndim or (named < ndim and "..." not in term):
            raise ShapeError(
                f"einsum: {equation!r} names {named} axes of operand {k}, which has {ndim}\n"
                "Hint: one letter for each axis, or ... for those in front"
            )
    for c in output.replace("...", ""):
        if output.count(c) > 1:
            raise ArgumentError(f"einsum: {equation!r} names {c!r} twice in the output")
        if not any(c in term for term in terms):
            raise ArgumentError(f"einsum: {equation!r} asks for {c!r} in the output, no operand has it")


def _reduced(equation: str, terms: list[str], output: str, xs: list[Tensor]) -> Tensor:
    """Take diagonals, drop axes of size 1, sum what stands alone; then contract what is left."""
    size: dict[str, int] = {}
    for term, x in zip(terms, xs, strict=True):
        for c, n in zip(term, x.array.shape, strict=True):
            size[c] = n if size.get(c, 1) == 1 else size[c]
            if n not in (1, size[c]):
                rows = {f"operand {k}": (x, " ".join(t)) for k, (t, x) in enumerate(zip(terms, xs, strict=True))}
                wrong = f"in {equation!r}, {c} is {size[c]} and {n}"
                raise ShapeError(describe("einsum", wrong, rows, "a letter stands for one size, or for 1"))
    ready = []
    for k, (term, x) in enumerate(zip(terms, xs, strict=True)):
        term, x = _diagonal(equation, term, x)
        spread = [i for i, c in enumerate(term) if x.array.shape[i] == 1 < size[c] or x.array.shape[i] == 1 and size[c] == 0]
    raise NotImplementedError
