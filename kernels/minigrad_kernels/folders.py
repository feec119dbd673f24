"""Where things are kept that can be made, or fetched, again."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path


def cache_folder(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Return the folder for downloads and compiled kernels: the user's cache folder, as each system defines it.

    >>> cache_folder({"XDG_CACHE_HOME": "/tmp/c"}, "linux").as_posix()
    '/tmp/c/minigrad'
    """
    if environ.get("XDG_CACHE_HOME"):
        return Path(environ["XDG_CACHE_HOME"]) / "minigrad"
    if platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "minigrad" / "Cache"
    if platform == "darwin":
        return Path.home() / "Library" / "Caches" / "minigrad"
    return Path.home() / ".cache" / "minigrad"
