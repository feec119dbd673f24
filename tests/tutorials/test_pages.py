"""What is published is made from the pages that are there; `tutorials/build.py --check` runs them too."""

import re
from pathlib import Path

import pytest

from tutorials.build import HERE, SMALL, blank, cells, prose

PAGES = sorted(path for path in HERE.glob("*.py") if path.name != "build.py")
LESSONS = [path for path in PAGES if path.name[0].isdigit()]
PICTURE = re.compile(r"^!\[(.*)\]\((.*)\)$", re.M)


def name(path):
    return path.stem


def published(path):
    return path.with_suffix(".md").read_text(encoding="utf-8")


def test_the_lessons_are_numbered_without_a_gap():
    assert [int(path.stem[:2]) for path in LESSONS] == list(range(1, len(LESSONS) + 1))


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_the_published_page_has_the_text_and_the_code_of_its_source(path):
    text, at = published(path), 0
    for cell in cells(path.read_text(encoding="utf-8")):
        part = "\n".join(line.text for line in prose(cell)) if cell.is_text else f"```python\n{cell.body}\n```"
        at = text.index(part, at) + len(part)


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_every_picture_is_there_says_what_it_shows_and_is_used(path):
    shown = PICTURE.findall(published(path))
    assert all(label for label, _ in shown)
    assert not any(blank(HERE / picture) for _, picture in shown)
    folder = HERE / f"{path.stem}_files"
    assert sorted(folder.glob("*")) == sorted(HERE / picture for _, picture in shown)


@pytest.mark.parametrize("path", LESSONS, ids=name)
def test_pictures_of_lessons_are_small(path):
    assert all((HERE / picture).stat().st_size <= SMALL for _, picture in PICTURE.findall(published(path)))


@pytest.mark.parametrize("path", LESSONS, ids=name)
def test_a_lesson_ends_with_three_planted_bugs_and_their_answers(path):
    bugs = published(path).partition("\n## Three planted bugs to find with the checker\n")[2]
    assert re.findall(r"^\d\. ", bugs.partition("<details><summary>Answers</summary>")[2], re.M) == ["1. ", "2. ", "3. "]


def test_the_index_lists_every_page_and_nothing_else():
    linked = re.findall(r"\]\(([^)]+)\)", (HERE / "README.md").read_text(encoding="utf-8"))
    assert sorted(Path(link).stem for link in linked if link.endswith(".md") and "/" not in link) == [
        path.stem for path in PAGES
    ]
