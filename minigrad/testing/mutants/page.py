"""The page about the zoo: who sees what, what lives there, and what our checker says about it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ...io.atomic import atomic_write
from ...tensor import Tensor
from .example import DRAWS, Call, attempt, same
from .mutant import Mutant
from .plant import planted
from .styles import STYLES, Style

SEEDS = 3
SHOWN = ("broadcast-mean", "softmax-mean", "amax-ties", "conv-flipped", "dropout-redrawn")

_INTRODUCTION = """# The bug zoo

A gradient that is wrong does not crash. The loss still falls, a little slower, and nobody notices. So the question
about a test suite is not whether it passes, but which mistakes it would have noticed. This zoo holds {count} mistakes
of one expression each, to be planted in the living package:

    minigrad mutants --list                                  who lives here
    minigrad mutants --file tests/ops/test_softmax.py        which of them these tests cannot see
    minigrad mutants --suite                                 the same for all our tests

`--file` takes your own test file too. Every mutant says where such a mistake was seen, and which law kills it. Further
sets are Python files with a list `MUTANTS`: `--set mine.py`.

```python
from minigrad.testing.mutants import load, planted
(bug,) = [m for m in load() if m.name == "softmax-mean"]
with planted(bug):
    ...                                                      # the package is wrong in this one way, here only
```
"""

_STYLES = """## Which checker sees what

Checkers of five styles, pointed at {count} wrong rules: those that leave every value as it is and change a gradient
only. The share caught is over {seeds} seeds. The first four styles see one typical shape per op, as the test of a
course would; they are our own short versions (`minigrad/testing/mutants/styles.py`), and the suites that they stand
for hold more shapes. So read this as what a one-line check in that style finds. A false alarm is an objection to a rule
that is right. Only the last style looks at second derivatives. Whoever wrote the zoo has seen our checker.
"""

_HELD_OUT = """## The same for mistakes that nobody tuned to

`minigrad/testing/mutants/held_out.py` holds {count} wrong rules that were written after the checker was finished, by
another hand, and have changed nothing in it.
"""


@dataclass(frozen=True)
class Row:
    """How often each style objected to a mutant."""

    mutant: Mutant
    caught: tuple[float, ...]


def only_gradients(mutant: Mutant) -> bool:
    """Say whether a mutant is a wrong rule that leaves all values right, so that a gradient checker can see it."""
    call = mutant.example
    if not isinstance(call, Call):
        return False
    healthy = _values(call)
    with planted(mutant):
        return same(healthy, _values(call))


def _values(call: Call) -> list[object]:
    def value(seed: int) -> object:
        return call.f(*map(Tensor, call.drawn(seed))).numpy().copy()

    return [attempt(partial(value, seed)) for seed in range(DRAWS)]


def measure(mutants: Sequence[Mutant], styles: Sequence[Style] = tuple(STYLES), seeds: int = SEEDS) -> list[Row]:
    """Return how often each style catches each of the mutants that it could."""
    rows = []
    for mutant in filter(only_gradients, mutants):
        with planted(mutant):
            rows.append(Row(mutant, _shares(mutant, styles, seeds)))
    return rows


def false_alarms(rows: Sequence[Row], styles: Sequence[Style] = tuple(STYLES), seeds: int = SEEDS) -> list[int]:
    """Return, per style, to how many of the healthy rules it objects at least once."""
    shares = [_shares(row.mutant, styles, seeds) for row in rows]
    return [sum(share[k] > 0 for share in shares) for k in range(len(styles))]


def _shares(mutant: Mutant, styles: Sequence[Style], seeds: int) -> tuple[float, ...]:
    call = mutant.example
    assert isinstance(call, Call)
    return tuple(sum(style.objection(call, seed) is not None for seed in range(seeds)) / seeds for style in styles)


def table(rows: Sequence[Row], alarms: Sequence[int], styles: Sequence[Style] = tuple(STYLES)) -> str:
    """Return the shares as a Markdown table: a line per law, one for all, one for the false alarms."""
    laws = list(dict.fromkeys(row.mutant.law for row in rows))
    lines = [_cells("law that it takes", "mutants", *(style.name for style in styles)),
             _cells("---", *["---:"] * (len(styles) + 1))]  # fmt: skip
    for law in laws:
        own = [row for row in rows if row.mutant.law == law]
        lines.append(_cells(law, str(len(own)), *_percent(own, len(styles))))
    lines.append(_cells("**all**", str(len(rows)), *(f"**{p}**" for p in _percent(rows, len(styles)))))
    lines.append(_cells("false alarms", str(len(rows)), *map(str, alarms)))
    return "\n".join(lines)


def _percent(rows: Sequence[Row], columns: int) -> list[str]:
    return [f"{100 * sum(row.caught[k] for row in rows) / max(len(rows), 1):.0f} %" for k in range(columns)]


def _cells(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def residents(mutants: Sequence[Mutant]) -> str:
    """Return the mutants by family, a line each."""
    families = dict.fromkeys(m.family for m in mutants)
    parts = []
    for family in families:
        own = [_resident(m) for m in mutants if m.family == family]
        parts.append("\n".join([f"### {family[0].upper()}{family[1:]}\n", *own]))
    return "\n\n".join(parts)


def _resident(m: Mutant) -> str:
    text = f"- `{m.name}` in `{m.function}`: {m.seen}"
    return textwrap.fill(text, 118, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def verdict(mutant: Mutant, objection: Callable[[Call, int], Exception | None] = STYLES[-1].objection) -> str:
    """Return what our checker says about a mutant."""
    call = mutant.example
    assert isinstance(call, Call)
    with planted(mutant):
        said = str(objection(call, 0)).partition("\n\nimport ")[0]  # the snippet that follows is for pasting
    return f"**{mutant.name}**: {mutant.seen}\n\n```diff\n- {mutant.old}\n+ {mutant.new}\n```\n\n```text\n{said}\n```"


def page(mutants: Sequence[Mutant], held_out: Sequence[Mutant] = ()) -> str:
    """Return the page as Markdown."""
    rows, unseen = measure(mutants), measure(held_out)
    shown = [m for m in mutants if m.name in SHOWN]
    return "\n".join([
        _INTRODUCTION.format(count=len(mutants)),
        _STYLES.format(count=len(rows), seeds=SEEDS),
        table(rows, false_alarms(rows)), "",
        *([_HELD_OUT.format(count=len(unseen)), table(unseen, false_alarms(unseen)), ""] if unseen else []),
        "## What our checker says about some of them", "",
        "\n\n".join(map(verdict, shown)), "",
        "## Residents", "",
        residents(mutants), "",
    ])  # fmt: skip


def write(path: str, mutants: Sequence[Mutant], held_out: Sequence[Mutant] = ()) -> Path:
    """Write the page and return its path."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    text = page(mutants, held_out)
    with atomic_write(target, "w") as file:
        file.write(text)
    return target
