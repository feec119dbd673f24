"""Compiled kernels are kept on disk, found again by the next process, and never stale."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import minigrad_kernels
from minigrad_kernels.cpu import compiled

SOURCES = Path(minigrad_kernels.__file__).parent
SCRIPT = """
import sys; sys.path.insert(0, {package!r})
import numpy as np
from minigrad_kernels.cpu import toy
print(toy.triple(np.arange(3.0)), sum(toy.triple.stats.cache_hits.values()))
"""


@pytest.fixture(autouse=True)
def _fresh():
    compiled.kernel_folder.cache_clear()
    yield
    compiled.kernel_folder.cache_clear()


@pytest.fixture
def package(tmp_path):
    """A copy of the kernels with two files of our own: a kernel, and what it is made of."""
    shutil.copytree(SOURCES, tmp_path / "minigrad_kernels", ignore=shutil.ignore_patterns("__pycache__"))
    cpu = tmp_path / "minigrad_kernels" / "cpu"
    (cpu / "factor.py").write_text("from .compiled import compiled\n@compiled(inline='always')\ndef factor(x):\n    return 3 * x\n")
    (cpu / "toy.py").write_text(
        "from .compiled import compiled\nfrom .factor import factor\n@compiled\ndef triple(x):\n    return factor(x).sum()\n"
    )
    return tmp_path


def run(package, **variables):
    environment = {**os.environ, "MINIGRAD_KERNEL_CACHE": str(package / "cache"), **variables}
    script = SCRIPT.format(package=str(package))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True)
    return done.stdout.split(), done.stderr


def kept(package):
    return sorted((package / "cache").rglob("triple-*"))


def test_the_second_process_compiles_nothing_and_says_nothing(package):
    first, said = run(package)
    assert first == ["9.0", "0"] and said.count("compiling kernels for this CPU, once") == 1
    assert run(package) == (["9.0", "1"], "")


def test_a_change_in_any_source_is_seen_even_in_a_file_that_the_kernel_only_imports(package):
    run(package)
    factor = package / "minigrad_kernels" / "cpu" / "factor.py"
    factor.write_text(factor.read_text().replace("3 * x", "5 * x"))
    assert run(package)[0] == ["15.0", "0"]


def test_another_vector_width_has_machine_code_of_its_own(package):
    run(package)
    assert run(package, MINIGRAD_LANES="4")[0] == ["9.0", "0"]


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b[:-1] + bytes([b[-1] ^ 1]), lambda b: b""])
def test_a_damaged_file_is_compiled_anew(package, damage):
    run(package)
    (file,) = kept(package)
    file.write_bytes(damage(file.read_bytes()))
    assert run(package)[0] == ["9.0", "0"]
    assert run(package)[0] == ["9.0", "1"]


def test_without_a_cache_kernels_are_compiled_in_every_process(package):
    first, said = run(package, MINIGRAD_KERNEL_CACHE="off")
    assert first == ["9.0", "0"] and said.endswith("once\n") and not kept(package)


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="permissions of this kind exist on POSIX systems only")
def test_a_folder_that_others_can_write_to_is_not_trusted(monkeypatch, tmp_path):
    monkeypatch.setenv(compiled.FOLDER_VARIABLE, str(tmp_path))
    folder = compiled.kernel_folder()
    assert folder is not None and folder.parent == tmp_path
    folder.chmod(0o777)
    compiled.kernel_folder.cache_clear()
    assert compiled.kernel_folder() is None


def test_a_folder_that_cannot_be_made_means_no_cache(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(compiled.FOLDER_VARIABLE, str(tmp_path / "file"))
    assert compiled.kernel_folder() is None


def test_kernels_of_old_versions_are_removed(monkeypatch, tmp_path):
    monkeypatch.setenv(compiled.FOLDER_VARIABLE, str(tmp_path))
    for age in range(compiled.KEPT + 5):
        (tmp_path / str(age)).mkdir()
        os.utime(tmp_path / str(age), (1e9 - age, 1e9 - age))
    (tmp_path / "file").write_text("")
    folder = compiled.kernel_folder()
    assert {f.name for f in tmp_path.iterdir()} == {folder.name, "file", *map(str, range(compiled.KEPT - 1))}


def test_the_users_cache_folder_is_the_default(monkeypatch, tmp_path):
    monkeypatch.delenv(compiled.FOLDER_VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert compiled.kernel_folder() == tmp_path / "minigrad" / "kernels" / compiled.digest()


def test_division_by_zero_gives_infinity():
    @compiled.compiled
    def reciprocal(x):
        return 1.0 / x

    assert reciprocal(np.float64(0)) == np.inf
