"""Images for the transforms to change."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def images() -> np.ndarray:
    """Twelve odd-shaped colour images of floats, (N, C, H, W)."""
    return np.random.default_rng(0).normal(size=(12, 3, 7, 10))
