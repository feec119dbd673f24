from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.data.transforms import mixup
from minigrad.errors import ArgumentError, DtypeError, ShapeError
from minigrad.random import Generator

X = np.random.default_rng(0).normal(size=(6, 2, 3)).astype(np.float32)
Y = np.array([0, 1, 2, 3, 1, 0])


def test_items_and_labels_are_mixed_with_the_same_weight_and_partner() -> None:
    x = np.eye(6, dtype=np.float64)
    y = np.arange(6)
    for seed in range(20):
        mixed, soft = mixup(x, y, num_classes=6, generator=Generator(seed))
        np.testing.assert_array_equal(mixed, soft)  # item i is class i, so both are the same mixture
        np.testing.assert_allclose(soft.sum(axis=1), 1)
        np.testing.assert_allclose(soft.sum(axis=0), 1)  # every item is partner once
        assert len(np.unique(np.diag(soft)[np.diag(soft) < 1])) <= 1  # one weight for the batch


def test_the_weight_is_beta_distributed() -> None:
    x, y = np.array([[0.0], [1.0]]), np.array([0, 1])
    for alpha in (0.2, 1.0, 5.0):
        generator = Generator(1)
        weights = []
        while len(weights) < 600:
            mixed, _ = mixup(x, y, num_classes=2, alpha=alpha, generator=generator)
            weights.extend([mixed[1, 0]] if mixed[0, 0] else [])
        variance = 1 / (4 * (2 * alpha + 1))
        assert abs(np.mean(weights) - 0.5) < 5 * np.sqrt(variance / 600)
        np.testing.assert_allclose(np.var(weights), variance, rtol=0.25)


def test_a_seed_decides_and_the_batch_is_left_alone() -> None:
    before = X.copy()
    first, again = (mixup(X, Y, num_classes=4, generator=Generator(5)) for _ in range(2))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(X, before)
    assert first[0].dtype == first[1].dtype == np.float32 and first[1].shape == (6, 4)


def test_tensors_give_tensors() -> None:
    x, y = mixup(mg.from_numpy(X), mg.from_numpy(Y), num_classes=4, generator=Generator(5))
    expected = mixup(X, Y, num_classes=4, generator=Generator(5))
    np.testing.assert_array_equal(x.numpy(), expected[0])
    np.testing.assert_array_equal(y.numpy(), expected[1])


@pytest.mark.parametrize(
    ("x", "y", "options", "error", "message"),
    [
        (X, Y[:5], {}, ShapeError, "must agree in N, got (6, 2, 3) and (5,)"),
        (X, np.eye(6, dtype=int), {}, ShapeError, "must agree in N"),
        (X.astype(int), Y, {}, DtypeError, "x must be floating and y integer, got int64 and int64"),
        (X, Y.astype(float), {}, DtypeError, "x must be floating and y integer, got float32 and float64"),
        (X.tolist(), Y, {}, DtypeError, "needs two tensors or two arrays, got list and ndarray"),
        (mg.from_numpy(X), Y, {}, DtypeError, "needs two tensors or two arrays, got Tensor and ndarray"),
        (X, Y, {"num_classes": 3}, ArgumentError, "classes must lie in [0, 3), y has 0 to 3"),
        (X, Y - 1, {}, ArgumentError, "classes must lie in [0, 4), y has -1 to 2"),
        (X, Y, {"alpha": 0}, ArgumentError, "alpha must be above 0, got 0"),
    ],
)
def test_what_is_not_a_batch_is_refused(
    x: Any, y: Any, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as caught:
        mixup(x, y, **{"num_classes": 4, **options})
    assert str(caught.value).startswith("mixup: ") and message in str(caught.value)
