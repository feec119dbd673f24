"""`minigrad warmup` runs every kernel once and keeps what is compiled."""

import numpy as np
import pytest

import minigrad
from minigrad.bench import run
from minigrad.bench.workload import Workload
from minigrad.cli import main
from minigrad_kernels.cpu import compiled


@pytest.fixture
def works(monkeypatch, tmp_path):
    """A benchmark of one workload, and an empty folder for kernels."""
    monkeypatch.setenv(compiled.FOLDER_VARIABLE, str(tmp_path))
    compiled.kernel_folder.cache_clear()

    @compiled.compiled
    def double(x):
        return 2 * x

    built = []
    monkeypatch.setattr(run, "WORKLOADS", {"cpu": [Workload("one", lambda lib: lambda: built.append((lib, double(np.float32(1)))))]})
    yield built
    compiled.kernel_folder.cache_clear()


def test_every_workload_is_done_once_and_its_kernels_are_kept(works, capsys, tmp_path):
    assert main(["warmup"]) == 0
    assert works == [(minigrad, 2.0)]
    assert "1 kernels compiled in" in capsys.readouterr().out and len(list(tmp_path.rglob("double-*"))) == 1


def test_without_a_folder_it_says_that_nothing_is_kept(works, monkeypatch, capsys):
    monkeypatch.setenv(compiled.FOLDER_VARIABLE, "off")
    compiled.kernel_folder.cache_clear()
    assert main(["warmup"]) == 0
    assert "not kept" in capsys.readouterr().out
