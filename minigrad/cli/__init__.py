"""The `minigrad` command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ..errors import MinigradError
from . import bench, classroom, generate, info, mutants, predict, trace, train, warmup


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command and its subcommands."""
    top = argparse.ArgumentParser(prog="minigrad", description="A deep-learning framework to read, check and race.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in (train, predict, generate, info, bench, warmup, mutants, classroom, trace):
        name = module.__name__.rpartition(".")[2]
        summary = (module.__doc__ or "").splitlines()[0]
        command = commands.add_parser(name, help=summary, description=summary)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status: 0 done, 1 an error that was explained, 130 interrupted."""
    arguments = parser().parse_args(argv)
    try:
        status: int = arguments.run(arguments)
        return status
    except KeyboardInterrupt:
        return 130
    except (MinigradError, OSError) as error:
        print(f"minigrad {arguments.command}: {error}", file=sys.stderr)
        return 1
