"""What a loaded data set says about itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


class DataSubsetWarning(UserWarning):
    """A bundled subset stands in for the whole data set, which was not found."""


@dataclass(frozen=True)
class DatasetInfo:
    """Where the numbers came from, how many there are, whose they are, and how to check them.

    `source` is the place that was really used. `n` counts the items loaded and `n_full` those of the same split of
    the whole set; they differ only for a subset. `sha256` gives, for each file that was read, the digest of its
    decompressed bytes.
    """

    name: str
    split: str
    source: str
    n: int
    n_full: int
    license: str
    citation: str
    sha256: Mapping[str, str]
    classes: tuple[str, ...] = ()

    @property
    def is_subset(self) -> bool:
        """Say whether items of the whole split are missing."""
        return self.n < self.n_full
