"""`minigrad bench` starts a process that uses as many threads as asked."""

import subprocess
from types import SimpleNamespace

import pytest

from minigrad.cli import main


def test_the_environment_of_the_new_process_sets_the_threads(monkeypatch):
    started = []
    monkeypatch.setattr(subprocess, "run", lambda words, env, check: started.append((words, env)) or SimpleNamespace(returncode=3))
    assert main(["bench", "--threads", "2", "--only", "Adam*", "--against", "torch"]) == 3
    words, env = started[0]
    assert words[1:] == ["-m", "minigrad.bench", "--against=torch", "--only=Adam*", "--threads=2", "--device=cpu", "--seconds=0.5"]
    assert env["OMP_NUM_THREADS"] == env["OPENBLAS_NUM_THREADS"] == env["MKL_NUM_THREADS"] == "2"


def test_no_threads_at_all_are_refused(capsys):
    assert main(["bench", "--threads", "0"]) == 1
    assert "bench: --threads is 0, at least 1 is needed" in capsys.readouterr().err


@pytest.mark.slow
def test_a_real_run_prints_a_line_per_workload(capfd):
    assert main(["bench", "--only", "cross-entropy 64*", "--seconds", "0.05"]) == 0
    assert "cross-entropy 64×10" in capfd.readouterr().out
