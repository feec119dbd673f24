"""Code that shows a failure again: imports, arrays, and the call."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from ...backend import to_numpy
from ..adapters.pairs import NumpyPair
from ..adapters.subject import parameter_names
from ..settings import Settings
from ..words import title

LONGEST = 1000  # elements of an array that is written out


def snippet(
    f: Any, inputs: Sequence[Any], parameters: dict[str, Any], settings: Settings, wrt: Any = None, torch: bool = False
) -> str:
    """Return code that runs the check on these inputs. A function that cannot be imported is named in a comment."""
    pair = (f.forward, f.backward) if isinstance(f, NumpyPair) else f
    several = pair if isinstance(pair, (tuple, list)) else (pair,)
    roles = ("forward", "backward") if len(several) == 2 else ("f",)
    named = [_named(g, role) for g, role in zip(several, roles, strict=True)]
    call = named[0][0] if len(named) == 1 else f"({', '.join(name for name, _ in named)})"
    names = [_identifier(name, i) for i, name in enumerate(parameter_names(_signature(several[0]), len(inputs)))]
    lines = [
        "import numpy as np",
        *(["import torch"] if torch else []),
        f"from minigrad.testing import {settings.check}",
        *(line for _, line in named),
        "",
    ]
    wrapper = "torch.from_numpy({})" if torch else "{}"
    lines += [f"{name} = {wrapper.format(_written(x)) if isinstance(x, np.ndarray) else repr(x)}"
              for name, x in zip(names, inputs, strict=True)]  # fmt: skip
    if parameters:
        state = ", ".join(f'"{name}": {_written(p)}' for name, p in parameters.items())
        lines.append(f"{call}.load_state_dict({{{state}}}, strict=False)")
    return "\n".join([*lines, f"{settings.check}({', '.join([call, *names, *_options(settings, wrt)])})"])


def _signature(f: Any) -> Any:
    return f.forward if hasattr(f, "forward") else f


def _identifier(name: str, i: int) -> str:
    return name if name.isidentifier() else f"x{i}"


def _named(f: Any, role: str) -> tuple[str, str]:
    """Return the name by which code can use a function, and the line that provides it."""
    module, name = getattr(f, "__module__", ""), getattr(f, "__qualname__", "")
    if name.isidentifier() and module and module != "__main__":
        try:
            if getattr(importlib.import_module(module), name, None) is f:
                return name, f"from {module} import {name}"
        except ImportError:
            pass
    usable = name if name.isidentifier() else role
    return usable, f"# {usable} is {title(f)}"


def _written(x: Any) -> str:
    if isinstance(x, np.ndarray) and x.size > LONGEST:
        return f"...  # an array of shape {x.shape}, too large to write out"
    if isinstance(x, np.ndarray):
        inside = f"np.zeros({x.shape})" if x.size == 0 else f"np.array({x.tolist()})"
        return inside if x.dtype in (np.float64, np.int64, bool) else f"{inside[:-1]}, dtype=np.{x.dtype})"
    return repr(x)


def _options(settings: Settings, wrt: Any) -> list[str]:
    """Return the options that are not the usual ones."""
    usual = Settings(check=settings.check, rtol=1e-6 if settings.check == "gradcheck" else 1e-5)
    said = [] if wrt is None else [f"wrt={wrt!r}"]
    for option in (field.name for field in fields(settings)):
        value = getattr(settings, option)
        if option == "cotangent" and not isinstance(value, str):
            several = value if isinstance(value, (tuple, list)) else [value]
            vs = [_written(np.asarray(to_numpy(v.array) if hasattr(v, "array") else v, np.float64)) for v in several]
            said.append(f"cotangent=[{', '.join(vs)}]")
        elif value != getattr(usual, option):
            said.append(f"{option}={value!r}")
    return said
