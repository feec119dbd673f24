"""The README says what is so: its example runs, its files exist and are about as long as it says."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("path", "lines"), re.findall(r"^\| `([^`]+)` \| (\d+) \|", TEXT, re.M))
def test_files_of_the_tour_are_about_as_long_as_it_says(path, lines):
    count = len((ROOT / path).read_text(encoding="utf-8").splitlines())
    assert abs(count - int(lines)) <= max(10, 0.15 * count)


@pytest.mark.parametrize("path", re.findall(r"\]\(([^)#:]+)\)", TEXT))
def test_links_lead_somewhere(path):
    assert (ROOT / path).exists()


@pytest.mark.slow
def test_the_example_trains():
    example = re.findall(r"```python\n(.*?)```", TEXT, re.S)[1]
    names = {}
    exec(compile(example, "README.md", "exec"), names)
    assert names["loss"].item() < 1.0
