"""Mistakes in ops that only move elements: broadcasting, permutations, joining, padding, windows."""

from __future__ import annotations

from ....ops import cat, flip, meshgrid, overlap_add, pad, permute, roll, transpose, tril, unfold
from ..example import Call, alike, anything, broadcast, one_of
from ..mutant import Mutant
from . import laws

MUTANTS = [
    Mutant(
        "broadcast-mean", "broadcasting", "minigrad.ops.shape:sum_to_size",
        "x.array.sum(axis=repeated, keepdims=True, dtype=x.array.dtype)", "x.array.mean(axis=repeated, keepdims=True)",
        "repetitions averaged instead of added, a habit from bias gradients that are means over a batch",
        laws.SHAPES, Call(lambda x, y: x * y, ((3, 4), (3, 4)), broadcast()), ("tests/test_gauntlet.py",),
    ),
    Mutant(
        "broadcast-axis", "broadcasting", "minigrad.ops.shape:sum_to_size",
        "(shape[i - new] == 1 and n != 1)", "(shape[min(i, len(shape) - 1)] == 1 and n != 1)",
        "axes counted as if no leading ones had been added: HomericIntelligence/Odyssey#2080",
        laws.SHAPES, Call(lambda x, y: x * y, ((3, 4), (3, 4)), one_of(((2, 3, 4), (1, 4)), ((3, 4), (4,)))),
    ),
    Mutant(
        "broadcast-not-undone", "broadcasting", "minigrad.ops.operands:_fit",
        "x.broadcast_to(shape) if x.tracked and x.array.shape != shape else x", "x",
        "a gradient in the shape of the result: deeplearning4j/nd4j#2424, apache/tvm#2465, babygrad",
        laws.SHAPES, Call(lambda x, y: x + y, ((3, 4), (3, 4)), broadcast()),
        ("tests/ops/test_arithmetic.py", "tests/test_gauntlet.py"),
    ),
    Mutant(
        "permute-not-inverted", "permutations", "minigrad.ops.axes:permute",
        "tuple(axes.index(i) for i in range(len(axes)))", "axes",
        "the permutation itself in place of its inverse, which is right for a swap of two axes",
        laws.AXES, Call(lambda x: permute(x, 1, 2, 0), ((3, 3, 3),), anything(3, 3)),
    ),
    Mutant(
        "transpose-square", "permutations", "minigrad.ops.axes:transpose",
        "lambda dy, _: dy.transpose(a, b)",
        "lambda dy, _: dy if dy.array.shape[a] == dy.array.shape[b] else dy.transpose(a, b)",
        "a check of shapes in place of a transpose: nothing to do if they agree",
        laws.COTANGENT, Call(lambda x: transpose(x, 0, 1), ((3, 3),), anything(2, 3)),
        ("tests/ops/test_matmul.py",),
    ),
    Mutant(
        "reshape-column-order", "permutations", "minigrad.ops.shape:reshape",
        "lambda dy, _: dy.reshape(source)",
        "lambda dy, _: dy.mT.reshape(source) if dy.array.ndim > 1 else dy.reshape(source)",
        "one library's row-major order meets another's column-major one",
        laws.COTANGENT, Call(lambda x: x.reshape(2, 6), ((3, 4),)),
    ),
    Mutant(
        "flip-not-flipped", "permutations", "minigrad.ops.reversal:flip",
        "lambda dy, _: dy.flip(axes)", "lambda dy, _: dy",
        "a rule that is right for every symmetric cotangent",
        laws.COTANGENT, Call(lambda x: flip(x, 0), ((3, 4),), anything(1, 3)),
    ),
    Mutant(
        "roll-forwards-twice", "permutations", "minigrad.ops.reversal:roll",
        "lambda dy, _: dy.roll(back, axes)", "lambda dy, _: dy.roll(steps, axes)",
        "a shift undone by the same shift, which is right when the axis is twice as long as the shift",
        laws.AXES, Call(lambda x: roll(x, 2, 0), ((4, 3),), anything(1, 3)),
    ),
    Mutant(
        "tril-ignores-diagonal", "permutations", "minigrad.ops.triangle:tril",
        "dy.tril(diagonal)", "dy.tril()",
        "an option that the forward pass honours and the rule forgets",
        laws.OPTIONS, Call(lambda x: tril(x, 1), ((4, 4),), anything(2, 3)),
    ),
    Mutant(
        "tril-off-by-one", "masks", "minigrad.ops.triangle:tril",
        "array_module(x.array).tril(x.array, diagonal)", "array_module(x.array).tril(x.array, diagonal + 1)",
        "a causal mask that lets every position see its successor: the model reads the answer",
        laws.VALUES, Call(tril, ((4, 4),), anything(2, 3)),
    ),
    Mutant(
        "cat-third-part", "joining", "minigrad.ops.join:cat",
        "start += n", "start = n",
        "offsets that are right for two inputs, and only for two",
        laws.AXES, Call(lambda x, y, z: cat([x, y, z], 0), ((2, 3), (3, 3), (4, 3)), alike(3, 1, 3)),
    ),
    Mutant(
        "cat-axis", "joining", "minigrad.ops.join:_part",
        "narrow(dy, axis, start, length)", "narrow(dy, 0, start, length)",
        "the default axis in the rule of an op that takes an axis",
        laws.AXES, Call(lambda x, y: cat([x, y], -1), ((3, 3), (3, 3)), alike(2, 1, 3)),
    ),
    Mutant(
        "pad-sides-swapped", "padding", "minigrad.ops.padding:_pad_constant",
        "(-start, -end)", "(-end, -start)",
        "left and right padding exchanged, which is right for symmetric padding",
        laws.OPTIONS, Call(lambda x: pad(x, (1, 2)), ((3, 4),), anything(1, 3)),
    ),
    Mutant(
        "windows-overwrite", "windows", "minigrad.ops.window:overlap_add_forward",
        "+= y[..., r]", "= y[..., r]",
        "an assignment where windows overlap: each element keeps the gradient of its last window",
        laws.DUPLICATES, Call(lambda x: unfold(x, 2), ((1, 1, 4, 4),)),
    ),
    Mutant(
        "windows-dilation", "windows", "minigrad.ops.window:overlap_add_forward",
        "slice(r * dilation, r * dilation + reach, step)", "slice(r, r + reach, step)",
        "an option that only the forward pass knows",
        laws.OPTIONS, Call(lambda x: unfold(x, 2, dilation=2), ((1, 1, 4, 4),), one_of(((1, 2, 4, 5),))),
    ),
    Mutant(
        "windows-too-many", "windows", "minigrad.ops.window:overlap_add",
        "windows(dx, axis, taps, step, dilation).narrow(axis, 0, count)",
        "windows(dx, axis, taps, step, dilation).flip(axis).narrow(axis, 0, count)",
        "a rule that reads the windows from the far end",
        laws.COTANGENT, Call(lambda y: overlap_add(y, 0, 5, 1), ((3, 2),)),
    ),
    Mutant(
        "meshgrid-swap", "broadcasting", "minigrad.ops.shape:meshgrid",
        "swapped = [1, 0, *range(2, len(xs))] if", "swapped = [*range(1, len(xs)), 0] if",
        "xy indexing that turns all axes round instead of exchanging two, which is the same for two vectors",
        laws.VALUES, Call(lambda x, y, z: sum(meshgrid(x, y * 2, z * 3, indexing="xy"), x.new_zeros(())),
                          ((2,), (3,), (4,))),
    ),
]  # fmt: skip
