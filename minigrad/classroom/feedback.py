"""A failing example as code that a student can paste: the arrays, the call, and what it should have given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..testing.adapters.subject import parameter_names
from ..testing.point import draw

if TYPE_CHECKING:
    from ..testing import GradReport

LONGEST = 200  # elements of an array that is written out


def example(file: str, function: str, report: GradReport, forward: Callable[..., Any], seed: int) -> str:
    """Return code that calls the backward of `forward` on the inputs and the cotangent of a report."""
    names = parameter_names(forward, len(report.inputs))
    result = forward(*report.inputs)
    shapes = [np.shape(y) for y in (result if isinstance(result, tuple) else [result])]
    drawn: Any = report.cotangent
    if isinstance(drawn, str):  # "random": what gradcheck draws from its seed
        drawn = draw(shapes, np.random.default_rng(seed))
    dys = [np.asarray(v, np.float64).reshape(shape) for v, shape in zip(drawn, shapes, strict=True)]
    dy = dys[0] if len(dys) == 1 else tuple(dys)
    return _code(file, function, [("dy", dy), *zip(names, report.inputs, strict=True)])


def table(file: str, function: str, arguments: Sequence[Any]) -> str:
    """Return code that calls a function on these arguments."""
    return _code(file, function, [(f"x{i}", x) for i, x in enumerate(arguments)])


def _code(file: str, function: str, named: Sequence[tuple[str, Any]]) -> str:
    module = file.removesuffix(".py")
    names = [name if name.isidentifier() else f"x{i}" for i, (name, _) in enumerate(named)]
    lines = [f"{name} = {_written(x)}" for name, (_, x) in zip(names, named, strict=True)]
    call = f"print({module}.{function}({', '.join(names)}))"
    return "\n".join(["", "import numpy as np", f"import {module}", *lines, call])


def _written(x: Any) -> str:
    if isinstance(x, tuple):
        return f"({', '.join(map(_written, x))}{',' * (len(x) == 1)})"
    if not isinstance(x, np.ndarray):
        return repr(x)
    if x.size > LONGEST:
        return f"...  # an array of shape {x.shape}, too large to write out"
    if x.size == 0:
        return f"np.zeros({x.shape})"
    inside = repr(x.tolist())
    return f"np.array({inside})" if x.dtype in (np.float64, np.int64, bool) else f"np.array({inside}, np.{x.dtype})"
