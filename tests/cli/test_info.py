"""`minigrad info` says what belongs into a bug report, on any machine."""

from __future__ import annotations

import platform

import numpy as np
import pytest

from minigrad.cli import info, main
from minigrad.errors import DeviceError


def shown(capsys):
    """Run the command and return its lines as name: value."""
    assert main(["info"]) == 0
    return dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())


def test_versions_devices_threads_and_kernels_are_there(capsys):
    facts = shown(capsys)
    assert facts["numpy"] == np.__version__ and facts["python"].startswith(platform.python_version())
    assert set(facts) == set(info.facts()) >= {"minigrad", "numba", "cpus", "threads", "cuda", "kernels"}
    assert int(facts["cpus"]) >= 1


def test_values_are_aligned(capsys):
    main(["info"])
    lines = capsys.readouterr().out.splitlines()
    width = max(map(len, info.facts())) + 2
    assert all(line[width - 1] == " " and line[width] != " " for line in lines)


def test_settings_in_the_environment_are_shown(capsys, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("MINIGRAD_KERNELS", "reference")
    facts = shown(capsys)
    assert facts["threads"] == "3" and facts["kernels"] == "reference"


def test_a_package_that_is_missing_is_said_to_be(monkeypatch):
    def version(package):
        raise info.importlib.metadata.PackageNotFoundError(package)

    monkeypatch.setattr(info.importlib.metadata, "version", version)
    assert info.facts()["rich"] == "not installed"


@pytest.mark.parametrize(
    ("installed", "answer", "expected"),
    [(False, None, "CuPy is not installed"), (True, 2, "2 device(s)"), (True, DeviceError("no driver"), "no driver")],
)
def test_cuda_is_counted_or_its_absence_explained(installed, answer, expected, monkeypatch):
    class Runtime:
        def __getattr__(self, name):
            return self

        def __call__(self):
            return answer

    def module_for(device):
        if isinstance(answer, Exception):
            raise answer
        return Runtime()

    monkeypatch.setattr(info.importlib.util, "find_spec", lambda name: object() if installed else None)
    monkeypatch.setattr(info, "module_for", module_for)
    assert info.facts()["cuda"] == expected
