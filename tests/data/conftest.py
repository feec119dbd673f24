"""A mirror on this machine that can be told to misbehave, and a home without data sets."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest


@dataclass
class Mirror:
    """Serves `files`; each request takes the next of `faults`, and is noted as (path, first byte asked for)."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    requests: list[tuple[str, int]] = field(default_factory=list)


def handler_for(mirror: Mirror) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
            start = int(asked[1]) if asked else 0
            mirror.requests.append((self.path.lstrip("/"), start))
            fault, _, detail = (mirror.faults.pop(0) if mirror.faults else "").partition(" ")
            data = mirror.files.get(self.path.lstrip("/"))
            if data is None or fault == "status":
                return self.send_error(int(detail or 404))
            if fault == "corrupt":
                data = bytes(255 - byte for byte in data)
            if fault == "whole":
                asked, start = None, 0
            if asked and start >= len(data):
                return self.send_error(416)
            self.send_response(206 if asked else 200)
            if asked:
                self.send_header("Content-Range", f"bytes {start + (fault == 'shifted')}-{len(data) - 1}/{len(data)}")
            if fault != "endless":
                self.send_header("Content-Length", str(len(data) - start))
            self.end_headers()
            body = data[start:][: int(detail) if fault == "cut" else None]
            self.wfile.write(body * int(detail) if fault == "endless" else body)

        def log_message(self, *args: object) -> None:
            pass

    return Handler


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    it = Mirror()
    with ThreadingHTTPServer(("127.0.0.1", 0), handler_for(it)) as server:
        it.url = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield it
        server.shutdown()
        thread.join()


@pytest.fixture
def unreachable(monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a port that nobody listens on any more."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        return f"http://127.0.0.1:{server.server_port}/"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of its own, in which the cache is."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for variable in ("MINIGRAD_DATA", "MINIGRAD_OFFLINE"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path
