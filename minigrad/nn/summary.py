"""What a model is made of: per layer its output shape, its parameters, and the arithmetic of one forward pass."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..autograd import Edge
from ..grad_mode import mode, no_grad
from ..tensor import Tensor
from .module import Module

_FREE = frozenset({"leaf", "reshape", "permute", "transpose", "broadcast_to", "getitem", "to", "clone", "variable"})


def flops(y: Tensor, inputs: Sequence[Edge]) -> int:
    """Return the floating-point operations that made `y`, a product and a sum counted as two."""
    shapes: list[tuple[int, ...]] = [x.array.shape for x, _ in inputs]
    if y.op in _FREE or not y.is_floating_point():
        return 0
    size = y.numel()
    biased = size if len(shapes) > 2 else 0
    if y.op == "conv":
        return 2 * size * math.prod(shapes[1][1:]) + biased
    if y.op == "conv_transpose":
        return 2 * int(math.prod(shapes[0]) * math.prod(shapes[1][1:]))
    if y.op == "matmul":
        return 2 * size * int(shapes[0][-1])
    if y.op == "linear":
        return 2 * size * int(shapes[0][-1]) + biased
    return max([size, *(math.prod(shape) for shape in shapes)])


@dataclass
class LayerRow:
    """One line of a summary."""

    name: str
    kind: str
    shape: Any
    parameters: int
    flops: int


@dataclass
class Summary:
    """The layers of a model in the order in which they ran. Print it."""

    rows: list[LayerRow]
    parameters: int
    trainable: int
    flops: int
    nbytes: int = field(default=0)

    def __str__(self) -> str:
        lines = [("layer", "kind", "output shape", "parameters", "FLOPs")]
        lines += [(r.name, r.kind, str(r.shape), f"{r.parameters:,}", f"{r.flops:,}") for r in self.rows]
        widths = [max(len(line[i]) for line in lines) for i in range(5)]
        aligned = [[c.ljust(w) if i < 3 else c.rjust(w) for i, (c, w) in enumerate(zip(line, widths, strict=True))]
                   for line in lines]  # fmt: skip
        text = ["  ".join(line) for line in aligned]
        text.insert(1, "-" * len(text[0]))
        total = f"{self.parameters:,} parameters ({self.trainable:,} trainable, {self.nbytes / 2**20:.2f} MiB)"
        return "\n".join([*text, text[1], f"{total}, {self.flops:,} FLOPs forward"])


class _Counter:
    """Adds up the arithmetic of the ops that it watches."""

    def __init__(self) -> None:
        self.total = 0

    def made(self, y: Tensor, inputs: Sequence[Edge]) -> None:
        """Count an op."""
        self.total += flops(y, inputs)

    def passed(self, y: Tensor, dx: Tensor) -> None:
        """Backward is not counted."""


def summary(model: Module, *inputs: Any) -> Summary:
    """Run `model` on `inputs` (tensors, or shapes to fill with zeros) and return what each leaf module did.

    The model is run in evaluation mode and left as it was.
    """
    from .. import ops

    device = next((p.device for p in model.parameters()), "cpu")
    args = [x if isinstance(x, Tensor) else ops.zeros(*x, device=device) for x in inputs]
    counter, rows, started = _Counter(), list[LayerRow](), dict[str, int]()
    handles = []

    def before(name: str) -> Any:
        return lambda module, given: started.update({name: counter.total})

    def after(name: str) -> Any:
        def note(module: Module, given: Any, output: Any) -> None:
            shape = output.shape if isinstance(output, Tensor) else type(output).__name__
            own = sum(p.numel() for p in module.parameters())
            rows.append(LayerRow(name, type(module).__name__, shape, own, counter.total - started[name]))

        return note

    for name, module in model.named_modules():
        if not any(True for _ in module.children()):
            handles += [module.register_forward_pre_hook(before(name)), module.register_forward_hook(after(name))]
    training, watcher = model.training, mode.watcher
    try:
        mode.watcher = counter
        with no_grad():
            model.eval()(*args)
    finally:
        mode.watcher = watcher
        model.train(training)
        for handle in handles:
            handle.remove()
    parameters = list(model.parameters())
    return Summary(
        rows, sum(p.numel() for p in parameters), sum(p.numel() for p in parameters if p.requires_grad),
        counter.total, sum(p.nbytes for p in parameters),
    )  # fmt: skip
