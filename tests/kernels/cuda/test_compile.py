"""Every kernel compiles for the GPUs that we know, and fits them."""

from pathlib import Path

import pytest

import minigrad_kernels
from tests.cusim.nvrtc import ARCHITECTURES, compile_check, faults, skip_without_nvrtc

FOLDER = Path(minigrad_kernels.__file__).parent / "cuda"
SOURCES = sorted(FOLDER.glob("*.cu"))


OLDER = [pytest.param(arch, marks=pytest.mark.slow) for arch in ARCHITECTURES[:-1]]


@skip_without_nvrtc
@pytest.mark.parametrize("arch", [*OLDER, ARCHITECTURES[-1]])
@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_all_kernels_of_a_file_compile_and_fit(source, arch):
    kernels = compile_check(source.read_text(encoding="utf-8"), arch, [FOLDER])
    assert {kernel.kernel: found for kernel in kernels if (found := faults(kernel))} == {}


@pytest.mark.parametrize("path", [*SOURCES, *sorted(FOLDER.glob("*.cuh"))], ids=lambda path: path.name)
def test_a_kernel_file_is_not_longer_than_an_idea(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 300
    assert [number for number, line in enumerate(lines, start=1) if len(line) > 120] == []
