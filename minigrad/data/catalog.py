"""The data sets that `load` knows: what each file must hold, where copies lie, and whose work it is.

A digest is the SHA-256 of a file's *decompressed* bytes, because the same digits circulate in gzip files that
differ. The CIFAR archive has one published form, so there it is the digest of the archive itself.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..errors import ArgumentError
from .decode import (
    Decode,
    Numbers,
    Pair,
    decode_cifar,
    decode_columns,
    decode_images,
    decode_lines,
    decode_npz,
    decode_sequences,
    decode_text,
)
from .speeches import PLAYS, decode_speeches


@dataclass(frozen=True)
class Resource:
    """One file: its name without .gz, the digest and size of its bytes, and whether gzip wraps them on the way."""

    name: str
    sha256: str
    size: int
    gzipped: bool = True

    @property
    def remote_name(self) -> str:
        """Return the name under which mirrors offer the file."""
        return self.name + ".gz" if self.gzipped else self.name


@dataclass(frozen=True)
class Bundle:
    """A file inside this package, and the rows of it that the second split takes; "train" has all the others.

    `decode` makes (x, y) of its bytes, or x alone. `note` is what a user must know of the rows when they stand in for
    the whole set.
    """

    file: str
    held_out: slice
    decode: Callable[[bytes], Pair | Numbers] = decode_npz
    note: str = ""


@dataclass(frozen=True)
class Entry:
    """All that is known about one data set.

    `counts` gives the items per split of the whole set, `files` the files that a split needs, `decode` turns their
    bytes into (x, y), `mirrors` are base addresses, `folders` the places below a root where other libraries keep
    the files, `installed` the places where system packages put them.
    """

    name: str
    title: str
    counts: Mapping[str, int]
    license: str
    citation: str
    classes: tuple[str, ...] = ()
    files: Mapping[str, tuple[Resource, ...]] = field(default_factory=dict)
    decode: Decode | None = None
    mirrors: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    installed: tuple[str, ...] = ()
    bundle: Bundle | None = None
    version: str = "1"

    def resources(self) -> tuple[Resource, ...]:
        """Return every file of the whole set, each once."""
        return tuple(dict.fromkeys(file for files in self.files.values() for file in files))


def _idx_files(train_x: str, train_y: str, test_x: str, test_y: str) -> dict[str, tuple[Resource, ...]]:
    return {
        "train": (
            Resource("train-images-idx3-ubyte", train_x, 16 + 60_000 * 28 * 28),
            Resource("train-labels-idx1-ubyte", train_y, 8 + 60_000),
        ),
        "test": (
            Resource("t10k-images-idx3-ubyte", test_x, 16 + 10_000 * 28 * 28),
            Resource("t10k-labels-idx1-ubyte", test_y, 8 + 10_000),
        ),
    }


_DIGITS = tuple("0123456789")
_MNIST_LICENSE = "CC BY-SA 3.0"
_MNIST_CITATION = (
    "Y. LeCun, C. Cortes, C. Burges: The MNIST database of handwritten digits (1998), derived from NIST's special "
    "databases. Copyright Yann LeCun and Corinna Cortes."
)
_SHAKESPEARE_LICENSE = "public domain; the collection CC BY 2.5"
_SHAKESPEARE_CITATION = "William Shakespeare: eight plays, from the collection of the Open Knowledge Foundation."
_CIFAR_ARCHIVE = Resource(
    "cifar-10-binary.tar.gz",
    "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    170_052_171,
    gzipped=False,
)
_EMBEDDED_DIGITS = Bundle("mnist10k.npz", slice(9_000, None), note=", all of them from the training set")

ENTRIES = (
    Entry(
        name="mnist",
        title="handwritten digits, 28x28 grey",
        counts={"train": 60_000, "test": 10_000},
        license=_MNIST_LICENSE,
        citation=_MNIST_CITATION,
        classes=_DIGITS,
        files=_idx_files(
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
        decode=decode_images,
        mirrors=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        folders=("MNIST/raw",),
        bundle=_EMBEDDED_DIGITS,
    ),
    Entry(
        name="digits",
        title="the 10,000 MNIST training digits that ship with minigrad",
        counts={"train": 9_000, "test": 1_000},
        license=_MNIST_LICENSE,
        citation=_MNIST_CITATION,
        classes=_DIGITS,
        bundle=_EMBEDDED_DIGITS,
    ),
    Entry(
        name="digits8x8",
        title="handwritten digits, 8x8, values 0 to 16",
        counts={"train": 1_437, "test": 360},
        license="CC BY 4.0",
        citation="E. Alpaydin, C. Kaynak: Optical recognition of handwritten digits, UCI repository (1998).",
        classes=_DIGITS,
        bundle=Bundle("digits8x8.npz", slice(1_437, None)),
    ),
    Entry(
        name="fashion_mnist",
        title="articles of clothing, 28x28 grey",
        counts={"train": 60_000, "test": 10_000},
        license="MIT",
        citation="H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST, a novel image dataset, arXiv 1708.07747 (2017).",
        classes=("t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"),
        files=_idx_files(
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
        decode=decode_images,
        mirrors=(
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        ),
        folders=("FashionMNIST/raw",),
        installed=("/usr/share/datasets/fashion-mnist", "~/.keras/datasets/fashion-mnist"),
    ),
    Entry(
        name="cifar10",
        title="small photographs, 32x32 colour",
        counts={"train": 50_000, "test": 10_000},
        license="not stated by its authors",
        citation="A. Krizhevsky: Learning multiple layers of features from tiny images (2009).",
        classes=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
        files={"train": (_CIFAR_ARCHIVE,), "test": (_CIFAR_ARCHIVE,)},
        decode=decode_cifar,
        mirrors=("https://www.cs.toronto.edu/~kriz/",),
    ),
    Entry(
        name="shakespeare",
        title="eight plays as one text, one byte per character",
        counts={"train": 952_261, "val": 105_807},
        license=_SHAKESPEARE_LICENSE,
        citation=_SHAKESPEARE_CITATION,
        bundle=Bundle("shakespeare.txt.xz", slice(952_261, None), decode_text),
    ),
    Entry(
        name="names",
        title="first names given in the United States in 2017",
        counts={"train": 26_919, "val": 2_991},
        license="public domain",
        citation="United States Social Security Administration: national baby name data (2017).",
        bundle=Bundle("names.txt", slice(9, None, 10), decode_lines),
    ),
    Entry(
        name="speeches",
        title="speeches of the eight plays, each labelled with its play",
        counts={"train": 3_942, "test": 437},
        license=_SHAKESPEARE_LICENSE,
        citation=_SHAKESPEARE_CITATION,
        classes=PLAYS,
        bundle=Bundle("shakespeare.txt.xz", slice(9, None, 10), decode_speeches),
    ),
    Entry(
        name="pronunciations",
        title="every third word of the CMU dictionary and its phonemes",
        counts={"train": 35_241, "val": 3_915},
        license="BSD-2-Clause",
        citation="Carnegie Mellon University: the CMU Pronouncing Dictionary, Copyright (C) 1993-2015.",
        bundle=Bundle("pronunciations.tsv.xz", slice(9, None, 10), decode_columns),
    ),
    Entry(
        name="japanese_vowels",
        title="nine speakers saying two vowels: 7 to 29 steps of 12 numbers, labelled by speaker",
        counts={"train": 270, "test": 370},
        license="CC BY 4.0",
        citation="M. Kudo, J. Toyama, M. Shimbo: Multidimensional curve classification using passing-through regions, "
        "Pattern Recognition Letters 20 (1999); UCI repository.",
        classes=tuple(f"speaker {i}" for i in range(1, 10)),
        bundle=Bundle("japanese_vowels.npz", slice(270, None), decode_sequences),
    ),
)  # fmt: skip
CATALOG: dict[str, Entry] = {entry.name: entry for entry in ENTRIES}


def find(name: str) -> Entry:
    """Return the entry of a data set, or name those that exist."""
    if name in CATALOG:
        return CATALOG[name]
    near = difflib.get_close_matches(str(name), CATALOG, 1)
    hint = f"did you mean {near[0]!r}?" if near else "python -m minigrad.data list shows them all"
    raise ArgumentError(f"load: no data set is called {name!r}; there are {', '.join(CATALOG)}\nHint: {hint}")
