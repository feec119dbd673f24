from __future__ import annotations

import re

import pytest

from minigrad.data.catalog import CATALOG, Entry, find
from minigrad.errors import ArgumentError


def test_the_names_are_those_of_the_documentation() -> None:
    assert set(CATALOG) == {
        "mnist", "digits", "digits8x8", "fashion_mnist", "cifar10", "shakespeare", "names", "speeches",
        "pronunciations", "japanese_vowels",
    }  # fmt: skip


@pytest.mark.parametrize("entry", CATALOG.values(), ids=lambda entry: entry.name)
def test_every_entry_is_complete(entry: Entry) -> None:
    assert entry.title and entry.license and entry.citation
    assert entry.bundle or entry.files
    assert all(n > 0 for n in entry.counts.values())
    for resource in entry.resources():
        assert re.fullmatch(r"[0-9a-f]{64}", resource.sha256) and resource.size > 0
    if entry.files:
        assert set(entry.files) == set(entry.counts)
        assert entry.decode and entry.mirrors
        assert all(mirror.startswith("http") and mirror.endswith("/") for mirror in entry.mirrors)


def test_known_digests_of_the_idx_files() -> None:
    digests = {(e.name, r.name): r.sha256[:16] for e in CATALOG.values() for r in e.resources()}
    assert digests["mnist", "t10k-images-idx3-ubyte"] == "0fa7898d509279e4"
    assert digests["fashion_mnist", "train-images-idx3-ubyte"] == "c59f468a2f672dc8"
    assert digests["fashion_mnist", "train-labels-idx1-ubyte"] == "bad3541b69d91243"
    assert digests["fashion_mnist", "t10k-images-idx3-ubyte"] == "5b4141f0afbad91e"
    assert digests["fashion_mnist", "t10k-labels-idx1-ubyte"] == "0402a96d92fd2663"


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(ArgumentError, match=r"no data set is called 'minst'; there are (?s:.)*did you mean 'mnist'"):
        find("minst")
    with pytest.raises(ArgumentError, match=r"Hint: python -m minigrad.data list shows them all"):
        find("xyzzy")
