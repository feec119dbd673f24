import hashlib
import re

import pytest

from minigrad.errors import ArgumentError, DataError, MissingPackageError
from minigrad.pretrained import packages
from minigrad.pretrained.packages import WEIGHTS, PackagedFile, Weights, find
from minigrad.text import load_gpt2

DATA = b"weights"
FILES = (PackagedFile("some_package/data/a.bin", hashlib.sha256(DATA).hexdigest()),)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A cache of its own, and weights by the name "some"."""
    monkeypatch.setenv("MINIGRAD_PRETRAINED", str(tmp_path / "given"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setitem(packages.WEIGHTS, "some", Weights("some", "title", "some-package==1", "MIT", FILES))
    return tmp_path


def write(path, data=DATA):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("where", ["given/some/a.bin", "given/some_package/data/a.bin", "site/some_package/data/a.bin"])
def test_weights_are_found_where_they_were_fetched_unpacked_or_installed(folder, where):
    if where.startswith("site"):
        write(folder / "site/some_package/__init__.py", b"raise SystemExit('a package that is found is never imported')")
    written = write(folder / where)
    assert find("some") == [written]


def test_the_cache_is_searched_after_the_folder_that_was_given(folder):
    cached = write(packages.cache_folder() / "pretrained/some/a.bin")
    assert find("some") == [cached]
    given = write(folder / "given/some/a.bin")
    assert find("some") == [given]


def test_missing_weights_say_where_they_were_sought_and_how_to_get_them(folder):
    with pytest.raises(MissingPackageError) as caught:
        find("some")
    message = str(caught.value)
    assert message.startswith("pretrained: a.bin of some is not here; searched\n")
    assert str(folder / "given/some/a.bin") in message
    assert message.endswith("Hint: python -m minigrad.pretrained fetch some gets it out of the package some-package==1")


def test_another_file_of_that_name_is_refused(folder):
    path = write(folder / "given/some/a.bin", b"other")
    with pytest.raises(DataError, match=re.escape(f"pretrained: {path} is not the a.bin that was tested") + r"\n  expected sha256"):
        find("some")


def test_an_unknown_name_is_answered_with_those_there_are():
    with pytest.raises(ArgumentError, match="no weights are called 'bert'; there are sentence_bert, silero_vad, g2p, crepe"):
        find("bert")


def test_every_entry_is_complete():
    for weights in WEIGHTS.values():
        assert weights.title and weights.license and re.search(r"[=@]\d", weights.package)
        assert all(re.fullmatch("[0-9a-f]{64}", file.sha256) for file in weights.files)


@pytest.mark.pretrained
def test_gpt2s_vocabulary_gives_the_ids_of_another_implementation(weights, reference):
    tokenizer = load_gpt2(*weights("gpt2_vocabulary"))
    assert len(tokenizer) == 50257
    for text, ids in reference("gpt2_vocabulary.json"):
        assert tokenizer.encode(text) == ids
        assert tokenizer.decode(ids) == text
