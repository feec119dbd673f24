import json

import pytest

from minigrad.errors import FileFormatError
from minigrad.text.saving import read_json, strings, write_json

KINDS = {"knife": {"blades": list, "sharp": bool}}


def test_fields_come_back(tmp_path):
    write_json(tmp_path / "k.json", "knife", {"blades": ["a", "☃"], "sharp": True})
    assert read_json(tmp_path / "k.json", KINDS) == ("knife", {"blades": ["a", "☃"], "sharp": True})


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "not a tokenizer of version 1 and kind knife, but "), ({"kind": "fork", "version": 1}, "not a tokenizer"),
        ({"kind": "knife", "version": 2}, "not a tokenizer"), ({"kind": [], "version": 1}, "not a tokenizer"),
        ({"kind": "knife", "version": 1, "blades": []}, r"has the fields \['blades', 'sharp'\], this one \['blades'\]"),
        ({"kind": "knife", "version": 1, "blades": [], "sharp": True, "x": 1}, "this one"),
        ({"kind": "knife", "version": 1, "blades": [], "sharp": 1}, "sharp should be a bool, it is 1"),
    ],
)  # fmt: skip
def test_other_documents_are_refused(tmp_path, document, message):
    (tmp_path / "k.json").write_text(json.dumps(document))
    with pytest.raises(FileFormatError, match=f"load_tokenizer: .*{message}"):
        read_json(tmp_path / "k.json", KINDS)


@pytest.mark.parametrize("content", [b"", b"{", b'{"a": 1, "a": 2}', b"\xff", b"[" * 100_000])
def test_damaged_files_are_refused(tmp_path, content):
    (tmp_path / "k.json").write_bytes(content)
    with pytest.raises(FileFormatError, match=r"^load_tokenizer: "):
        read_json(tmp_path / "k.json", KINDS)


def test_lists_hold_strings():
    assert strings("x", ["a"]) == ["a"]
    for value in ("a", [1], None):
        with pytest.raises(FileFormatError, match="x: should be a list of strings"):
            strings("x", value)
