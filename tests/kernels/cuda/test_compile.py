"""Every kernel compiles for the GPUs that we know, and fits them."""

from pathlib import Path

import pytest

import minigrad_kernels
from tests.cusim.nvrtc import ARCHITECTURES, compile_check, faults, skip_without_nvrtc

FOLDER = Path(minigrad_kernels.__file__).parent / "cuda"
SOURCES = sorted(FOLDER.glob("*.cu"))
LOCAL_MEMORY: dict[str, int] = {}  # kernel: bytes of local memory that it needs; say why


OLDER = [pytest.param(arch, marks=pytest.mark.slow) for arch in ARCHITECTURES[:-1]]


@skip_without_nvrtc
@pytest.mark.parametrize("arch", [*OLDER, ARCHITECTURES[-1]])
@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_all_kernels_of_a_file_compile_and_fit(source, arch):
    kernels = compile_check(source.read_text(encoding="utf-8"), arch, [FOLDER])
    found = {kernel.kernel: faults(kernel, LOCAL_MEMORY.get(kernel.kernel, 0)) for kernel in kernels}
    assert not {name: reasons for name, reasons in found.items() if reasons}


@skip_without_nvrtc
def test_every_kernel_that_may_use_local_memory_is_there_and_does():
    kernels = [
        kernel
        for source in SOURCES
        for kernel in compile_check(source.read_text(encoding="utf-8"), ARCHITECTURES[-1], [FOLDER])
    ]
    assert {kernel.kernel for kernel in kernels if kernel.stack} >= set(LOCAL_MEMORY)


@pytest.mark.parametrize("path", [*SOURCES, *sorted(FOLDER.glob("*.cuh"))], ids=lambda path: path.name)
def test_a_kernel_file_is_not_longer_than_an_idea(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 300 and max(map(len, lines)) <= 120
