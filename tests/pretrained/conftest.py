"""Weights of others, where they are at hand; a test that needs them is skipped where they are not, and says why."""

import json
from pathlib import Path

import numpy as np
import pytest

from minigrad.errors import MissingPackageError
from minigrad.pretrained import find

REFERENCES = Path(__file__).parent / "references"


@pytest.fixture(scope="session")
def weights():
    """A function that returns the files of some weights, or skips the test."""

    def files(name):
        try:
            return find(name)
        except MissingPackageError as error:
            pytest.skip(str(error).partition("; searched")[0] + f": python -m minigrad.pretrained fetch {name}")

    return files


@pytest.fixture(scope="session")
def reference():
    """A function that reads a reference: the arrays of an npz, or the value of a JSON file."""

    def read(file):
        if file.endswith(".json"):
            return json.loads((REFERENCES / file).read_text(encoding="utf-8"))
        with np.load(REFERENCES / file) as arrays:
            return dict(arrays)

    return read
