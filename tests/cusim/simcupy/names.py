"""What CuPy has, as a list that is kept: every public name, the parameters of every function, the loops of every ufunc.

    sum(a, axis=, dtype=, out=, keepdims=)        a function; what has a default ends in =
    maximum ufunc ??->? bb->b ...                 the element types it computes in, the first that fits is used
    ndarray.take(indices, axis=, out=)            a method
    pi value                                      anything else

`python -m tests.cusim.simcupy.names` prints the list for the CuPy that is installed; it needs no GPU.
"""

from __future__ import annotations

import functools
import inspect
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LIST = Path(__file__).parents[1] / "cupy_names.txt"
ROOMS = ("linalg", "lib.stride_tricks", "cuda", "cuda.runtime", "cuda.memory", "ndarray")  # beside the root itself
_LINE = re.compile(r"(?P<name>[\w.]+)(?:\((?P<parameters>.*)\)| ufunc (?P<loops>.+)| value)")


@dataclass(frozen=True)
class Entry:
    """One name: a function with parameters, a ufunc with loops, or a value with neither."""

    name: str
    parameters: tuple[str, ...] | None = None
    loops: tuple[str, ...] = ()

    @functools.cached_property
    def signature(self) -> inspect.Signature:
        """What the function takes. A default counts only as being there."""
        kinds, found, later = inspect.Parameter, [], inspect.Parameter.POSITIONAL_OR_KEYWORD
        for word in self.parameters or ():
            if word == "/":
                found = [p.replace(kind=kinds.POSITIONAL_ONLY) for p in found]
            elif word == "*":
                later = kinds.KEYWORD_ONLY
            elif word.startswith("**"):
                found.append(kinds(word[2:], kinds.VAR_KEYWORD))
            elif word.startswith("*"):
                found.append(kinds(word[1:], kinds.VAR_POSITIONAL))
                later = kinds.KEYWORD_ONLY
            else:
                default = ... if word.endswith("=") else kinds.empty
                found.append(kinds(word.rstrip("="), later, default=default))
        return inspect.Signature(found)


@functools.cache
def entries() -> dict[str, Entry]:
    """Return the list by name; a dotted name is in a room, `cupyx.` names the other package."""
    found = (_LINE.fullmatch(line) for line in LIST.read_text(encoding="utf-8").splitlines())
    return {m["name"]: _entry(m) for m in found if m}


def _entry(m: re.Match[str]) -> Entry:
    parameters = None if m["parameters"] is None else tuple(re.split(r",\s*", m["parameters"])) if m["parameters"] else ()
    return Entry(m["name"], parameters, tuple((m["loops"] or "").split()))


def described(cupy: Any, cupyx: Any) -> list[str]:
    """Return the lines of the list for an installed CuPy."""
    rooms = {"": cupy, **{room + ".": functools.reduce(getattr, room.split("."), cupy) for room in ROOMS}, "cupyx.": cupyx}
    return [
        line(prefix + name, getattr(room, name))
        for prefix, room in rooms.items()
        for name in sorted(dir(room))
        if name[0] != "_" and name != "annotations" and (not prefix.startswith("cuda") or callable(getattr(room, name)))
    ]


def line(name: str, value: Any) -> str:
    """Return the line that describes one name."""
    if type(value).__name__ == "ufunc":
        return f"{name} ufunc {' '.join(value.types)}"
    if not callable(value) or isinstance(value, type):
        return f"{name} value"
    try:
        words = _words(inspect.signature(value))
    except (TypeError, ValueError):  # compiled: the first line of its text says what it takes, if it has a text
        stated = re.match(rf"[\w.]*\b{name.rpartition('.')[2]}\((.*)\)", (value.__doc__ or "").partition("\n")[0])
        words = [_plain(p) for p in re.split(r",\s*", stated[1])] if stated else ["*args", "**kwargs"]
    words = [word for word in words if word not in ("self", "")]
    return f"{name}({', '.join(words)})"


def _plain(parameter: str) -> str:
    """Return a parameter of a compiled function without its C type and with its default left out."""
    name, equals, _ = parameter.partition("=")
    return name.split()[-1] + equals if name.split() else ""


def _words(signature: inspect.Signature) -> list[str]:
    marks = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    words: list[str] = []
    kinds = [p.kind for p in signature.parameters.values()]
    for i, p in enumerate(signature.parameters.values()):
        if p.kind is p.KEYWORD_ONLY and not {p.KEYWORD_ONLY, p.VAR_POSITIONAL} & set(kinds[:i]):
            words.append("*")
        words.append(marks.get(p.kind, "") + p.name + ("=" if p.default is not p.empty else ""))
        if p.kind is p.POSITIONAL_ONLY and kinds[i + 1 : i + 2] != [p.kind]:
            words.append("/")
    return words


if __name__ == "__main__":
    import cupy
    import cupyx

    print("\n".join(described(cupy, cupyx)))
