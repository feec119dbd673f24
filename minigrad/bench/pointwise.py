"""Work that memory bounds: activations, normalisation, losses, pooling, dropout. All forward and backward."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from .workload import Library, Step, Workload, integers, tensor, there_and_back

Function = Callable[..., Any]  # of nn.functional and the inputs


def simple(shape: tuple[int, ...], f: Function, lib: Library) -> Step:
    """Apply a function of one input."""
    return there_and_back(lib, partial(f, lib.nn.functional), tensor(lib, *shape, grad=True))


def layer_norm(rows: int, width: int, lib: Library) -> Step:
    """Normalise rows, with weight and bias."""
    x, w, b = (tensor(lib, *s, seed=i, grad=True) for i, s in enumerate([(rows, width), (width,), (width,)]))
    return there_and_back(lib, lambda x, w, b: lib.nn.functional.layer_norm(x, (width,), w, b), x, w, b)


def batch_norm(shape: tuple[int, ...], lib: Library) -> Step:
    """Normalise channels in training, with weight and bias."""
    C = shape[1]
    x, w, b = tensor(lib, *shape, grad=True), tensor(lib, C, seed=1, grad=True), tensor(lib, C, seed=2, grad=True)
    mean, variance = lib.zeros(C), lib.ones(C)
    f = lib.nn.functional.batch_norm
    return there_and_back(lib, lambda x, w, b: f(x, mean, variance, w, b, training=True), x, w, b)


def cross_entropy(rows: int, classes: int, lib: Library) -> Step:
    """Measure the surprise of a classifier."""
    x, t = tensor(lib, rows, classes, grad=True), integers(lib, classes, rows)

    def step() -> Any:
        x.grad = None
        loss = lib.nn.functional.cross_entropy(x, t)
        loss.backward()
        return [loss, x.grad]

    return step


def embedding(words: int, width: int, count: int, lib: Library) -> Step:
    """Look up rows of a table, and add their gradients into it."""
    w, i = tensor(lib, words, width, grad=True), integers(lib, words, count)
    return there_and_back(lib, lambda w: lib.nn.functional.embedding(i, w), w)


IMAGES, ROWS = (32, 64, 32, 32), (2048, 1024)
WORKLOADS = [
    Workload("relu 2M", partial(simple, ROWS, lambda F, x: F.relu(x)), 0.95),
    Workload("gelu 2M", partial(simple, ROWS, lambda F, x: F.gelu(x)), 0.95),
    Workload("gelu tanh 2M", partial(simple, ROWS, lambda F, x: F.gelu(x, approximate="tanh")), 0.95),
    Workload("silu 2M", partial(simple, ROWS, lambda F, x: F.silu(x)), 0.95),
    Workload("tanh 2M", partial(simple, ROWS, lambda F, x: F.tanh(x)), 0.95),
    Workload("sigmoid 2M", partial(simple, ROWS, lambda F, x: F.sigmoid(x)), 0.95),
    Workload("softmax 2048×1024", partial(simple, ROWS, lambda F, x: F.softmax(x, -1)), 0.95),
    Workload("log_softmax 2048×1024", partial(simple, ROWS, lambda F, x: F.log_softmax(x, -1)), 0.95),
    Workload("layer norm 4096×512", partial(layer_norm, 4096, 512), 0.95),
    Workload("batch norm (32,64,32²)", partial(batch_norm, IMAGES), 0.95),
    Workload("cross-entropy 4096×1000", partial(cross_entropy, 4096, 1000), 0.95),
    Workload("cross-entropy 64×10", partial(cross_entropy, 64, 10), 0.95),
    Workload("embedding 10000×128, 4096 words", partial(embedding, 10000, 128, 4096), 0.95),
    Workload("max pool 2×2 (32,64,32²)", partial(simple, IMAGES, lambda F, x: F.max_pool2d(x, 2)), 0.95),
    Workload("max pool 3×3 stride 2 (32,64,32²)", partial(simple, IMAGES, lambda F, x: F.max_pool2d(x, 3, 2)), 0.95),
    Workload("average pool 2×2 (32,64,32²)", partial(simple, IMAGES, lambda F, x: F.avg_pool2d(x, 2)), 0.95),
    Workload("dropout 2M", partial(simple, ROWS, lambda F, x: F.dropout(x, 0.5)), 0.95, compare=False),
]
