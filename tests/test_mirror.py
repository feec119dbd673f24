"""The tests mirror the source, stem for stem, and files stay short enough to read."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(p for p in (ROOT / "minigrad").rglob("*.py") if not p.name.startswith("__"))
KERNELS = sorted(p for p in (ROOT / "kernels" / "minigrad_kernels").rglob("*.py") if not p.name.startswith("__"))
LONGEST = 300


@pytest.mark.parametrize("source", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_module_has_a_test_module_of_its_name(source):
    inside = source.relative_to(ROOT / "minigrad")
    assert (ROOT / "tests" / inside.parent / f"test_{inside.name}").exists()


@pytest.mark.parametrize("source", KERNELS, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_kernel_module_has_a_test_module_of_its_name(source):
    inside = source.relative_to(ROOT / "kernels" / "minigrad_kernels")
    assert (ROOT / "tests" / "kernels" / inside.parent / f"test_{inside.name}").exists()


@pytest.mark.parametrize("source", SOURCES + KERNELS, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_file_is_longer_than_an_idea(source):
    assert len(source.read_text(encoding="utf-8").splitlines()) <= LONGEST
