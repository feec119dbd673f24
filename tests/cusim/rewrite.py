"""The text rules that turn CUDA C into C++ for cusim.h: includes, shared memory, launch bounds. Lines stay in place."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from pathlib import Path

from minigrad_kernels.cuda.text import instances_of
from tests.cusim.errors import BuildError

COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"\n]+)"|<([^>\n]+)>)[^\n]*\n', re.M)
NESTED = r"(?:[^()]|\([^()]*\))*"  # what stands in parentheses, with at most one more level of them
KERNEL = re.compile(
    r"(?P<template>template\s*<[^;{}]*>\s*)?(?P<c>extern\s+\"C\"\s+)?__global__\s+"
    rf"(?:__launch_bounds__\s*\((?P<before>{NESTED})\)\s*)?void\s+"
    rf"(?:__launch_bounds__\s*\((?P<after>{NESTED})\)\s*)?(?P<name>\w+)\s*\("
)
ALIGNED_STRUCT = re.compile(r"struct\s+(?:alignas|__align__)\s*\(\s*(\d+)\s*\)")
ALIGN = r"(?:(?:__align__|alignas)\s*\(\s*(?P<align>\w+)\s*\)\s*)?"
TYPE = r"(?P<type>(?:[\w:]+\s+)*?[\w:]+(?:\s*<[^;]*>)?)"
DYNAMIC = re.compile(rf"extern\s+__shared__\s+{ALIGN}{TYPE}\s+(?P<name>\w+)\s*\[\s*\]\s*;")
SHARED = re.compile(rf"__shared__\s+{ALIGN}{TYPE}\s+(?P<name>\w+)\s*(?P<sizes>(?:\[[^\]]*\]\s*)*);")


def without_comments(text: str) -> str:
    return COMMENT.sub(lambda comment: "\n" * comment[0].count("\n") or " ", text)


def expand(text: str, folders: Iterable[Path], file: str = "kernel.cu", seen: set[Path] | None = None) -> str:
    """Return the text with local headers in it, each once: what a build is made of is then one text."""
    folders, seen = list(folders), set() if seen is None else seen

    def included(match: re.Match[str]) -> str:
        name, line = match[1] or match[2], text.count("\n", 0, match.end()) + 1
        if match[2]:
            raise BuildError(
                f"{file}: line {line - 1} includes <{name}>: the compiler of the GPU has no standard headers"
            )
        path = next((folder / name for folder in folders if (folder / name).exists()), None)
        if path is None:
            raise BuildError(f"{file}: no {name} in " + ", ".join(map(str, folders)))
        if path.resolve() in seen:
            return "\n"
        seen.add(path.resolve())
        body = expand(path.read_text(encoding="utf-8"), folders, name, seen)
        return f'#line 1 "{name}"\n{body}\n#line {line} "{file}"\n'

    return INCLUDE.sub(included, text)


def kernel_names(text: str) -> list[str]:
    """Return the kernels that a text lists as instances, and those that are no templates."""
    return [
        *instances_of(text),
        *(match["name"] for match in KERNEL.finditer(without_comments(text)) if not match["template"]),
    ]


def c_names(text: str) -> set[str]:
    """Return the kernels that have their plain name in a module of the GPU, too: those that are extern "C"."""
    return {match["name"] for match in KERNEL.finditer(without_comments(text)) if match["c"]}


def widest_struct(text: str) -> int:
    """Return the alignment of the most aligned struct of a text: arrays of it begin at its multiples."""
    return max([16, *map(int, ALIGNED_STRUCT.findall(text))])


def shared_memory(text: str) -> str:
    """Turn each declaration of shared memory into one of a reference or a pointer."""
    text = DYNAMIC.sub(lambda m: f"{m['type']}* {m['name']} = cusim::dynamic_shared<{m['type']}>();", text)
    text = SHARED.sub(
        lambda m: f"auto& {m['name']} = cusim::shared<{m['type']}{m['sizes'].strip()}, {m['align'] or 1}>([] {{}});",
        text,
    )
    if "__shared__" in text:
        line = text.count("\n", 0, text.index("__shared__")) + 1
        statement = text[text.index("__shared__") :].split(";")[0]
        raise BuildError(
            f"line {line} of the expanded text: one declarator per __shared__ statement, not `{statement};`"
        )
    return text


def launch_bounds(text: str) -> str:
    """Check `__launch_bounds__(threads)` at the start of its kernel, where the parameters of its template are known."""
    pieces, end = [], 0
    for match in KERNEL.finditer(text):
        bounds = match["before"] or match["after"]
        if not bounds:
            continue
        depth = itertools.accumulate((c == "(") - (c == ")") for c in text[match.end() - 1 :])
        closing = match.end() - 1 + next(i for i, open_ in enumerate(depth) if open_ == 0)
        brace = text.find("{", closing)
        if brace < 0 or text[closing + 1 : brace].strip():  # a declaration
            continue
        first = re.split(r",(?![^(<]*[)>])", bounds)[0]
        pieces += [text[end : brace + 1], f" cusim::check_launch_bounds({first});"]
        end = brace + 1
    return "".join(pieces) + text[end:]


def translate(text: str, names: Iterable[str]) -> str:
    """Return C++ that exports the named kernels of an expanded text as cusim_launch_0, cusim_launch_1 and so on."""
    body = launch_bounds(shared_memory(without_comments(text)))
    exports = "\n".join(f"CUSIM_EXPORT({number}, {name})" for number, name in enumerate(names))
    return f'#include "cusim.h"\n#line 1 "kernel.cu"\n{body}\n#line 1 "instances"\n{exports}\n'
