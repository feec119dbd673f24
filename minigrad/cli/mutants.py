"""Plant classic mistakes in the package, one by one, and name those that tests cannot see.

`--file` runs one's own tests under every mutant of the functions that they call; `--suite` runs, for every mutant,
the tests of this project that are about its module. A mutant that survives is a hole in the tests.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..errors import ArgumentError
from ..testing.mutants import Mutant, load, select

if TYPE_CHECKING:
    from ..testing.mutants.run import Result

PAGE = "tutorials/zoo/README.md"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    what = command.add_mutually_exclusive_group(required=True)
    what.add_argument("--file", nargs="+", metavar="PATH", help="run these test files under each mutant")
    what.add_argument("--suite", action="store_true", help="run the tests of each mutant's own module")
    what.add_argument("--list", action="store_true", help="list the mutants")
    what.add_argument(
        "--table", nargs="?", const=PAGE, metavar="PATH", help=f"compare gradient checkers and write a page ({PAGE})"
    )
    command.add_argument("--only", metavar="GLOB", help="only mutants whose name or family matches")
    command.add_argument(
        "--set", action="append", dest="sets", metavar="SET", help="zoo (default), a module, or a .py file; repeatable"
    )
    command.add_argument("--json", action="store_true", help="print the results as JSON")
    command.add_argument("-j", "--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="processes at a time")
    command.add_argument("--timeout", type=float, default=300.0, metavar="S", help="seconds per mutant (300)")
    command.add_argument("--fail-under", type=float, default=0.0, metavar="PERCENT", help="status 1 below this score")


def run(arguments: argparse.Namespace) -> int:
    """Do what the options say; return 1 if a score is too low."""
    sets = {source: select(load(source), arguments.only) for source in arguments.sets or ["zoo"]}
    if arguments.list:
        return _list(sets, arguments.json)
    if arguments.table:
        from ..testing.mutants.page import write

        held_out = load("minigrad.testing.mutants.held_out")
        print(f"wrote {write(arguments.table, [m for found in sets.values() for m in found], held_out)}")
        return 0
    from ..testing.mutants.run import score

    results = {source: _results(source, mutants, arguments) for source, mutants in sets.items()}
    if arguments.json:
        print(json.dumps({source: [_as_dict(r) for r in found] for source, found in results.items()}, indent=1))
    else:
        for source, found in results.items():
            print(report(source, found))
    return int(any(score(found) < arguments.fail_under for found in results.values()))


def _results(source: str, mutants: Sequence[Mutant], arguments: argparse.Namespace) -> list[Result]:
    from ..testing.mutants.run import reached
    from ..testing.mutants.run import run as run_tests

    files = arguments.file or []
    if files and arguments.only is None:
        seen = {m.name for m in reached(files, source, arguments.timeout)}
        mutants = [m for m in mutants if m.name in seen]
        if not mutants:
            raise ArgumentError(
                f"mutants: {', '.join(files)} calls no function that has a mutant in {source}\n"
                "Hint: --list shows where the mutants live"
            )
    with _progress(len(mutants), quiet=arguments.json) as told:
        return run_tests(mutants, source, files, arguments.jobs, arguments.timeout, told)


@contextmanager
def _progress(total: int, quiet: bool) -> Iterator[Callable[[Any], None] | None]:
    """Show a bar on the terminal, and the survivors above it as they are found."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("mutants", total=total)

        def told(result: Any) -> None:
            if not result.killed:
                progress.console.print(f"{result.verdict}: {result.mutant.name}", highlight=False)
            progress.advance(bar)

        yield told


def report(source: str, results: Sequence[Result]) -> str:
    """Return the score by family, and all about those that were not killed."""
    from ..testing.mutants.run import by_family, score

    families = list(by_family(results))
    width = max(len(name) for name, _, _ in families)
    lines = [f"{'family':<{width}}  mutants  killed"]
    lines += [f"{name:<{width}}  {total:>7}  {killed:>6}" for name, total, killed in families]
    lines.append(f"{score(results):.1f} % of {len(results)} mutants in {source} are killed")
    for verdict in ("timeout", "invalid", "survived"):
        found = [r.mutant for r in results if r.verdict == verdict]
        lines += [f"\n{verdict}:"] * bool(found)
        lines += [detail if verdict == "survived" else f"  {m.name}" for m in found for detail in [_details(m)]]
    return "\n".join(lines)


def _details(m: Mutant) -> str:
    return f"  {m.name}  in {m.where}\n    {m.old}  ->  {m.new}\n    seen  {m.seen}\n    law   {m.law}"


def _list(sets: dict[str, list[Mutant]], as_json: bool) -> int:
    if as_json:
        print(json.dumps({source: [_as_dict(m) for m in found] for source, found in sets.items()}, indent=1))
        return 0
    for source, found in sets.items():
        print(f"{source}: {len(found)} mutants, {sum(m.kind == 'rule' for m in found)} of them wrong rules")
        width = max(len(m.name) for m in found)
        for m in found:
            print(f"  {m.name:<{width}}  {m.where}\n  {'':<{width}}  {m.seen}")
    return 0


def _as_dict(item: Any) -> dict[str, Any]:
    """Return what there is to know of a mutant, or of a result, for JSON."""
    mutant: Mutant = getattr(item, "mutant", item)
    names = ("name", "family", "kind", "where", "old", "new", "seen", "law")
    known = {name: getattr(mutant, name) for name in names}
    extra = {} if item is mutant else {"verdict": item.verdict, "by": item.by, "seconds": round(item.seconds, 2)}
    return {**known, **extra}
