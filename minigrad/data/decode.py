"""From the bytes of checked files to arrays: x as it is stored, y as int64, which is what the losses expect.

Nothing here unpickles, and nothing is extracted to disk.
"""

from __future__ import annotations

import io
import lzma
import tarfile
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from ..errors import FileFormatError
from .idx import decode_idx

Numbers: TypeAlias = "np.ndarray[Any, Any]"
Pair: TypeAlias = "tuple[Numbers, Numbers]"
Decode: TypeAlias = "Callable[[Sequence[bytes], str], Pair]"


def decode_images(files: Sequence[bytes], split: str) -> tuple[Numbers, Numbers]:
    """Decode an idx pair of images and labels, as MNIST and Fashion-MNIST have them."""
    images, labels = files
    return decode_idx(images, f"{split} images"), decode_idx(labels, f"{split} labels").astype(np.int64)


CIFAR_RECORD = 1 + 3 * 32 * 32  # one label byte, then the red, green and blue planes
CIFAR_MEMBERS = {
    "train": tuple(f"cifar-10-batches-bin/data_batch_{i}.bin" for i in range(1, 6)),
    "test": ("cifar-10-batches-bin/test_batch.bin",),
}


def decode_cifar(files: Sequence[bytes], split: str) -> tuple[Numbers, Numbers]:
    """Decode the binary CIFAR-10 archive in memory: no file is extracted and nothing is unpickled."""
    records = []
    with tarfile.open(fileobj=io.BytesIO(files[0]), mode="r:*") as archive:
        for name in CIFAR_MEMBERS[split]:
            try:
                member = archive.extractfile(name)
            except KeyError:
                member = None
            data = member.read() if member else b""
            if not data or len(data) % CIFAR_RECORD:
                raise FileFormatError(f"cifar10: {name} has {len(data)} bytes, not a multiple of {CIFAR_RECORD}")
            records.append(np.frombuffer(data, np.uint8).reshape(-1, CIFAR_RECORD))
    rows = np.concatenate(records)
    return rows[:, 1:].reshape(-1, 3, 32, 32), rows[:, 0].astype(np.int64)


def decode_npz(data: bytes) -> Pair:
    """Decode an npz file that holds `x` and `y`."""
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return arrays["x"], arrays["y"].astype(np.int64)


def decode_sequences(data: bytes) -> Pair:
    """Decode an npz file of sequences, one after the other in `x`, in millionths; `lengths` says where to cut."""
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        steps = (arrays["x"] / 1e6).astype(np.float32)
        ends, y = np.cumsum(arrays["lengths"], dtype=np.int64), arrays["y"].astype(np.int64)
    x = np.empty(len(ends), object)  # an array of arrays: their lengths differ
    x[:] = np.split(steps, ends[:-1])
    return x, y


def decode_text(data: bytes) -> Numbers:
    """Decode a text compressed with xz into one byte per character."""
    return np.frombuffer(lzma.decompress(data), np.uint8).copy()


def decode_lines(data: bytes) -> Numbers:
    """Decode a list of words, one a line, into an array of strings."""
    return np.array(data.decode("ascii").splitlines())


def decode_columns(data: bytes) -> Pair:
    """Decode two columns of text, divided by tabs and compressed with xz, into two arrays of strings."""
    rows = [line.split("\t") for line in lzma.decompress(data).decode("ascii").splitlines()]
    x, y = zip(*rows, strict=True)
    return np.array(x), np.array(y)
