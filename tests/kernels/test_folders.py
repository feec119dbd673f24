"""Each system keeps what can be made again in a folder of its own."""

from pathlib import Path

import pytest

from minigrad_kernels.folders import cache_folder


@pytest.fixture
def home(monkeypatch, tmp_path):
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    return tmp_path


def test_each_system_has_its_cache_folder(home):
    assert cache_folder({}, "linux") == home / ".cache" / "minigrad"
    assert cache_folder({}, "darwin") == home / "Library" / "Caches" / "minigrad"
    assert cache_folder({}, "win32") == home / "AppData" / "Local" / "minigrad" / "Cache"
    assert cache_folder({"LOCALAPPDATA": "/local"}, "win32") == Path("/local/minigrad/Cache")


def test_the_users_own_choice_comes_first(home):
    assert cache_folder({"XDG_CACHE_HOME": "/xdg"}, "darwin") == Path("/xdg/minigrad")
