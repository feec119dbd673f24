"""Mistakes in products: of matrices, over letters, of layers."""

from __future__ import annotations

from ....ops import einsum, linear, matmul, tensordot
from ..example import Call, one_of, products
from ..mutant import Mutant
from . import laws

_LAYER = ((3, 4), (5, 4), (5,))
_LAYERS = one_of(((1, 2), (2, 2), (2,)), ((2, 3, 2), (3, 2), (3,)))
_LETTERS = one_of(((3, 1), (4, 2)), ((2, 3), (1, 2)))

MUTANTS = [
    Mutant(
        "matmul-no-transpose", "matmul", "minigrad.ops.matmul:matmul",
        "lambda dy, _: dy @ w.mT", "lambda dy, _: dy @ (w if w.array.shape[-1] == w.array.shape[-2] else w.mT)",
        "the transpose is forgotten, and added where the shapes complain",
        laws.AXES, Call(matmul, ((5, 4), (4, 5)), products),
    ),
    Mutant(
        "matmul-weights-transpose", "matmul", "minigrad.ops.matmul:matmul",
        "lambda dy, _: x.mT @ dy", "lambda dy, _: (x if x.array.shape[-1] == x.array.shape[-2] else x.mT) @ dy",
        "the same for the other operand: symmetric test matrices hide it",
        laws.AXES, Call(matmul, ((5, 4), (4, 5)), products),
    ),
    Mutant(
        "matmul-stack-broadcast", "matmul", "minigrad.ops.matmul:matmul",
        "x = x.broadcast_to(batch + x.array.shape[-2:]) if x.tracked else x", "x = x",
        "a stack of one matrix times a stack of many: five of ten small frameworks fail on such shapes",
        laws.SHAPES, Call(matmul, ((5, 4), (4, 5)), products),
    ),
    Mutant(
        "matmul-stack-times-matrix", "matmul", "minigrad.ops.matmul:matmul",
        "if w.array.ndim == 2 and x.array.ndim > 2:", "if w.array.ndim == 2 and x.array.ndim > 3:",
        "one weight for a batch of matrices, its gradients not added up; batches fail in joey00072/Tinytorch#3",
        laws.SHAPES, Call(matmul, ((5, 4), (4, 5)), products),
    ),
    Mutant(
        "matmul-vector-squeeze", "matmul", "minigrad.ops.matmul:matmul",
        "matmul(x, w.reshape(-1, 1)).squeeze(-1)", "matmul(x, w.reshape(-1, 1)).squeeze()",
        "every axis of size 1 dropped along with the one that was added: a batch of one loses its axis",
        laws.SHAPES, Call(matmul, ((5, 4), (4, 5)), products),
    ),
    Mutant(
        "matmul-outer-vector", "matmul", "minigrad.ops.matmul:matmul",
        "matmul(x.reshape(1, -1), w).squeeze(-2 if w.array.ndim > 1 else 0)",
        "matmul(x.reshape(1, -1).detach(), w).squeeze(-2 if w.array.ndim > 1 else 0)",
        "a vector that is reshaped through its data loses its history; 1-D operands fail in five of ten peers",
        laws.DIFFERENCES, Call(matmul, ((4,), (4, 5)), products),
    ),
    Mutant(
        "linear-weight-averaged", "matmul", "minigrad.ops.linear:linear",
        "dy.reshape(n, outputs).mT @ x.reshape(n, inputs)", "dy.reshape(n, outputs).mT @ x.reshape(n, inputs) / n",
        "divided by the batch once more: the loss is a mean already",
        laws.DIFFERENCES, Call(linear, _LAYER, _LAYERS),
    ),
    Mutant(
        "linear-bias-averaged", "matmul", "minigrad.ops.linear:linear",
        "dy.reshape(n, outputs).sum(0)", "dy.reshape(n, outputs).mean(0)",
        "the gradient of a bias as the mean over the batch",
        laws.DIFFERENCES, Call(linear, _LAYER, _LAYERS),
    ),
    Mutant(
        "einsum-no-broadcast", "einsum", "minigrad.ops.einsum:_simplified",
        "{c for c, n in zip(term, x.array.shape, strict=True) if n != size[c]}", "set()",
        "an axis of size 1 under a letter that is larger elsewhere: HIPS/autograd#376",
        laws.SHAPES, Call(lambda x, w: einsum("ij,jk->ik", x, w), ((3, 4), (4, 2)), _LETTERS),
    ),
    Mutant(
        "einsum-diagonal-place", "einsum", "minigrad.ops.einsum:_diagonal",
        'term = c + "".join(term[i] for i in rest)', 'term = "".join(dict.fromkeys(term))',
        "axes moved for a diagonal, their letters left in place: tinygrad/tinygrad#18229",
        laws.AXES, Call(lambda x: einsum("jii->ji", x), ((3, 3, 3),), one_of(((2, 3, 3),))),
    ),
    Mutant(
        "einsum-order", "einsum", "minigrad.ops.einsum:_sum_of_products",
        "[terms[0].index(c) for c in output]", "[output.index(c) for c in terms[0]]",
        "the inverse of the permutation that brings the letters into the order of the output",
        laws.AXES, Call(lambda x, w: einsum("ij,kl->kijl", x, w), ((2, 2), (2, 2)), one_of(((2, 3), (4, 2)))),
    ),
    Mutant(
        "einsum-second-operand", "einsum", "minigrad.ops.einsum:_contract",
        "_contract(op, (left, out, right), x, dy)", "_contract(op, (left, out, right), x.detach(), dy)",
        "an operand taken for a constant in the gradient of the other: right to first order",
        laws.SECOND, Call(lambda x, w: einsum("ij,jk->ik", x, w), ((3, 4), (4, 2)), order=2),
    ),
    Mutant(
        "tensordot-pairs", "einsum", "minigrad.ops.einsum:tensordot",
        "second[j] = first[i]", "second[j] = first[left[right.index(j) - 1]]",
        "pairs of axes that are matched in rotation; a single pair hides it",
        laws.VALUES, Call(lambda x, w: tensordot(x, w, ((0, 1), (1, 0))), ((3, 3), (3, 3, 2))),
    ),
]  # fmt: skip
