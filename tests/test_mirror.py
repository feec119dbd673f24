"""The tests mirror the source, stem for stem, and files stay short enough to read."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(p for p in (ROOT / "minigrad").rglob("*.py") if not p.name.startswith("__"))
KERNELS = sorted(p for p in (ROOT / "kernels" / "minigrad_kernels").rglob("*.py") if not p.name.startswith("__"))
LONGEST = 300
def mirror_of(source):
    """Return the path of the test module that a module must have, relative to tests/."""
    if ROOT / "kernels" in source.parents:
        inside = Path("kernels") / source.relative_to(ROOT / "kernels" / "minigrad_kernels")
    else:
        inside = source.relative_to(ROOT / "minigrad")
    return (inside.parent / f"test_{inside.name}").as_posix()


@pytest.mark.parametrize("source", SOURCES + KERNELS, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_module_has_a_test_module_of_its_name(source):
    assert (ROOT / "tests" / mirror_of(source)).exists()


@pytest.mark.parametrize("source", SOURCES + KERNELS, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_file_is_longer_than_an_idea_or_it_says_why(source):
    lines = source.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= LONGEST or any("Longer than 300 lines because" in line for line in lines[:5])
