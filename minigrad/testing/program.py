"""A small program on arrays, as data: steps that read earlier values, in any pattern of reuse.

    x0 = [0.25, 0.5]        an input
    v1 = x0 * x0            Step("mul", (0, 0))
    v2 = v1[::-1]           Step("index", (1,), slice(None, None, -1))

One program runs in two worlds: on minigrad's tensors, and on NumPy's complex numbers. The second gives derivatives
that owe nothing to an engine: f(x + ih t) = f(x) + ih J t, up to h² = 1e-40, so the imaginary part over h is J t, exact
to the last digit. Squire and Trapp, "Using complex variables to estimate derivatives of real functions", 1998.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .. import ops
from ..tensor import Tensor
from .compare import NumpyArray

TINY = 1e-20


class Op(NamedTuple):
    """What a step does: its text, and what it computes with the functions of `m`, NumPy or minigrad's ops."""

    text: str  # {0} and {1} are the operands, {option} what the step adds
    compute: Callable[..., Any]  # (m, operand, ..., option if the text has one)


def _detached(m: Any, x: Any) -> Any:
    return x.real.astype(x.dtype) if m is np else x.detach()


OPS = {
    "add": Op("{0} + {1}", lambda m, x, y: x + y),
    "sub": Op("{0} - {1}", lambda m, x, y: x - y),
    "mul": Op("{0} * {1}", lambda m, x, y: x * y),
    "div": Op("{0} / (1.0 + {1} * {1})", lambda m, x, y: x / (1.0 + y * y)),
    "matmul": Op("{0} @ {1}", lambda m, x, y: x @ y),
    "stack": Op("minigrad.stack(({0}, {1}))", lambda m, x, y: m.stack((x, y))),
    "tanh": Op("minigrad.tanh({0})", lambda m, x: m.tanh(x)),
    "sin": Op("minigrad.sin({0})", lambda m, x: m.sin(x)),
    "sum": Op("{0}.sum({option})", lambda m, x, axis: x.sum(axis)),
    "mean": Op("{0}.mean({option})", lambda m, x, axis: x.mean(axis)),
    "cumsum": Op("{0}.cumsum({option})", lambda m, x, axis: x.cumsum(axis)),
    "reshape": Op("{0}.reshape({option})", lambda m, x, shape: x.reshape(shape)),
    "transpose": Op("{0}.T", lambda m, x: x.T),
    "broadcast": Op("minigrad.broadcast_to({0}, {option})", lambda m, x, shape: m.broadcast_to(x, shape)),
    "index": Op("{0}[{option}]", lambda m, x, key: x[key]),
    "detach": Op("{0}.detach()", _detached),
}


class Step(NamedTuple):
    """One line of a program: the op, the numbers of the values that it reads, and its option, if it takes one."""

    op: str
    inputs: tuple[int, ...]
    option: Any = None

    def compute(self, m: Any, values: Sequence[Any]) -> Any:
        """Return the value of the step, given those before it."""
        operands = [values[i] for i in self.inputs]
        return OPS[self.op].compute(m, *operands, *([self.option] if "{option}" in OPS[self.op].text else []))

    def source(self, names: Sequence[str]) -> str:
        """Return the step as Python."""
        return OPS[self.op].text.format(*(names[i] for i in self.inputs), option=source_of(self.option))


@dataclass(frozen=True, repr=False)
class Program:
    """Inputs, steps, and the cotangent of the last value. Call it with tensors to get that value."""

    inputs: tuple[NumpyArray, ...]
    steps: tuple[Step, ...]
    cotangent: NumpyArray

    def __call__(self, *xs: Tensor) -> Tensor:
        """Return the last value for these inputs."""
        last: Tensor = self.run(ops, xs)[-1]
        return last

    def run(self, m: Any, xs: Sequence[Any]) -> list[Any]:
        """Return every value, the inputs first, computed by the functions of `m`: numpy, or minigrad.ops."""
        values = list(xs)
        for step in self.steps:
            values.append(step.compute(m, values))
        return values

    def value(self) -> NumpyArray:
        """Return the last value, as NumPy computes it."""
        return np.asarray(self.run(np, [np.asarray(x, complex) for x in self.inputs])[-1].real)

    def gradients(self) -> list[NumpyArray]:
        """Return the gradient of ⟨cotangent, last value⟩ by each input, as minigrad's backward computes it."""
        xs = [Tensor(x, requires_grad=True) for x in self.inputs]
        y = self(*xs)
        if y.requires_grad:
            y.backward(Tensor(self.cotangent))
        return [np.zeros(x.shape) if x.grad is None else x.grad.numpy() for x in xs]

    def slope(self, tangents: Sequence[NumpyArray]) -> NumpyArray:
        """Return J t, the derivative of the last value along the tangents, by one run on complex numbers."""
        moved = [x + 1j * TINY * t for x, t in zip(self.inputs, tangents, strict=True)]
        return np.asarray(self.run(np, moved)[-1].imag / TINY)

    def true_gradients(self) -> list[NumpyArray]:
        """Return the gradient of ⟨cotangent, last value⟩ by each input, an element at a time."""
        found = [np.zeros(x.shape) for x in self.inputs]
        for gradient in found:
            for place in np.ndindex(gradient.shape):
                tangents = [np.zeros(x.shape) for x in self.inputs]
                tangents[[g is gradient for g in found].index(True)][place] = 1.0
                gradient[place] = (self.cotangent * self.slope(tangents)).sum()
        return found

    def source(self) -> str:
        """Return the program as Python that runs by itself and prints the gradients."""
        names = [f"x{i}" for i in range(len(self.inputs))]
        lines = ["import numpy as np", "import minigrad", ""]
        lines += [
            f"{name} = minigrad.tensor({source_of(x)}, requires_grad=True)"
            for name, x in zip(names, self.inputs, strict=True)
        ]
        for step in self.steps:
            names.append(f"v{len(names)}")
            lines.append(f"{names[-1]} = {step.source(names)}")
        lines.append(f"{names[-1]}.backward(minigrad.tensor({source_of(self.cotangent)}))")
        return "\n".join([*lines, f"print({', '.join(f'{x}.grad' for x in names[: len(self.inputs)])})"])

    def __repr__(self) -> str:
        return f"Program of {len(self.steps)} steps:\n\n{self.source()}\n"

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(repr(self))  # Hypothesis and IPython would list the fields instead


def source_of(value: Any) -> str:
    """Return Python that makes `value`: a number, an array, or an index expression."""
    if isinstance(value, tuple):
        return f"({''.join(source_of(part) + ', ' for part in value)})".replace(", )", ",)" if len(value) == 1 else ")")
    if value is Ellipsis:
        return "..."
    if isinstance(value, np.ndarray):
        if not value.size:
            return f'np.zeros({value.shape}, "{value.dtype}")'
        return f'np.array({value.tolist()}, "{value.dtype}")'
    return repr(value)
