"""What the tests of safetensors files share."""

import json
import struct

import pytest


@pytest.fixture(scope="session")
def file_bytes():
    """A function that gives the bytes of a safetensors file with any header, right or wrong."""

    def build(header, buffer=b"", pad=True):
        text = header if isinstance(header, bytes) else json.dumps(header).encode()
        text += b" " * (-len(text) % 8 if pad else 0)
        return struct.pack("<Q", len(text)) + text + buffer

    return build
