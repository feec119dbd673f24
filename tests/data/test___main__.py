from __future__ import annotations

import gzip
import hashlib
import runpy
from dataclasses import replace
from pathlib import Path

import pytest

from minigrad.data import catalog
from minigrad.data.__main__ import main
from minigrad.data.catalog import CATALOG, Resource
from minigrad.data.decode import decode_images
from minigrad.data.idx import encode_idx

from .conftest import Mirror
from .test_sources import SETS


@pytest.fixture
def tiny(home: Path, mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data set "cifar10" of two small files, and the folder of its downloads."""
    files = {"x": encode_idx(SETS["test"][0]), "y": encode_idx(SETS["test"][1])}
    mirror.files = {f"{name}.gz": gzip.compress(data) for name, data in files.items()}
    resources = tuple(Resource(name, hashlib.sha256(data).hexdigest(), len(data)) for name, data in files.items())
    entry = replace(
        CATALOG["cifar10"],
        counts={"test": 1_500},
        files={"test": resources},
        decode=decode_images,
        mirrors=(mirror.url,),
    )
    monkeypatch.setitem(catalog.CATALOG, "cifar10", entry)
    return home / "cache/minigrad/cifar10/1"


def test_list_shows_every_data_set(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(CATALOG)
    assert "9,000 train + 1,000 test" in lines[1] and "CC BY-SA 3.0" in lines[1]


def test_get_downloads_and_where_shows_the_files(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["get", "cifar10"]) == 0
    assert capsys.readouterr().out == f"cifar10: 1,500 items from {tiny}\n"
    assert main(["where", "cifar10"]) == 0
    shown = capsys.readouterr().out
    assert f"cache      {tiny.parent.parent}\n" in shown and str(tiny / "x.gz") in shown and str(tiny / "y.gz") in shown


def test_get_takes_a_folder(tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["get", "cifar10", "--root", str(tmp_path / "mine")]) == 0
    assert not tiny.exists()
    assert main(["where", "cifar10", "--root", str(tmp_path / "mine")]) == 0
    assert str(tmp_path / "mine/cifar10/1/x.gz") in capsys.readouterr().out


def test_get_says_what_went_wrong(tiny: Path, mirror: Mirror, capsys: pytest.CaptureFixture[str]) -> None:
    mirror.files = {}
    assert main(["get", "cifar10"]) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and "HTTP 404" in shown.err and "Hint" in shown.err
    assert main(["get", "cifra10"]) == 1
    assert "did you mean 'cifar10'" in capsys.readouterr().err


def test_verify_finds_damaged_files(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["get", "cifar10"])
    capsys.readouterr()
    assert main(["verify"]) == 0
    shown = capsys.readouterr().out
    assert "right    bundled mnist10k.npz\n" in shown and f"right    {tiny / 'x.gz'}\n" in shown
    (tiny / "x.gz").write_bytes(b"no")
    assert main(["verify"]) == 1
    shown = capsys.readouterr().out
    assert f"damaged  {tiny / 'x.gz'}\n" in shown and f"right    {tiny / 'y.gz'}\n" in shown


def test_where_shows_bundled_files_without_a_name(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["where"]) == 0
    assert "bundled    names.txt" in capsys.readouterr().out


def test_it_runs_as_a_module(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["minigrad.data", "list"])
    monkeypatch.delitem(__import__("sys").modules, "minigrad.data.__main__")
    with pytest.raises(SystemExit) as caught:
        runpy.run_module("minigrad.data", run_name="__main__")
    assert caught.value.code == 0 and "digits8x8" in capsys.readouterr().out
