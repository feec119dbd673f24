"""The array code says no word to an array module that CuPy does not understand: read from the source, run or not."""

import ast
from pathlib import Path

import pytest

from tests.cusim.simcupy.index import ATOMIC
from tests.cusim.simcupy.names import entries
from tests.cusim.simcupy.ufunc import REDUCED

ROOT = Path(__file__).parents[2] / "minigrad"
UFUNC_WORDS = {"out", "dtype", "casting"}
FILES = sorted(path for path in ROOT.rglob("*.py") if "array_module" in path.read_text(encoding="utf-8"))


def is_module(node):
    """Say whether an expression is an array module: the name `xp`, or a call of array_module or module_for."""
    if isinstance(node, ast.Name):
        return node.id == "xp"
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("array_module", "module_for")


def word_of(node):
    """Return the dotted name that is asked of an array module: "linalg.norm" for xp.linalg.norm, "" for anything else."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join(reversed(parts)) if parts and is_module(node) else ""


def complaints(source):
    """Return what CuPy would not understand, with its line."""
    tree, found = ast.parse(source), []
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        word = word_of(node) if id(node) not in inner else ""
        if word and not understood(word):
            found.append(f"line {node.lineno}: {word}")
        if isinstance(node, ast.Call) and word_of(node.func) in entries():
            found += [f"line {node.lineno}: {word_of(node.func)}({name}=)" for name in strange_words(node, entries()[word_of(node.func)])]
    return found


def understood(word):
    """Say whether CuPy has a name; of the methods of ufuncs it has few."""
    function, _, method = word.rpartition(".")
    if function in entries() and entries()[function].loops:
        return method == "outer" or (method == "at" and function in ATOMIC) or (method in ("reduce", "accumulate") and function in REDUCED)
    return word in entries() or word in ROOMS


ROOMS = {name.rpartition(".")[0] for name in entries()} | {"lib"}


def strange_words(call, entry):
    names = {keyword.arg for keyword in call.keywords} - {None}
    if entry.loops:
        return sorted(names - UFUNC_WORDS)
    parameters = entry.signature.parameters.values()
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return []
    return sorted(names - {p.name for p in parameters})


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_name_and_keyword_is_one_that_cupy_has(path):
    assert not complaints(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("source", "found"), [
    ("xp.vecdot(a, b)", "line 1: vecdot"),
    ("array_module(x).linalg.multi_dot([a, b])", "line 1: linalg.multi_dot"),
    ("xp.sum(x, axis=0, initial=1)", "line 1: sum(initial=)"),
    ("xp.maximum(a, b, where=m)", "line 1: maximum(where=)"),
    ("module_for(d).zeros(3, device=d)", "line 1: zeros(device=)"),
    ("xp.maximum.reduce(x)", "line 1: maximum.reduce"),
    ("a = 1\nxp.clip(x, min=0)", "line 2: clip(min=)"),
])  # fmt: skip
def test_what_numpy_alone_understands_is_found(source, found):
    assert complaints(source) == [found]


@pytest.mark.parametrize("source", [
    "xp.sum(x, axis=0, keepdims=True)", "xp.linalg.norm(x, 2)", "xp.add.at(x, i, v)", "np.vecdot(a, b)", "xp.einsum('ij->i', x, optimize=True)",
    "array_module(x).lib.stride_tricks.as_strided(x, shape, strides)", "xp.maximum(a, b, out=c)", "xp is np",
])  # fmt: skip
def test_what_both_understand_passes(source):
    assert not complaints(source)
