from __future__ import annotations

import io
import lzma
import tarfile

import numpy as np
import pytest

from minigrad.data.decode import (
    CIFAR_MEMBERS,
    decode_cifar,
    decode_columns,
    decode_images,
    decode_lines,
    decode_npz,
    decode_sequences,
    decode_text,
)
from minigrad.data.idx import encode_idx
from minigrad.errors import FileFormatError


def tar(members: dict[str, bytes | None]) -> bytes:
    """A gzipped archive; None makes a folder."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.type = len(data or b""), tarfile.REGTYPE if data is not None else tarfile.DIRTYPE
            archive.addfile(info, io.BytesIO(data or b""))
    return out.getvalue()


def records(labels: np.ndarray, images: np.ndarray) -> bytes:
    return np.concatenate([labels[:, None], images.reshape(len(labels), -1)], axis=1).astype(np.uint8).tobytes()


def test_images_and_labels_come_from_their_files() -> None:
    x, y = np.arange(24, dtype=np.uint8).reshape(2, 3, 4), np.array([7, 200], np.uint8)
    found = decode_images([encode_idx(x), encode_idx(y)], "train")
    np.testing.assert_array_equal(found[0], x)
    assert found[1].tolist() == [7, 200] and found[1].dtype == np.int64


def test_cifar_records_are_label_then_three_planes() -> None:
    rng = np.random.default_rng(0)
    labels, images = rng.integers(0, 10, (6, 3)), rng.integers(0, 256, (6, 3, 3, 32, 32))
    names = (*CIFAR_MEMBERS["train"], *CIFAR_MEMBERS["test"])
    archive = tar({name: records(*pair) for name, *pair in zip(names, labels, images, strict=True)})
    x, y = decode_cifar([archive], "train")
    np.testing.assert_array_equal(x, images[:5].reshape(15, 3, 32, 32))
    np.testing.assert_array_equal(y, labels[:5].ravel())
    x, y = decode_cifar([archive], "test")
    np.testing.assert_array_equal(x, images[5])


@pytest.mark.parametrize("content", ["absent", None, b"", b"\0" * 3072])
def test_an_archive_with_other_members_is_refused(content: str | bytes | None) -> None:
    name = CIFAR_MEMBERS["test"][0]
    archive = tar({"other" if content == "absent" else name: b"" if content == "absent" else content})
    with pytest.raises(FileFormatError, match=r"test_batch.bin has \d+ bytes, not a multiple of 3073"):
        decode_cifar([archive], "test")


def test_an_npz_that_needs_unpickling_is_refused() -> None:
    out = io.BytesIO()
    np.savez(out, x=np.array([{}], dtype=object), y=np.zeros(1))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        decode_npz(out.getvalue())


def test_texts_and_lists() -> None:
    codes = decode_text(lzma.compress(b"To be"))
    assert codes.tolist() == [84, 111, 32, 98, 101] and codes.flags.writeable
    assert decode_lines(b"ada\ngrace\n").tolist() == ["ada", "grace"]


def test_columns_are_divided_by_tabs() -> None:
    x, y = decode_columns(lzma.compress(b"ada\tEY1 D AH0\nhi\tHH AY1\n"))
    assert x.tolist() == ["ada", "hi"] and y.tolist() == ["EY1 D AH0", "HH AY1"]


def test_sequences_are_cut_by_their_lengths() -> None:
    out = io.BytesIO()
    np.savez(out, x=np.arange(10, dtype=np.int32).reshape(5, 2) * 10**6, lengths=np.array([2, 0, 3], np.uint8), y=np.array([4, 5, 6]))
    x, y = decode_sequences(out.getvalue())
    assert [a.tolist() for a in x] == [[[0, 1], [2, 3]], [], [[4, 5], [6, 7], [8, 9]]]
    assert y.tolist() == [4, 5, 6] and x[0].dtype == np.float32 and x[1].shape == (0, 2)
