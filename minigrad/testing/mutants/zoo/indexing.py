"""Mistakes in ops that read and write elements by their place: indexing, scattering, embeddings, ranks."""

from __future__ import annotations

from typing import Any

import numpy as np

from ....ops import (
    cummax,
    embedding,
    from_numpy,
    gather,
    getitem,
    index_add,
    index_put,
    masked_fill,
    median,
    quantile,
    scatter,
    sort,
    take_along_dim,
    tensor,
    topk,
)
from ....tensor import Tensor
from ..example import Call, Probe, anything, one_of
from ..mutant import Mutant
from . import laws

TWICE = np.array([0, 1, 1, 0])


def _written_later(read: Any) -> Any:
    """Read by an index that the caller overwrites before backward."""
    x, index = Tensor(np.arange(6.0).reshape(3, 2), requires_grad=True), np.array([2, 0])
    y = read(x, index)
    index[:] = 1
    (y * Tensor([[1.0, 2.0], [3.0, 4.0]])).sum().backward()
    return x.grad


def _equal_elements(read: Any) -> Any:
    return [part.numpy().copy() for part in read(tensor([1.0, 3.0, 1.0, 3.0, 2.0]))]


def _embedding_gradient(**options: Any) -> Any:
    w = Tensor(np.arange(6.0).reshape(3, 2), requires_grad=True)
    embedding(tensor([0, 1, 1, 2]), w, **options).sum().backward()
    return w.grad


MUTANTS = [
    Mutant(
        "index-overwrites", "indexing", "minigrad.ops.index:add_rows",
        "add_at(x.reshape(-1), flat, y.reshape(-1))", "x.reshape(-1)[flat] = y.reshape(-1)",
        "the most common wrong gradient: PyDyNet, nanotorch, synapgrad, TinyTorch, babygrad, pytorch/pytorch#1528",
        laws.DUPLICATES, Call(lambda x: getitem(x, TWICE), ((3, 2),), one_of(((2,),), ((4, 3),))),
        ("tests/test_gauntlet.py",),
    ),
    Mutant(
        "index-seen-later", "indexing", "minigrad.ops.index:getitem",
        "key = _kept(key)", "key = key",
        "an index array kept by reference: reuse it for the next batch, and backward reads the new one",
        laws.OWNERSHIP, Probe(lambda: _written_later(getitem)),
    ),
    Mutant(
        "put-keeps-overwritten", "scatter", "minigrad.ops.index:index_put",
        "return index_put(dz, key, dz.new_zeros(()))", "return dz",
        "elements that were written over keep their gradient: PaddlePaddle/Paddle#30604",
        laws.DIFFERENCES, Call(lambda x, v: index_put(x, np.array([2, 0]), v), ((3, 2), (2, 2))),
    ),
    Mutant(
        "put-pays-losers", "scatter", "minigrad.ops.index:index_put",
        "dz[key].masked_fill(_written_over(key, shape, dz.array), 0) if repeats else dz[key]", "dz[key]",
        "of two values for one place both get its gradient: tensorflow/tensorflow#56961, pytorch/pytorch#146299",
        laws.DUPLICATES, Call(lambda x, v: index_put(x, TWICE, v), ((3, 2), (4, 2))),
    ),
    Mutant(
        "scatter-larger-source", "scatter", "minigrad.ops.along_axis:_source",
        "getitem(v, tuple(slice(n) for n in places.shape))", "v",
        "an index smaller than its source: tracel-ai/burn#4063, pytorch/pytorch#94336",
        laws.SHAPES, Call(lambda x, v: scatter(x, 0, tensor([[2, 0]]), v), ((3, 2), (1, 2)),
                          one_of(((3, 2), (2, 3)))),
    ),
    Mutant(
        "gather-axis", "indexing", "minigrad.ops.along_axis:_grid",
        "key[axis] = places", "key[-1 if places.ndim == 2 and places.shape[0] == places.shape[1] else axis] = places",
        "the last axis for every square index",
        laws.AXES, Call(lambda x: gather(x, 0, tensor([[0, 2, 1], [1, 1, 0], [2, 0, 0]])), ((3, 3),)),
    ),
    Mutant(
        "index-add-alpha", "scatter", "minigrad.ops.along_axis:index_add",
        "v if alpha == 1 else v * alpha", "v",
        "a factor that the signature takes and nobody uses",
        laws.OPTIONS, Call(lambda x, v: index_add(x, 0, tensor(TWICE), v, alpha=3.0), ((3, 2), (4, 2))),
    ),
    Mutant(
        "take-along-broadcast", "indexing", "minigrad.ops.along_axis:take_along_dim",
        "x.broadcast_to(full(x.array.shape))", "x.detach().broadcast_to(full(x.array.shape))",
        "a copy for broadcasting's sake that drops the history",
        laws.DIFFERENCES, Call(lambda x: take_along_dim(x, tensor([[1], [0]]), 1), ((2, 3),), one_of(((1, 3),))),
    ),
    Mutant(
        "masked-fill-ignored", "indexing", "minigrad.ops.select:masked_fill",
        "return where(m, v.to(x.array.dtype), x)",
        "return where(m, v.to(x.array.dtype), x) + (x - x.detach()) * m.to(x.array.dtype)",
        "a mask that hides the value and lets the gradient through: a straight-through estimator by accident",
        laws.DIFFERENCES, Call(lambda x: masked_fill(x, x > 0.5, 3.0), ((3, 4),), anything()),
    ),
    Mutant(
        "embedding-pads-learn", "embedding", "minigrad.ops.embedding:embedding",
        "dy = dy * (index != padding)[..., None]", "dy = dy",
        "the padding row gets a gradient: pytorch/pytorch#26302, #3506",
        laws.OPTIONS, Probe(lambda: _embedding_gradient(padding_idx=1)),
        ("tests/nn/test_embedding.py",),
    ),
    Mutant(
        "embedding-index-shared", "embedding", "minigrad.ops.embedding:embedding",
        'index = index.astype("int64")', 'index = index.astype("int64", copy=False)',
        "word numbers kept by reference in a buffer that the next batch fills",
        laws.OWNERSHIP, Probe(lambda: _written_later(lambda w, index: embedding(from_numpy(index), w))),
    ),
    Mutant(
        "sort-unstable-backwards", "ranks", "minigrad.ops.order:order",
        "x.shape[axis] - 1 - xp.flip(xp.argsort(xp.flip(x, axis), axis=axis, kind=\"stable\"), axis)",
        "xp.flip(xp.argsort(x, axis=axis, kind=\"stable\"), axis)",
        "descending order as ascending order reversed: equal elements change places",
        laws.TIES, Probe(lambda: _equal_elements(lambda x: sort(x, descending=True))),
    ),
    Mutant(
        "topk-smallest", "ranks", "minigrad.ops.order:topk",
        "_best(x.array, k, axis, largest)", "_best(x.array, k, axis, True)",
        "an option that does nothing",
        laws.OPTIONS, Call(lambda x: topk(x, 2, largest=False).values, ((3, 4),), one_of(((2,),), ((2, 5),))),
    ),
    Mutant(
        "median-upper", "ranks", "minigrad.ops.order:_middle",
        "(x.shape[axis] - 1) // 2", "x.shape[axis] // 2",
        "the upper of two middle elements, right for every odd number of them",
        laws.VALUES, Call(lambda x: median(x, 0).values, ((3, 4),), anything(1, 2)),
    ),
    Mutant(
        "quantile-nearest-rank", "ranks", "minigrad.ops.order:_between",
        '"linear": (floor, ceil, h - floor)', '"linear": (floor, floor + 1, h - floor)',
        "a rank beyond the last one at q = 1",
        laws.EDGES, Call(lambda x: quantile(x, 1.0, 0), ((3, 4),), anything(1, 2)),
    ),
    Mutant(
        "cummax-first-wins", "ranks", "minigrad.ops.pick:_record_so_far",
        "holds = (line == best) | xp.isnan(line)", "holds = (line > xp.roll(best, 1, axis)) | (place == 0)",
        "of equal elements the first instead of the latest: one that ties with a maximum is passed over",
        laws.TIES, Probe(lambda: _equal_elements(lambda x: cummax(x, 0))),
    ),
    Mutant(
        "pick-first-gradient", "ranks", "minigrad.ops.pick:pick",
        "dy.reshape(read.shape)", "dy.reshape(read.shape).sort(axis).values",
        "gradients handed back in the order of the result instead of that of its sources",
        laws.COTANGENT, Call(lambda x: sort(x, 0).values, ((4, 3),), anything(1, 2)),
    ),
]  # fmt: skip

