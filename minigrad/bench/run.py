"""One run of the benchmark: which workloads, against whom, and what was found."""

from __future__ import annotations

import argparse
import importlib
import json
from fnmatch import fnmatch
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from . import convolution, device, gpu, machine, matmul, optimizer, pointwise, sequence, steps, tiny
from .footprint import footprint
from .race import Clock, agree, clock_for, pause_for, race
from .startup import startup
from .table import Row, print_rows, print_seconds
from .workload import Workload

WORKLOADS: dict[str, list[Workload]] = {
    "cpu": [
        *steps.WORKLOADS, *convolution.WORKLOADS, *matmul.WORKLOADS, *sequence.WORKLOADS, *pointwise.WORKLOADS,
        *optimizer.WORKLOADS, *tiny.WORKLOADS,
    ],
    "cuda": [*gpu.WORKLOADS, *(w.on_gpu() for w in steps.WORKLOADS)],
}  # fmt: skip
RIVALS = {"torch": "PyTorch"}


class Options(NamedTuple):
    """What the command line asked for."""

    against: str | None
    only: str
    threads: int
    device: str
    seconds: float
    json: Path | None


def chosen(pattern: str, device: str = "cpu") -> list[Workload]:
    """Return the workloads for a device whose names match a shell pattern, or contain it."""
    return [w for w in WORKLOADS[device] if fnmatch(w.name, pattern) or pattern in w.name]


def rivals(against: str | None) -> dict[str, Any]:
    """Return the libraries to run against: the one asked for, or those that are installed."""
    names = [against] if against else [name for name in RIVALS if find_spec(name) is not None]
    return {name: importlib.import_module(name) for name in names}


def run(options: Options, yardsticks: machine.Machine) -> list[Row]:
    """Run the workloads, printing as they are done; return the rows."""
    import minigrad
    import minigrad.optim  # PyTorch has it from the start

    ours: Any = minigrad
    libraries, clock = rivals(options.against), clock_for(options.threads)
    for lib in libraries.values():
        lib.set_num_threads(options.threads)
    if options.device == "cuda":
        libraries = {name: device.OnDevice(lib, "cuda") for name, lib in libraries.items()}
        ours, clock = device.OnDevice(minigrad, "cuda"), device.DeviceClock()
    rows: list[Row] = []
    pause = pause_for(options.threads)
    for workload in chosen(options.only, options.device):
        row = measure(workload, ours, libraries, options.seconds, clock, pause)
        print_rows([row], yardsticks, heading=not rows)
        rows.append(row)
    return rows


def yardsticks_of(options: Options) -> machine.Machine:
    """Return what the processor that is used can do. To be asked first: kernels hold BLAS to one thread."""
    return device.measure() if options.device == "cuda" else machine.measure(options.threads)


def measure(
    workload: Workload, ours: Any, libraries: dict[str, Any], seconds: float, clock: Clock, pause: float = 0.0
) -> Row:
    """Race one workload."""
    sides = {"minigrad": workload.build(ours)}
    targets = {}
    for name, lib in libraries.items():
        sides[RIVALS[name]] = workload.build(lib)
        targets[RIVALS[name]] = workload.target
        for variant, (build, target) in workload.tuned.items():
            sides[variant], targets[variant] = build(lib), target
    if workload.compare:
        agree(workload.name, sides, workload.rtol)
    times = race(sides, seconds, clock, pause)
    return Row(workload.name, times, targets, workload.flops, workload.bytes)


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark in this process, whose environment already says how many threads to use."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    options = Options(**vars(parser.parse_args(argv)))
    yardsticks = yardsticks_of(options)
    rows = run(options, yardsticks)
    result: dict[str, Any] = {"machine": yardsticks._asdict(), "rows": [row.as_dict() for row in rows]}
    if options.only in ("*", "startup") and options.device == "cpu":
        names = list(rivals(options.against))
        result["startup_s"] = startup(names)
        result["step_peak_mb"] = footprint(["minigrad", *names])
        print_seconds(result["startup_s"], result["step_peak_mb"])
    if options.json is not None:
        options.json.write_text(json.dumps(result, indent=1), encoding="utf-8")
    return 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--against", choices=list(RIVALS), help="the library to race; by default those installed")
    parser.add_argument("--only", default="*", help="a pattern, or a part, of the workloads' names; or startup")
    parser.add_argument("--threads", type=int, default=1, help="on both sides (default: 1)")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="where (default: cpu)")
    parser.add_argument("--seconds", type=float, default=0.5, help="for each side of each workload (default: 0.5)")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
