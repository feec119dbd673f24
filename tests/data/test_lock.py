from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from minigrad.data.lock import locked
from minigrad.errors import DataError


def test_only_one_holds_the_lock(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    refused = pytest.raises(DataError, match=r"another program has held .*\.lock for 0 s")
    with locked(path), refused, locked(path, timeout=0):
        pass
    with locked(path, timeout=0):
        pass


def test_an_error_inside_lets_go_of_it(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), locked(tmp_path / ".lock"):
        raise RuntimeError
    with locked(tmp_path / ".lock", timeout=0):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="the child uses POSIX locks")
def test_a_process_that_died_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    child = "import fcntl, os, sys; fcntl.flock(os.open(sys.argv[1], os.O_RDWR | os.O_CREAT), 2); os.abort()"
    subprocess.run([sys.executable, "-S", "-c", child, str(path)], stderr=subprocess.DEVNULL, check=False)
    assert path.exists()
    with locked(path, timeout=0):
        pass
