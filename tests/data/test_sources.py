from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from minigrad.data import catalog, sources
from minigrad.data.catalog import Entry, Resource
from minigrad.data.decode import decode_images
from minigrad.data.idx import encode_idx
from minigrad.data.info import DataSubsetWarning
from minigrad.data.sources import load
from minigrad.errors import ArgumentError, DataError

from .conftest import Mirror

RNG = np.random.default_rng(0)
COUNTS = {"train": 11_000, "test": 1_500}
SETS = {split: (RNG.integers(0, 9, (n, 2, 2)).astype(np.uint8), RNG.integers(0, 9, n).astype(np.uint8))
        for split, n in COUNTS.items()}  # fmt: skip
FILES = {f"{split}-{what}": encode_idx(array)
         for split, pair in SETS.items() for what, array in zip("xy", pair, strict=True)}  # fmt: skip


@pytest.fixture
def entry(home: Path, mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> Entry:
    """A data set "mnist" that is small, offered by a mirror, and has the embedded digits as its subset."""
    mirror.files = {f"{name}.gz": gzip.compress(data) for name, data in FILES.items()}
    entry = replace(
        catalog.find("mnist"),
        counts=COUNTS,
        files={split: tuple(Resource(name, hashlib.sha256(FILES[name]).hexdigest(), len(FILES[name]))
                            for name in (f"{split}-x", f"{split}-y")) for split in COUNTS},
        decode=decode_images,
        mirrors=(mirror.url,),
        installed=(str(home / "installed"),),
    )  # fmt: skip
    monkeypatch.setitem(catalog.CATALOG, "mnist", entry)
    return entry


def put(folder: Path, change: Callable[[bytes], bytes] = bytes) -> Path:
    folder.mkdir(parents=True)
    for name, data in FILES.items():
        (folder / name).write_bytes(change(data))
    return folder


def test_the_whole_set_is_downloaded_and_then_cached(entry: Entry, home: Path, mirror: Mirror) -> None:
    for _ in range(2):
        digits = load("mnist", "test")
        np.testing.assert_array_equal(digits.x, SETS["test"][0])
        np.testing.assert_array_equal(digits.y, SETS["test"][1])
    assert digits.x.dtype == np.uint8 and digits.y.dtype == np.int64 and digits.x.flags.writeable
    assert mirror.requests == [("test-x.gz", 0), ("test-y.gz", 0)]
    assert digits.info.source == str(home / "cache" / "minigrad")
    assert (digits.info.n, digits.info.n_full, digits.info.is_subset) == (1_500, 1_500, False)
    assert digits.info.sha256["test-x"] == hashlib.sha256(FILES["test-x"]).hexdigest()
    assert (home / "cache/minigrad/mnist/1/test-x.gz").exists()


def test_all_joins_the_splits(entry: Entry) -> None:
    digits = load("mnist", "all")
    np.testing.assert_array_equal(digits.x, np.concatenate([SETS["train"][0], SETS["test"][0]]))
    assert len(digits.info.sha256) == 4 and digits.info.n_full == 12_500


def test_the_nearest_place_is_used(entry: Entry, home: Path, mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    order = [home / "installed", home / "cache/minigrad/mnist", home / "variable", home / "root/MNIST/raw"]
    monkeypatch.setenv("MINIGRAD_DATA", str(home / "variable"))
    for folder, used in zip(order, ("installed", "cache/minigrad", "variable", "root"), strict=True):
        put(folder)
        assert load("mnist", "test", root=home / "root").info.source == str(home / used)
    assert mirror.requests == []


def test_registry_takes_only_installed_files(entry: Entry, home: Path, mirror: Mirror) -> None:
    put(home / "cache/minigrad/mnist/1")
    with pytest.raises(DataError, match=f"searched {home}/installed\n"):
        load("mnist", source="registry")
    put(home / "installed")
    assert load("mnist", source="registry").info.source == str(home / "installed")
    assert mirror.requests == []


def test_download_passes_over_installed_files(entry: Entry, home: Path, mirror: Mirror) -> None:
    put(home / "installed")
    assert load("mnist", "test", source="download", root=home / "mine").info.source == str(home / "mine/mnist/1")
    assert mirror.requests == [("test-x.gz", 0), ("test-y.gz", 0)]
    with pytest.raises(DataError, match="offline: downloads are forbidden"):
        load("mnist", "test", source="download", offline=True)


def test_offline_gives_a_subset_that_says_so(entry: Entry, mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIGRAD_OFFLINE", "1")
    with pytest.warns(DataSubsetWarning) as caught:
        digits = load("mnist")
    message = str(caught[0].message)
    assert "mnist 'train' is a bundled subset, 9000 of 11000 items, all of them from the training set" in message
    assert "offline: downloads are forbidden" in message and "Hint: python -m minigrad.data get mnist" in message
    assert caught[0].filename == __file__
    assert digits.info.is_subset and digits.info.source == "bundled mnist10k.npz" and len(digits) == 9_000
    assert mirror.requests == []
    assert not load("mnist", "test", offline=False).info.is_subset


def test_no_network_gives_a_subset_that_says_why(
    entry: Entry, unreachable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(catalog.CATALOG, "mnist", replace(entry, mirrors=(unreachable,)))
    with pytest.warns(DataSubsetWarning, match=f"(?s)1000 of 1500 items.*{unreachable}test-x.gz: .*refused"):
        load("mnist", "test")


def test_strict_refuses_the_subset(entry: Entry) -> None:
    with pytest.raises(DataError) as caught:
        load("mnist", strict=True, offline=True)
    message = str(caught.value)
    assert "strict=True refuses the bundled subset of 9000 of 11000 items" in message
    assert message.startswith("load: mnist was not found\n") and "or root= a folder with train-x, train-y" in message


def test_bundled_takes_the_subset_though_the_set_is_here(entry: Entry, home: Path) -> None:
    put(home / "cache/minigrad/mnist/1")
    with pytest.warns(DataSubsetWarning, match="9000 of 11000"):
        assert len(load("mnist", source="bundled")) == 9_000


def test_a_damaged_file_in_the_named_root_is_an_error(entry: Entry, home: Path) -> None:
    put(home / "given", lambda data: data[:-1] + b"!")
    with pytest.raises(DataError, match=f"{home}/given/test-x is not test-x"):
        load("mnist", "test", root=home / "given")


def test_a_damaged_file_elsewhere_is_replaced_or_reported(entry: Entry, home: Path) -> None:
    put(home / "cache/minigrad/mnist/1", lambda data: data[:-1])
    with pytest.warns(DataSubsetWarning, match="test-x is not test-x"):
        load("mnist", "test", offline=True)
    assert not load("mnist", "test").info.is_subset
    assert not load("mnist", "test", offline=True).info.is_subset


def test_right_bytes_of_the_wrong_number_are_refused(entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(catalog.CATALOG, "mnist", replace(entry, counts={"train": 11_000, "test": 9}))
    with pytest.raises(DataError, match="mnist 'test' has 1500 images and 1500 labels, expected 9"):
        load("mnist", "test")


def test_a_set_without_a_subset_is_an_error(entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(catalog.CATALOG, "mnist", replace(entry, bundle=None))
    with pytest.raises(DataError, match=r"mnist was not found\n  searched (?s:.)*Hint: python -m minigrad"):
        load("mnist", offline=True)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("digits", {"split": "val"}, "digits has no split 'val'; use one of 'train', 'test', 'all'"),
        ("digits", {"source": "web"}, "source 'web' is unknown; use one of 'auto', 'bundled', 'registry', 'download'"),
        ("cifar10", {"source": "bundled"}, "cifar10 is not bundled"),
        ("names", {"source": "download"}, "names exists only in the package"),
        ("names", {"source": "registry"}, "names exists only in the package"),
        ("digit", {}, "did you mean 'digits'?"),
    ],
)
def test_bad_arguments_are_named(name: str, options: dict[str, str], message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        load(name, **options)
    assert message in str(caught.value)


BUNDLED_WHOLE = ["digits", "digits8x8", "shakespeare", "names", "speeches", "pronunciations", "japanese_vowels"]


@pytest.mark.parametrize("name", BUNDLED_WHOLE)
def test_what_is_bundled_whole_needs_no_warning_and_no_network(name: str, home: Path) -> None:
    dataset = load(name, offline=True, strict=True)
    assert len(dataset) == dataset.info.n == dataset.info.n_full
    assert list(dataset.info.sha256) == [dataset.info.source.removeprefix("bundled ")]


def test_texts_are_strings_too() -> None:
    plays = load("shakespeare", "val")
    assert plays.text.encode() == plays.x.tobytes() and plays.y is None
    with pytest.raises(ArgumentError, match=r"text: names is not a text, its x is <U15 \(2991,\)"):
        _ = load("names", "val").text


def test_no_part_of_the_loader_can_unpickle() -> None:
    folder = Path(sources.__file__).parent
    for path in folder.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        assert "import pickle" not in source and "allow_pickle=True" not in source and "extractall" not in source
