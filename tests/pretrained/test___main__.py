import pytest

from minigrad.errors import DataError
from minigrad.pretrained import __main__ as module


def test_the_list_says_what_is_here(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("MINIGRAD_PRETRAINED", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "g2p").mkdir()
    (tmp_path / "g2p/checkpoint20.npz").write_bytes(b"")
    assert module.main(["list"]) == 0
    shown = capsys.readouterr().out
    assert "silero_vad       is somebody speaking?" in shown and "Apache-2.0" in shown
    assert "is not the checkpoint20.npz that was tested" in shown


def test_fetching_goes_on_after_a_failure_and_then_says_so(monkeypatch, tmp_path, capsys):
    def fetch(name):
        if name == "g2p":
            raise DataError("pretrained: no network")
        return [tmp_path / name / "file"]

    monkeypatch.setattr(module, "fetch", fetch)
    assert module.main(["fetch", "g2p", "crepe"]) == 1
    out, err = capsys.readouterr()
    assert out == f"crepe            {tmp_path / 'crepe'}\n" and "no network" in err
    assert module.main(["fetch", "crepe"]) == 0


def test_without_names_everything_is_fetched(monkeypatch, tmp_path, capsys):
    asked = []
    monkeypatch.setattr(module, "fetch", lambda name: asked.append(name) or [tmp_path])
    assert module.main(["fetch"]) == 0
    assert asked == list(module.WEIGHTS)
    with pytest.raises(SystemExit):
        module.main([])
