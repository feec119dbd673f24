"""Which mutants can these tests see? One process per mutant, a time limit, and a score.

killed      a test failed, as it should
survived    all tests passed: a hole in the tests, or a mutant that is no mistake
timeout     the tests did not end: killed too, for somebody notices
invalid     the tests could not be run
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from ...errors import ArgumentError
from .mutant import ZOO, Mutant, load
from .plugin import PLANT, REACHED

_PASSED, _FAILED, _BROKEN = 0, 1, 2  # pytest's exit codes; a mutant may break the collection too


@dataclass(frozen=True)
class Result:
    """What became of a mutant."""

    mutant: Mutant
    verdict: str
    seconds: float
    by: str = ""  # the test that killed it

    @property
    def killed(self) -> bool:
        """Whether the tests noticed."""
        return self.verdict in ("killed", "timeout")


def run(
    mutants: Sequence[Mutant], source: str = ZOO, files: Sequence[str] = (), jobs: int = 1, limit: float = 300.0,
    told: Callable[[Result], None] | None = None,
) -> list[Result]:  # fmt: skip
    """Run tests under each mutant: `files`, or those that each mutant names. `told` hears of every result.

    Raises  ArgumentError if the tests fail, or cannot be run, without any mutant
    """
    for wanted in sorted({tuple(files) or m.test_files() for m in mutants}):
        _check_healthy(wanted, limit)
    results: dict[str, Result] = {}
    with ThreadPoolExecutor(max(jobs, 1)) as pool:
        waiting = [pool.submit(_under, m, source, tuple(files) or m.test_files(), limit) for m in mutants]
        for done in as_completed(waiting):
            result = done.result()
            results[result.mutant.name] = result
            if told is not None:
                told(result)
    return [results[m.name] for m in mutants]


def reached(files: Sequence[str], source: str = ZOO, limit: float = 600.0) -> list[Mutant]:
    """Return the mutants whose function the tests in `files` call: those that they could see."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "names")
        _check_healthy(files, limit, {REACHED: f"{source}:{path}"})
        names = set(path.read_text(encoding="utf-8").split("\n"))
    return [m for m in load(source) if m.name in names]


def _check_healthy(files: Sequence[str], limit: float, extra: dict[str, str] | None = None) -> None:
    code, output, seconds = _pytest(files, limit, extra or {})
    if code == _PASSED:
        return
    if code is None:
        raise ArgumentError(f"mutants: {', '.join(files)} took more than {limit:g} s without any mutant")
    if code in (_FAILED, _BROKEN):
        raise ArgumentError(
            f"mutants: {_culprit(output) or 'a test'} fails without any mutant, after {seconds:.0f} s\n"
            "Hint: a score means something only for tests that pass"
        )
    raise ArgumentError(f"mutants: pytest cannot run {', '.join(files)}: {output.strip()[-300:]}")


def _under(mutant: Mutant, source: str, files: Sequence[str], limit: float) -> Result:
    """Run the tests with the mutant planted."""
    code, output, seconds = _pytest(files, limit, {PLANT: f"{source}:{mutant.name}"})
    verdicts = {None: "timeout", _PASSED: "survived", _FAILED: "killed", _BROKEN: "killed"}
    return Result(mutant, verdicts.get(code, "invalid"), seconds, _culprit(output))


def _pytest(files: Sequence[str], limit: float, extra: dict[str, str]) -> tuple[int | None, str, float]:
    """Run pytest up to the first failure; return its exit code (None: out of time), what it printed, and how long."""
    command = [
        sys.executable, "-m", "pytest", "-x", "-q", "--tb=no", "-rfE", "-p", "no:cacheprovider",
        "-p", "minigrad.testing.mutants.plugin", *files,
    ]  # fmt: skip
    paths = [os.getcwd(), *(p for p in sys.path if p)]
    path = os.pathsep.join(dict.fromkeys(paths))
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **extra, "PYTHONPATH": path}
    start = time.monotonic()
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        return None, "", time.monotonic() - start
    return done.returncode, done.stdout + done.stderr, time.monotonic() - start


def _culprit(output: str) -> str:
    """Return the first test that failed."""
    found = re.search(r"^(?:FAILED|ERROR) (\S+)", output, re.MULTILINE)
    return found.group(1) if found else ""


def score(results: Sequence[Result]) -> float:
    """Return the percentage of mutants that were noticed."""
    return 100.0 * sum(r.killed for r in results) / len(results) if results else 100.0


def by_family(results: Sequence[Result]) -> Iterator[tuple[str, int, int]]:
    """Yield family, mutants, killed."""
    families: dict[str, list[Result]] = {}
    for result in results:
        families.setdefault(result.mutant.family, []).append(result)
    for family, own in families.items():
        yield family, len(own), sum(r.killed for r in own)
