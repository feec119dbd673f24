"""`python -m minigrad.data`: see what data there are, where they lie, fetch them, check them."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from functools import partial

from ..errors import MinigradError
from .bundle import manifest, read_bundled
from .catalog import CATALOG, Entry, find
from .check import read_checked
from .places import candidates, places
from .sources import load


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status: 0, or 1 if something is missing or damaged."""
    parser = argparse.ArgumentParser(prog="python -m minigrad.data", description="Real data sets, checked by SHA-256.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="show every data set").set_defaults(run=lambda options: show_list())
    where = commands.add_parser("where", help="show where a data set is looked for, and what is there")
    where.add_argument("name", nargs="?", help="all of them if left out")
    where.add_argument("--root", help="a folder to look into first")
    where.set_defaults(run=lambda options: show_places(options.name, options.root))
    get = commands.add_parser("get", help="download a data set unless it is here already")
    get.add_argument("name")
    get.add_argument("--root", help="download to this folder; the cache if left out")
    get.set_defaults(run=lambda options: fetch(options.name, options.root))
    commands.add_parser("verify", help="check every file that is here").set_defaults(run=lambda options: verify())
    options = parser.parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except MinigradError as error:
        print(error, file=sys.stderr)
        return 1


def show_list() -> int:
    """Print name, sizes, license and title of every data set."""
    for entry in CATALOG.values():
        sizes = " + ".join(f"{n:,} {split}" for split, n in entry.counts.items())
        bundled = "bundled" if entry.bundle and not entry.files else "subset bundled" if entry.bundle else "download"
        print(f"{entry.name:14} {bundled:15} {sizes:26} {entry.title}; {entry.license}")
    return 0


def show_places(name: str | None, root: str | None) -> int:
    """Print the folders that are searched, in order, and the files found there."""
    for entry in [find(name)] if name else CATALOG.values():
        print(entry.name)
        for kind, folder in places(entry, root) if entry.files else ():
            print(f"  {kind:10} {folder}")
            for resource in entry.resources():
                for path in candidates(entry, resource, folder):
                    print(f"  {'':10}   {path}")
        if entry.bundle:
            print(f"  {'bundled':10} {entry.bundle.file}")
    return 0


def fetch(name: str, root: str | None) -> int:
    """Load every split of the whole data set, which downloads what is missing."""
    logging.basicConfig(format="%(message)s")
    logging.getLogger("minigrad.data").setLevel(logging.INFO)
    dataset = load(name, "all", root=root, strict=True)
    print(f"{name}: {dataset.info.n:,} items from {dataset.info.source}")
    return 0


def verify() -> int:
    """Compare every bundled file, and every copy of a file that a search finds, with its digest."""
    damaged = 0
    for file in manifest():
        damaged += _report(f"bundled {file}", partial(read_bundled, file))
    for entry in CATALOG.values():
        damaged += _verify_found(entry)
    return int(damaged > 0)


def _verify_found(entry: Entry) -> int:
    found = {
        path: resource
        for _, folder in (places(entry) if entry.files else ())
        for resource in entry.resources()
        for path in candidates(entry, resource, folder)
    }
    return sum(_report(str(path), partial(read_checked, path, resource)) for path, resource in found.items())


def _report(name: str, check: Callable[[], object]) -> bool:
    """Print whether a check passes; return whether it fails."""
    try:
        check()
    except MinigradError as error:
        print(f"damaged  {name}\n{error}")
        return True
    print(f"right    {name}")
    return False


if __name__ == "__main__":
    sys.exit(main())
