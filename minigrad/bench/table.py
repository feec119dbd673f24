"""The table of results."""

from __future__ import annotations

from typing import Any, NamedTuple

from .machine import Machine


class Row(NamedTuple):
    """Median seconds of one workload, per side."""

    name: str
    times: dict[str, float]
    targets: dict[str, float | None]
    flops: float | None = None
    bytes: float | None = None

    def ratios(self) -> dict[str, float]:
        """Return our time over theirs: below 1 we are faster."""
        return {side: self.times["minigrad"] / self.times[side] for side in self.targets}

    def as_dict(self) -> dict[str, Any]:
        """Return everything, for a file."""
        return {**self._asdict(), "ratios": self.ratios()}


def print_rows(rows: list[Row], machine: Machine, heading: bool) -> None:
    """Print lines of the table; the heading says what the machine is."""
    if heading:
        print(
            f"{machine.cpu}, {machine.threads} thread(s); matrix product {machine.gflops:.0f} Gflop/s, copy "
            f"{machine.gbytes:.1f} GB/s\n{'median ms':>62}  {'ratio (target)'}"
        )
    for row in rows:
        ours = row.times["minigrad"] * 1e3
        print(f"{row.name[:52]:52s} {ours:9.3f}  {_against(row):40s} {_against_machine(row, machine)}", flush=True)


def _against_machine(row: Row, machine: Machine) -> str:
    """Return how much of the machine's product, or of its copy, the work reaches."""
    rates = ((row.flops, machine.gflops, "peak"), (row.bytes, machine.gbytes, "copy"))
    return "  ".join(
        f"{amount / row.times['minigrad'] / 1e7 / best:4.0f} % of {what}" for amount, best, what in rates if amount
    )


def _against(row: Row) -> str:
    parts = []
    for side, ratio in row.ratios().items():
        target = row.targets[side]
        verdict = "" if target is None else f" ({target:.2f}{'' if ratio <= target else ' MISSED'})"
        label = "" if side == "PyTorch" else f"{side.removeprefix('PyTorch ')}: "
        parts.append(f"{label}{ratio:.2f}{verdict}")
    return "   ".join(parts)


def print_seconds(startup: dict[str, float], footprint: dict[str, float]) -> None:
    """Print the times of new processes, and the peaks of memory."""
    for name, seconds in startup.items():
        print(f"{name:52s} {seconds:9.2f} s")
    for name, megabytes in footprint.items():
        print(f"{f'process that trains the CNN, peak, {name}':52s} {megabytes:9.0f} MB")
