"""g++ and the cache of builds."""

import os
import time

import pytest

from tests.cusim import build
from tests.cusim.simulator import SimError, SimModule, missing_compiler


@pytest.fixture
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "minigrad" / "cusim"


def write(text, calls):
    def make(path):
        calls.append(text)
        path.write_text(text)

    return make


def test_the_same_texts_are_made_once(cache):
    calls = []
    first = build.cached(".txt", ["a", "b"], write("made", calls))
    assert first.read_text() == "made" and first.parent == cache
    assert build.cached(".txt", ["a", "b"], write("made", calls)) == first
    assert build.cached(".txt", ["ab", ""], write("other", calls)) != first
    assert calls == ["made", "other"]


def test_what_fails_leaves_nothing(cache):
    def make(path):
        path.write_text("half")
        raise SimError("no")

    with pytest.raises(SimError):
        build.cached(".txt", ["a"], make)
    assert list(cache.iterdir()) == []


def test_two_who_make_the_same_at_once_both_get_it(cache):
    calls = []

    def make(path):
        build.cached(".txt", ["a"], write("same", calls))  # another process is faster
        path.write_text("same")

    assert build.cached(".txt", ["a"], make).read_text() == "same"


def test_what_nobody_used_for_a_month_is_forgotten(cache):
    calls = []
    old, used = (build.cached(".txt", [text], write(text, calls)) for text in ("old", "used"))
    long_ago = time.time() - 2 * build.MONTH
    for path in old, used:
        os.utime(path, (long_ago, long_ago))
    build.cached(".txt", ["used"], write("used", calls))
    build.cached(".txt", ["new"], write("new", calls))
    assert not old.exists() and used.exists()


def test_a_compiler_that_is_not_there_is_a_reason_in_one_sentence(monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    reason = (
        "the simulator of CUDA kernels needs a C++ compiler: no-such-compiler is none (the variable CXX names another)"
    )
    assert missing_compiler() == reason
    with pytest.raises(SimError, match="no-such-compiler is none"):
        SimModule("")
