"""Work of the size of a GPU, and how close to PyTorch's libraries kernels written by hand should come.

The precision of products is set on both sides, and stated: float32 as it is, or rounded to TF32 or bfloat16 for the
tensor cores. A target is the largest ratio of our time to PyTorch's, so 1.33 means three quarters of its speed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from . import convolution, matmul, optimizer, pointwise, sequence
from .networks import CNN
from .steps import DIGITS, one_step
from .workload import Build, Library, Step, Workload, fill, tensor

KINDS = {"highest": "float32", "high": "TF32", "medium": "bfloat16"}
TOLERANCE = {"highest": 2e-3, "high": 5e-3, "medium": 4e-2}


@contextmanager
def precise(lib: Library, precision: str) -> Iterator[None]:
    """Choose how products, convolutions and attention round their factors inside the block.

    bfloat16 comes by autocast: PyTorch casts its float32 tensors first, our kernels round while they load.
    """
    lib.set_float32_matmul_precision(precision)
    if hasattr(lib, "backends"):  # PyTorch has a switch of its own for convolutions
        lib.backends.cudnn.allow_tf32 = precision != "highest"
    with lib.autocast("cuda", getattr(lib, "bfloat16", "bfloat16"), enabled=precision == "medium"):
        yield


def at(precision: str, build: Build, lib: Library) -> Step:
    """Build work that is done at a precision."""
    with precise(lib, precision):
        step = build(lib)

    def step_at_precision() -> Any:
        with precise(lib, precision):
            return step()

    return step_at_precision


def by_hand(build: Build, lib: Library) -> Step:
    """Build work whose products are our kernels' rather than cuBLAS's; PyTorch has no such choice."""
    if lib.__name__ != "minigrad":
        return build(lib)
    from minigrad_kernels.cuda.matmul import own_products

    step = build(lib)

    def own() -> Any:
        with own_products():
            return step()

    return own


def replayed(build: Build, lib: Library) -> Step:
    """Build work that is recorded as a graph once, and replayed."""
    step, graph = build(lib), lib.cuda.CUDAGraph()
    for _ in range(3):
        step()
    lib.cuda.synchronize()
    with lib.cuda.graph(graph):
        result = step()

    def replay() -> Any:
        graph.replay()
        return result

    return replay


def descent(network: Callable[[Library], Any], inputs: Callable[[Library], tuple[Any, Any]], lib: Library) -> Step:
    """Train a network with momentum, whose step holds no number that changes from step to step."""
    model = fill(lib, network(lib))
    return one_step(lib, model, lib.optim.SGD(model.parameters(), lr=1e-4, momentum=0.9), *inputs(lib))


def layer_norm_forward(lib: Library) -> Step:
    """Normalise the rows of a large matrix."""
    x, w, b = tensor(lib, 8192, 4096), tensor(lib, 4096, seed=1), tensor(lib, 4096, seed=2)
    return lambda: lib.nn.functional.layer_norm(x, (4096,), w, b)


def _products(side: int, precision: str, target: float) -> list[Workload]:
    build = partial(at, precision, partial(matmul.product, (side, side), (side, side)))
    name, flops, rtol = f"matmul {side}², {KINDS[precision]}", 2.0 * side**3, TOLERANCE[precision]
    if precision != "highest":
        return [Workload(name, build, target, flops=flops, rtol=rtol)]
    return [
        Workload(f"{name}, cuBLAS", build, 1.05, flops=flops),
        Workload(f"{name}, by hand", partial(by_hand, build), target, flops=flops),
    ]


def _convolutions(s: convolution.Shape, precision: str, target: float) -> list[Workload]:
    return [
        Workload(
            f"conv {s}, {KINDS[precision]}: {name}", partial(at, precision, build), target,
            flops=convolution.flops(s), rtol=TOLERANCE[precision],
        )
        for name, build in convolution.passes(s).items()
    ]  # fmt: skip


def _attention(precision: str, target: float) -> Workload:
    build = partial(sequence.attention, 4, 16, 2048, 64, False)
    return Workload(
        f"attention B4 A16 T2048 E64, {KINDS[precision]}, forward + backward", partial(at, precision, build), target,
        flops=14.0 * 4 * 16 * 2048**2 * 64, rtol=TOLERANCE[precision],
    )  # fmt: skip


def _memory(name: str, target: float, bytes: float, build: Build, **more: Any) -> Workload:
    return Workload(name, build, target, bytes=bytes, **more)


ROW_BYTES = 4.0 * 8192 * 4096
ADAM = partial(optimizer.optimizer_step, "Adam")
LSTM = partial(sequence.recurrent, "LSTM", 128, 64, 512, 512)
SHAPES = (convolution.Shape(32, 64, 56, 64, 3, 1, 1), convolution.Shape(32, 256, 14, 256, 3, 1, 1))
WORKLOADS = [
    *_products(4096, "highest", 1.33), *_products(1024, "highest", 1.67), *_products(4096, "high", 2.2),
    *_products(4096, "medium", 2.0),
    *(row for shape in SHAPES for row in _convolutions(shape, "highest", 1.67)),
    *(row for shape in SHAPES for row in _convolutions(shape, "high", 2.9)),
    _memory(
        "softmax 8192×4096", 1.05, 5 * ROW_BYTES,
        partial(pointwise.simple, (8192, 4096), lambda F, x: F.softmax(x, -1)),
    ),
    _memory("layer norm 8192×4096, forward", 1.05, 2 * ROW_BYTES, layer_norm_forward),
    _memory("layer norm 8192×4096", 1.2, 5 * ROW_BYTES, partial(pointwise.layer_norm, 8192, 4096)),
    _memory(
        "max pool 2×2, 32×64×112²", 1.05, 10.0 * 32 * 64 * 112**2,
        partial(pointwise.simple, (32, 64, 112, 112), lambda F, x: F.max_pool2d(x, 2)),
    ),
    _memory("cross-entropy 8192×50304", 0.67, 8.0 * 8192 * 50304, partial(pointwise.cross_entropy, 8192, 50304)),
    _memory(
        "Adam 10×1M", 0.5, 28.0 * optimizer.COUNT * optimizer.SIZE, partial(ADAM, {"lr": 1e-4}),
        tuned={"PyTorch fused": (partial(ADAM, {"lr": 1e-4, "fused": True}), 1.05)},
    ),
    _attention("highest", 1.0), _attention("high", 2.5), _attention("medium", 2.86),
    Workload("LSTM T128 B64 I512 H512", partial(at, "highest", LSTM), 2.5),
    Workload(
        "training step, the main job's CNN, replayed as a graph", partial(replayed, partial(descent, CNN, DIGITS)),
        1.0, compare=False,
    ),
]  # fmt: skip
