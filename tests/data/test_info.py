from __future__ import annotations

from minigrad.data.info import DatasetInfo


def test_a_subset_is_less_than_the_whole() -> None:
    info = DatasetInfo("mnist", "train", "here", 9_000, 60_000, "", "", {})
    assert info.is_subset
    assert not DatasetInfo("mnist", "train", "here", 60_000, 60_000, "", "", {}).is_subset
