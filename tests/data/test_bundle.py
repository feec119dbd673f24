from __future__ import annotations

import hashlib
from importlib import resources

import numpy as np
import pytest

from minigrad.data import bundle
from minigrad.data.bundle import decode_bundled, manifest, read_bundled
from minigrad.data.catalog import CATALOG, find
from minigrad.errors import ArgumentError, DataError
from minigrad.random import Generator

FOLDER = resources.files("minigrad.data") / "bundled"


def sha256(array: np.ndarray) -> str:
    return hashlib.sha256(array.tobytes()).hexdigest()


def same(a: np.ndarray, b: np.ndarray) -> bool:
    return len(a) == len(b) and (np.array_equal(a, b) if a.dtype != object else all(map(np.array_equal, a, b)))


def test_the_manifest_describes_every_file_and_no_other() -> None:
    files = {f.name: f.read_bytes() for f in FOLDER.iterdir() if f.name not in ("manifest.json", "LICENSES.md")}
    assert set(files) == set(manifest()) == {e.bundle.file for e in CATALOG.values() if e.bundle}
    for name, data in files.items():
        assert manifest()[name]["bytes"] == len(data)
        assert manifest()[name]["sha256"] == hashlib.sha256(data).hexdigest()
    assert sum(map(len, files.values())) < 3_000_000


def test_every_file_has_its_license_stated_the_same_everywhere() -> None:
    text = (FOLDER / "LICENSES.md").read_text(encoding="utf-8")
    for entry in CATALOG.values():
        if entry.bundle:
            assert manifest()[entry.bundle.file]["license"] == entry.license
            assert f"## {entry.bundle.file}\n" in text
            assert any(entry.bundle.file in line and entry.license in line for line in text.splitlines())


def test_the_digits_are_the_first_ten_thousand_of_mnist_in_a_stated_order() -> None:
    x, y = decode_bundled(find("digits"), "all")
    order = Generator(1998).permutation(10_000)
    pixels, labels = np.empty_like(x), np.empty(10_000, np.uint8)
    pixels[order], labels[order] = x, y
    assert np.bincount(labels).tolist() == [1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978]
    assert (np.diff(labels.astype(int)) >= 0).all()
    assert sha256(pixels)[:16] == "0768d16c5adea568"
    assert sha256(labels)[:16] == "44e605757823cf79"


def test_the_small_digits_are_those_of_the_uci_repository() -> None:
    x, y = decode_bundled(find("digits8x8"), "all")
    assert x.shape == (1797, 8, 8) and x.max() == 16
    assert np.bincount(y).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert x[0, 0].tolist() == [0, 0, 5, 13, 9, 1, 0, 0] and y[:10].tolist() == list(range(10))


def test_the_text_is_eight_whole_plays_without_boilerplate() -> None:
    text = decode_bundled(find("shakespeare"), "all")[0].tobytes().decode("ascii")
    assert text.startswith("HAMLET, PRINCE OF DENMARK\n") and text.endswith("[Exit.]\n")
    assert "To be, or not to be,--that is the question:" in text and "Lord, what fools these mortals be!" in text
    assert text.count("by William Shakespeare\n") == 8
    assert "gutenberg" not in text.lower() and "\n\n\n" not in text and " \n" not in text


def test_the_names_are_sorted_distinct_and_lower_case() -> None:
    names = decode_bundled(find("names"), "all")[0].tolist()
    assert names == sorted(set(names)) and all(name.isalpha() and name.islower() for name in names)
    assert {"emma", "olivia", "ava", "isabella", "sophia"} <= set(names)


def test_the_words_and_their_phonemes_are_those_of_the_dictionary() -> None:
    words, phonemes = decode_bundled(find("pronunciations"), "all")
    assert words.tolist() == sorted(set(words.tolist())) and "".join(words).isalpha() and "".join(words).islower()
    known = dict(zip(words.tolist(), phonemes.tolist(), strict=True))
    assert known["aardvark"] == "AA1 R D V AA2 R K" and len({p for line in known.values() for p in line.split()}) == 69


def test_the_vowels_are_divided_as_their_authors_did() -> None:
    x, y = decode_bundled(find("japanese_vowels"), "all")
    assert np.bincount(y[:270]).tolist() == [30] * 9
    assert np.bincount(y[270:]).tolist() == [31, 35, 88, 44, 29, 24, 40, 50, 29]  # of the UCI repository's page
    assert (min(map(len, x)), max(map(len, x))) == (7, 29)
    assert x[0][0, :2].tolist() == np.array([1.860936, -0.207383], 'f4').tolist() and all(a.shape[1] == 12 for a in x)


@pytest.mark.parametrize("name", ["digits", "digits8x8", "shakespeare", "names", "speeches", "pronunciations", "japanese_vowels"])
def test_the_splits_are_disjoint_and_complete(name: str) -> None:
    entry = find(name)
    held_out = next(split for split in entry.counts if split != "train")
    x, train, rest = (decode_bundled(entry, split)[0] for split in ("all", "train", held_out))
    assert {"train": len(train), held_out: len(rest)} == entry.counts
    number = np.arange(len(x))
    assert same(rest, x[entry.bundle.held_out])
    assert same(train, x[np.setdiff1d(number, number[entry.bundle.held_out])])


def test_a_damaged_or_missing_file_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "manifest", lambda: {"names.txt": {"sha256": "0" * 64}, "gone.npz": {"sha256": ""}})
    with pytest.raises(DataError, match=r"names.txt is damaged\n  expected sha256 0000"):
        read_bundled("names.txt")
    with pytest.raises(DataError, match=r"gone.npz cannot be read(?s:.)*Hint: reinstall"):
        read_bundled("gone.npz")


def test_what_is_not_bundled_has_no_bundled_file() -> None:
    with pytest.raises(ArgumentError, match="cifar10 has no bundled file"):
        decode_bundled(find("cifar10"), "train")
