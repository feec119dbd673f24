import os
import pickle
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from minigrad.errors import FileFormatError
from minigrad.io.files import looks_like, open_regular, quote


def test_pickles_and_zips_are_recognised_by_their_first_bytes(tmp_path):
    for protocol in (2, 3, 4, 5):
        assert "pickle" in looks_like(pickle.dumps({"w": 1}, protocol=protocol))
    np.savez(tmp_path / "a", x=np.arange(3))
    assert "zip" in looks_like((tmp_path / "a.npz").read_bytes())
    with zipfile.ZipFile(tmp_path / "b", "w"):
        pass
    assert "zip" in looks_like((tmp_path / "b").read_bytes())
    np.save(tmp_path / "c", np.arange(3))
    assert ".npy" in looks_like((tmp_path / "c.npy").read_bytes())
    assert looks_like(b"\x08\0\0\0\0\0\0\0{}      ") == ""


def test_quote_shortens_what_a_file_may_make_long():
    assert quote("conv1.weight") == "'conv1.weight'"
    assert len(quote("x" * 10**6)) < 100
    assert len(quote({"k" * 10**5: [list(range(1000))] * 1000})) < 1000


def test_only_regular_files_are_opened(tmp_path):
    with pytest.raises(FileFormatError, match="is a folder, pipe or device"), open_regular("read", tmp_path):
        pass
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")  # opening it would wait for a writer for ever
        with pytest.raises(FileFormatError, match="is a folder"), open_regular("read", tmp_path / "pipe"):
            pass
    with pytest.raises(FileNotFoundError), open_regular("read", tmp_path / "nothing"):
        pass
    (tmp_path / "five").write_bytes(b"12345")
    with open_regular("read", tmp_path / "five") as (file, size):
        assert size == 5
        assert file.read() == b"12345"
    assert file.closed


def test_importing_the_folder_imports_nothing_that_only_some_readers_need():
    listing = "import sys, minigrad.io; print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", listing]
    loaded = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()
    assert "minigrad.io.checkpoint" in loaded
    assert not {"zipfile", "pickle5", "safetensors", "matplotlib"} & set(loaded)
