"""Masked language modelling: hide some tokens, and ask for them.

    tokens   the  quality  of  mercy  is  not  strain
    inputs   the  quality  of [MASK]  is  not  house         80 % of the chosen become [MASK], 10 % another token,
    labels    ·      ·      ·  mercy   ·  not  strain        10 % stay ("not"), so that no input can be trusted

Source: Devlin et al., "BERT: Pre-training of deep bidirectional transformers", 2019, section 3.1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .. import ops
from ..backend import to_numpy
from ..errors import ArgumentError
from ..random import FLOAT64, Generator, generator_for
from ..tensor import Tensor

IGNORE = -100  # cross_entropy's ignore_index


def mask_tokens(
    ids: Tensor,
    vocab_size: int,
    mask_id: int,
    special_ids: Sequence[int] = (),
    probability: float = 0.15,
    generator: Generator | None = None,
) -> tuple[Tensor, Tensor]:
    """Return (inputs, labels): `ids` with some tokens hidden, and what they were; -100 where nothing is asked.

    Every token that is not special is chosen with `probability`. Of those chosen, 80 % become `mask_id`, 10 % a
    random token that is not special, 10 % stay.

    Shapes    ids (any), integers  ->  inputs and labels as ids
    Raises    ArgumentError for ids outside the vocabulary, or if all tokens are special

    >>> from minigrad import tensor
    >>> inputs, labels = mask_tokens(tensor([0, 5, 6, 7, 8, 9, 1]), 10, 2, [0, 1, 2], 0.5, Generator(4))
    >>> inputs.tolist(), labels.tolist()
    ([0, 2, 6, 7, 4, 2, 1], [-100, 5, -100, -100, 8, 9, -100])
    """
    array = to_numpy(ids.array)
    if array.dtype.kind not in "iu":
        raise ArgumentError(f"mask_tokens: ids are whole numbers, got {array.dtype}")
    if array.size and not (array.min() >= 0 and array.max() < vocab_size):
        raise ArgumentError(f"mask_tokens: ids run from {array.min()} to {array.max()}, vocab_size is {vocab_size}")
    if not 0 <= probability <= 1:
        raise ArgumentError(f"mask_tokens: probability must lie in [0, 1], got {probability}")
    ordinary = np.setdiff1d(np.arange(vocab_size), [*special_ids, mask_id])
    if not len(ordinary):
        raise ArgumentError(f"mask_tokens: all {vocab_size} tokens are special")
    drawn = generator_for(generator, "cpu")
    choose, fate = drawn.uniform((2, *array.shape), FLOAT64)
    others = ordinary[drawn.integers(0, len(ordinary), array.shape)]
    chosen = (choose < probability) & ~np.isin(array, [*special_ids, mask_id])
    inputs = np.where(chosen & (fate < 0.8), mask_id, np.where(chosen & (fate >= 0.9), others, array))
    labels = np.where(chosen, array, IGNORE)
    return ops.as_tensor(inputs.astype(np.int64)), ops.as_tensor(labels.astype(np.int64))
