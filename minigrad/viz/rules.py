"""An op's formulas, read from its docstring, so that pictures say what the source says.

    Forward   z = ...                 what is computed; or the first line, if it holds the formula
    Backward  dx = ...,  dy = ...     one clause per input

The clause of an input is found through its rule: d_w is described by the clause "dw = ...", and of rules without a
name of their own, the k-th that the op's source defines by the k-th clause.
"""

from __future__ import annotations

import re
from types import CodeType
from typing import Any

from .. import ops

_FIELD = re.compile(r"^(Forward|Update|Backward|Shapes|Units|Raises|Source)\b[ \t]*", re.MULTILINE)
_CLAUSE = re.compile(r"(?:^|[,;]\s+|\bhence\s+)(?=d\w+(?:\[[^\]]*\])?\s=\s)")


def forward_formula(op: str) -> str:
    """Return what an op computes, as its docstring writes it; "" for an op without one.

    >>> forward_formula("mul")
    'z = x y'
    """
    doc = _doc_of(getattr(ops, op, None))
    first = doc.partition("\n")[0].rstrip(".")
    return _field(doc, "Forward").partition("\n")[0] or first.partition(": ")[2] or first


def rule_formula(op: str, rule: Any, position: int = 0, inputs: int = 1) -> str:
    """Return the formula of the rule of input number `position` of `inputs`; "" if the source gives none.

    >>> from minigrad import tensor
    >>> x, y = (tensor(2.0).requires_grad_() for _ in range(2))
    >>> [rule_formula("mul", rule) for _, rule in (x * y).edges]
    ['dx = dz · y', 'dy = dz · x']
    """
    function = _maker_of(rule)
    known = _clauses(function) or _clauses(getattr(ops, op, None))
    if not known:
        return ""
    named = [text for text in known if text.startswith(_name_of(rule) + " = ")]
    if len(known) == 1 or named:
        return (named or known)[0]
    rules = _rules_in(function)
    claimed = {code.co_name.replace("_", "") for code in rules}
    free = [text for text in known if text.partition(" = ")[0] not in claimed]
    unnamed = [code for code in rules if code.co_name == "<lambda>"]
    mine = getattr(_inner(rule), "__code__", None)
    if mine in unnamed and len(unnamed) == len(free):
        return free[unnamed.index(mine)]
    return known[position] if inputs == len(known) else ";  ".join(known)


def _doc_of(function: Any) -> str:
    """Return a docstring without its indentation."""
    lines = ((function.__doc__ if callable(function) else "") or "").splitlines()
    return "\n".join(line[4:] if line.startswith("    ") else line for line in lines)


def _field(doc: str, name: str) -> str:
    """Return the text of one field of a docstring, its lines stripped."""
    parts = _FIELD.split(doc)
    text = dict(zip(parts[1::2], parts[2::2], strict=True)).get(name, "")
    return "\n".join(line.strip() for line in text.partition("\n\n")[0].splitlines()).strip()


def _clauses(function: Any) -> list[str]:
    """Return the formulas of the Backward field, without the sentences after them."""
    text = re.sub(r"\n(?=d\w+ = )", " ", _field(_doc_of(function), "Backward"))
    text = re.split(r"\n|\.\s|\.$", text)[0]
    found = [part.strip(" ,;") for part in _CLAUSE.split(text)]
    return [part for part in found if re.match(r"d\w+(\[[^\]]*\])?\s=\s", part)] or found[:1] * bool(text)


def _inner(rule: Any) -> Any:
    """Return the rule that a kernel's stand-in wraps."""
    return getattr(rule, "rule", rule)


def _name_of(rule: Any) -> str:
    """Return the gradient that a rule computes: "dx" for d_x."""
    return str(getattr(_inner(rule), "__name__", "")).replace("_", "")


def _maker_of(rule: Any) -> Any:
    """Return the module-level function inside which a rule is written; None for other rules."""
    name, local, _ = getattr(_inner(rule), "__qualname__", "").partition(".<locals>.")
    return getattr(_inner(rule), "__globals__", {}).get(name) if local else None


def _rules_in(function: Any) -> list[CodeType]:
    """Return the code of the functions of two arguments that are written inside a function."""
    inside = getattr(getattr(function, "__code__", None), "co_consts", ())
    return [code for code in inside if isinstance(code, CodeType) and code.co_argcount == 2]
