"""pytest run on files of its own, with our plugin, in another process."""

import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[1]


def write(folder, name, source):
    """Write a file for a run."""
    (folder / name).write_text(textwrap.dedent(source), encoding="utf-8")


def run_pytest(folder, *arguments):
    """Return the exit code of pytest in a folder, and all that it says."""
    paths = [str(ROOT), str(ROOT / "kernels")]
    code = f"import sys; sys.path[:0] = {paths!r}; import pytest; sys.exit(pytest.main(sys.argv[1:]))"
    plugins = ["-p", "no:minigrad", "-p", "minigrad_pytest", "-p", "no:cacheprovider"]  # not twice, where it is installed
    done = subprocess.run(
        [sys.executable, "-c", code, *plugins, "-rs", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr
