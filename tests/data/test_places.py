from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from minigrad.data.catalog import find
from minigrad.data.places import candidates, download_folder, is_offline, places

MNIST = find("mnist")
IMAGES = MNIST.files["test"][0]


def test_the_most_explicit_place_comes_first(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIGRAD_DATA", str(home / "variable"))
    entry = replace(MNIST, installed=("~/installed",))
    assert list(places(entry, home / "root")) == [
        ("root", home / "root"),
        ("variable", home / "variable"),
        ("cache", home / "cache" / "minigrad"),
        ("installed", home / "installed"),
    ]
    monkeypatch.delenv("MINIGRAD_DATA")
    assert [place.kind for place in places(entry)] == ["cache", "installed"]


@pytest.mark.parametrize("below", ["", "mnist/1", "mnist", "MNIST/raw"])
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_the_layouts_of_other_libraries_are_found(tmp_path: Path, below: str, suffix: str) -> None:
    path = tmp_path / below / (IMAGES.name + suffix)
    assert list(candidates(MNIST, IMAGES, tmp_path)) == []
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    assert list(candidates(MNIST, IMAGES, tmp_path)) == [path]


def test_downloads_go_where_the_search_finds_them(home: Path) -> None:
    for root in (None, home / "mine"):
        folder = download_folder(MNIST, root)
        folder.mkdir(parents=True)
        (folder / IMAGES.remote_name).touch()
        assert list(candidates(MNIST, IMAGES, next(places(MNIST, root)).folder)) == [folder / IMAGES.remote_name]


@pytest.mark.parametrize(("value", "offline"), [("1", 1), ("yes", 1), ("0", 0), ("", 0), ("False", 0)])
def test_the_variable_forbids_the_network(monkeypatch: pytest.MonkeyPatch, value: str, offline: int) -> None:
    monkeypatch.setenv("MINIGRAD_OFFLINE", value)
    assert is_offline() is bool(offline)
    assert is_offline(True) is True and is_offline(False) is False
