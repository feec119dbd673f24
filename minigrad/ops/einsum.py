"""Sums of products with a letter for each axis: `einsum("bik,kj->bij", x, w)`.

    y[output] = Σ x[its letters] · w[its letters]       summed over every letter that the output lacks

Linear in each operand, so the derivative by one of them is again a sum of products: of dy and the other one, with the
first one's letters as the output. That is `_contract`, and all the calculus here, to every order. It asks that each
letter of an operand occurs there once, and again in the other one or in the output. `_simplified` makes operands fit:

    ii        a letter twice in one operand: its diagonal
    i ->      a letter that is nowhere else: summed beforehand
    size 1    under a letter that is larger elsewhere: the axis is dropped, which is broadcasting

Three operands and more are contracted two at a time, in an order that NumPy's path finder chooses.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..autograd import record
from ..backend import Array, accelerable, array_module
from ..errors import ArgumentError, DtypeError, ShapeError
from ..shapes import describe, normalize_axes
from .matmul import factors

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["einsum", "tensordot"]


def einsum(equation: str, *operands: Tensor | Sequence[Tensor]) -> Tensor:
    """Sum products of operands over the letters that the output lacks, after Einstein's convention.

    "..." stands for leading axes that broadcast. Without "->" the output has those axes, then every letter that
    occurs once, in alphabetical order.

    Backward  dx = einsum of dy and the other operands, with the letters of x as the output
    Source    Einstein, "Die Grundlage der allgemeinen Relativitätstheorie", 1916, section 5

    >>> import minigrad
    >>> x = minigrad.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> minigrad.einsum("ij,kj->ik", x, x)
    tensor([[ 5., 11.],
            [11., 25.]])
    """
    if not isinstance(equation, str):
        raise DtypeError(f'einsum: the equation must be a string such as "ij,jk->ik", got {type(equation).__name__}')
    flat = operands[0] if len(operands) == 1 and isinstance(operands[0], (list, tuple)) else operands
    if not flat:
        raise ArgumentError(f"einsum: {equation!r} has no operand")
    xs = factors("einsum", **{f"operand {k}": x for k, x in enumerate(flat)})
    terms, output = parse(equation, [x.array.ndim for x in xs])
    return _sum_of_products("einsum", terms, output, xs)


def tensordot(a: Tensor, b: Tensor, dims: int | Sequence[Sequence[int]] = 2) -> Tensor:
    """Sum products over pairs of axes: the last `dims` of a with the first `dims` of b, or two lists of axes.

    Forward   y[i.., j..] = Σ_k.. a[i.., k..] b[k.., j..]
    Backward  da = Σ_j.. dy b,  db = Σ_i.. dy a
    Shapes    the remaining axes of a, then those of b
    """
    x, w = factors("tensordot", a=a, b=b)
    if isinstance(dims, int):
        if not 0 <= dims <= min(x.array.ndim, w.array.ndim):
            raise ArgumentError(f"tensordot: dims is {dims}; a has {x.array.ndim} axes and b has {w.array.ndim}")
        dims = range(x.array.ndim - dims, x.array.ndim), range(dims)
    if len(dims) != 2:
        raise ArgumentError(f"tensordot: dims is {dims}; give a number of axes, or the axes of a and those of b")
    left, right = (normalize_axes("tensordot", d, v.array.ndim) for d, v in zip(dims, (x, w), strict=True))
    sizes = [[v.array.shape[i] for i in axes] for v, axes in ((x, left), (w, right))]
    if len(left) != len(right) or any(1 not in pair and len(set(pair)) > 1 for pair in zip(*sizes, strict=True)):
        raise ShapeError(
            f"tensordot: axes {left} of a, sizes {sizes[0]}, do not pair with axes {right} of b, sizes {sizes[1]}\n"
            "Hint: name as many axes of a as of b, of equal sizes, in the order in which they pair"
        )
    first, second = string.ascii_lowercase[: x.array.ndim], list(string.ascii_uppercase[: w.array.ndim])
    for i, j in zip(left, right, strict=True):
        second[j] = first[i]
    output = [c for i, c in enumerate(first) if i not in left] + [c for j, c in enumerate(second) if j not in right]
    return _sum_of_products("tensordot", [first, "".join(second)], "".join(output), [x, w])


def parse(equation: str, ndims: Sequence[int]) -> tuple[list[str], str]:
    """Return the letters of each operand and of the output; "..." is replaced by letters that are not used.

    >>> parse("...ij,jk", [3, 2])
    (['Zij', 'jk'], 'Zik')
    """
    inputs, arrow, output = equation.replace(" ", "").partition("->")
    terms = inputs.split(",")
    _check_equation(equation, terms, output, ndims)
    extra = [n - len(term.replace("...", "")) for term, n in zip(terms, ndims, strict=True)]
    unused = [c for c in string.ascii_letters if c not in equation]
    if max(extra) > len(unused):
        raise ArgumentError(f"einsum: {equation!r} needs more axes than there are letters")
    lead = "".join(unused[len(unused) - max(extra) :])
    letters = "".join(terms).replace(".", "")
    terms = [term.replace("...", lead[len(lead) - n :]) for term, n in zip(terms, extra, strict=True)]
    if arrow:
        return terms, output.replace("...", lead)
    return terms, lead + "".join(c for c in sorted(set(letters)) if letters.count(c) == 1)


def _check_equation(equation: str, terms: list[str], output: str, ndims: Sequence[int]) -> None:
    if len(terms) != len(ndims):
        raise ArgumentError(f"einsum: {equation!r} has letters for {len(terms)} operands, {len(ndims)} were given")
    for term in [*terms, output]:
        for c in term.replace("...", "", 1):
            if c not in string.ascii_letters:
                raise ArgumentError(f"einsum: {equation!r} holds {c!r}; use letters, commas, -> and one ... each")
    for k, (term, ndim) in enumerate(zip(terms, ndims, strict=True)):
        named = len(term.replace("...", ""))
        if named > ndim or (named < ndim and "..." not in term):
            raise ShapeError(
                f"einsum: {equation!r} names {named} axes of operand {k}, which has {ndim}\n"
                "Hint: give each axis a letter, or write ... for those in front"
            )
    for c in output.replace("...", ""):
        if output.count(c) > 1:
            raise ArgumentError(f"einsum: {equation!r} has {c!r} twice in the output")
        if not any(c in term for term in terms):
            raise ArgumentError(f"einsum: {equation!r} has {c!r} in the output, but in no operand")


def _sum_of_products(op: str, terms: list[str], output: str, xs: Sequence[Tensor]) -> Tensor:
    terms, xs = _simplified(op, terms, output, xs)
    for picked in _order(terms, output, xs):
        group = [(terms.pop(k), xs.pop(k)) for k in sorted(picked, reverse=True)]
        term, x = group.pop()
        while group:
            other, w = group.pop()
            needed = set("".join([output, *terms, *(t for t, _ in group)]))
            result = "".join(dict.fromkeys(c for c in term + other if c in needed))
            term, x = result, _contract(op, (term, other, result), x, w)
        terms.append(term)
        xs.append(x)
    return xs[0].permute([terms[0].index(c) for c in output])


def _contract(op: str, letters: tuple[str, str, str], x: Tensor, w: Tensor) -> Tensor:
    """Sum the products of two operands: y[out] = Σ x[left] w[right].

    Backward  dx[left] = Σ dy[out] w[right],  dw[right] = Σ x[left] dy[out]
    """
    left, right, out = letters
    y = contract_forward(x.array, w.array, letters)
    return record(op, y, (x, lambda dy, _: _contract(op, (out, right, left), dy, w)),
                         (w, lambda dy, _: _contract(op, (left, out, right), x, dy)))  # fmt: skip


@accelerable
def contract_forward(x: Array, w: Array, letters: tuple[str, str, str]) -> Array:
    """Sum the products of two arrays over the letters that the third term lacks."""
    xp, equation = array_module(x), f"{letters[0]},{letters[1]}->{letters[2]}"
    return np.einsum(equation, x, w, optimize=True) if xp is np else xp.einsum(equation, x, w)


def _order(terms: list[str], output: str, xs: list[Tensor]) -> Any:
    """Return which operands to contract at each step; the result of a step goes to the end of the list."""
    if len(xs) < 3:
        return [tuple(range(len(xs)))]
    stand_ins = [np.broadcast_to(np.float32(0), x.array.shape) for x in xs]  # only their shapes count
    return np.einsum_path(f"{','.join(terms)}->{output}", *stand_ins, optimize="greedy")[0][1:]


def _simplified(op: str, terms: list[str], output: str, xs: Sequence[Tensor]) -> tuple[list[str], list[Tensor]]:
    """Take diagonals, drop axes of size 1 that broadcast, and sum over letters that occur nowhere else."""
    size = _sizes(op, terms, xs)
    pairs = [_diagonal(term, x) for term, x in zip(terms, xs, strict=True)]
    pairs = [
        _without(term, x, {c for c, n in zip(term, x.array.shape, strict=True) if n != size[c]}) for term, x in pairs
    ]
    everywhere = "".join([output, *(term for term, _ in pairs)])
    pairs = [_without(term, x, {c for c in term if everywhere.count(c) == 1}) for term, x in pairs]
    return [term for term, _ in pairs], [x for _, x in pairs]


def _sizes(op: str, terms: list[str], xs: Sequence[Tensor]) -> dict[str, int]:
    """Return the size that each letter stands for."""
    found: dict[str, tuple[int, int]] = {}  # letter: size, and the operand that has it
    for k, (term, x) in enumerate(zip(terms, xs, strict=True)):
        for c, n in zip(term, x.array.shape, strict=True):
            known, where = found.setdefault(c, (n, k))
            if n != known and (where == k or 1 not in (n, known)):
                rows = {f"operand {k}": (v, " ".join(t)) for k, (t, v) in enumerate(zip(terms, xs, strict=True))}
                wrong = f"{c} is {known} in operand {where} but {n} in operand {k}"
                raise ShapeError(describe(op, wrong, rows, "a letter stands for one size, or for 1"))
            if known == 1:
                found[c] = n, k
    return {c: n for c, (n, _) in found.items()}


def _diagonal(term: str, x: Tensor) -> tuple[str, Tensor]:
    """Walk along axes of one letter together: y[i, ...] = x[i, i, ...]."""
    for c in dict.fromkeys(c for c in term if term.count(c) > 1):
        same = [i for i, other in enumerate(term) if other == c]
        rest = [i for i, other in enumerate(term) if other != c]
        steps = array_module(x.array).arange(x.array.shape[same[0]])
        x = x.permute(same + rest)[(steps,) * len(same)]
        term = c + "".join(term[i] for i in rest)
    return term, x


def _without(term: str, x: Tensor, letters: set[str]) -> tuple[str, Tensor]:
    """Sum over the axes under `letters`; for an axis of size 1 that only drops it."""
    if not letters:
        return term, x
    axes = [i for i, c in enumerate(term) if c in letters]
    return "".join(c for c in term if c not in letters), x.sum(axes, dtype=x.array.dtype)
