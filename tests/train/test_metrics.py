"""Metrics against their definitions, written as loops over examples."""

from __future__ import annotations

import math

import numpy as np
import pytest

import minigrad
from minigrad.errors import ArgumentError, DtypeError, RangeError, ShapeError
from minigrad.train import ConfusionMatrix, accuracy, mean_absolute_error, perplexity, top_k_accuracy


def batch(n, c, further=(), seed=0):
    """Return random scores (n, c, ...) and classes (n, ...), as arrays."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, c, *further)), rng.integers(0, c, (n, *further))


def tensors(*arrays):
    return [minigrad.from_numpy(np.ascontiguousarray(array)) for array in arrays]


def examples(scores, classes):
    """Yield (scores of one example, its class)."""
    for place in np.ndindex(classes.shape):
        yield scores[(place[0], slice(None), *place[1:])], int(classes[place])


@pytest.mark.parametrize(("n", "c", "further"), [(17, 3, ()), (1, 1, ()), (5, 4, (2, 3)), (8, 2, (7,))])
def test_accuracy_is_the_fraction_with_the_highest_score(n, c, further):
    scores, classes = batch(n, c, further)
    right = [max(range(c), key=lambda i: s[i]) == k for s, k in examples(scores, classes)]
    assert accuracy(*tensors(scores, classes)) == pytest.approx(sum(right) / len(right))


@pytest.mark.parametrize("k", [1, 2, 4, 5])
@pytest.mark.parametrize("further", [(), (3,)])
def test_top_k_is_the_fraction_with_fewer_than_k_higher_scores(k, further):
    scores, classes = batch(23, 5, further, seed=k)
    right = [sum(s > s[c]) < k for s, c in examples(scores, classes)]
    assert top_k_accuracy(k)(*tensors(scores, classes)) == pytest.approx(sum(right) / len(right))


def test_top_1_is_accuracy():
    pair = tensors(*batch(31, 6))
    assert top_k_accuracy(1)(*pair) == accuracy(*pair)


def test_mean_absolute_error_is_the_mean_distance():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(7, 3)), rng.normal(size=(7, 3))
    expected = sum(abs(a - b) for a, b in zip(x.ravel(), y.ravel(), strict=True)) / 21
    assert mean_absolute_error(*tensors(x, y)) == pytest.approx(expected)


def test_mean_absolute_error_of_unsigned_numbers_does_not_wrap_round():
    assert mean_absolute_error(*tensors(np.array([1, 2], np.uint8), np.array([3, 2], np.uint8))) == 1.0


def test_perplexity_of_a_fair_choice_is_the_number_of_choices():
    assert perplexity(math.log(27)) == pytest.approx(27)
    assert perplexity(705.0) == pytest.approx(math.exp(705.0))
    assert perplexity(1e4) == math.inf and math.isnan(perplexity(math.nan))


def test_metrics_of_no_examples_are_nan():
    empty = tensors(np.zeros((0, 3)), np.zeros(0, np.int64))
    assert math.isnan(accuracy(*empty)) and math.isnan(top_k_accuracy(2)(*empty))
    assert math.isnan(mean_absolute_error(*tensors(np.zeros((0, 2)), np.zeros((0, 2)))))


@pytest.fixture(name="confusion")
def confusion_fixture():
    """A matrix filled in three batches, and the pairs (true, predicted) that went in; class 4 never occurs."""
    matrix, pairs = ConfusionMatrix(5), []
    for seed in range(3):
        scores, classes = batch(20, 5, seed=seed)
        scores[:, 4], classes = -9.0, classes % 4
        matrix.update(*tensors(scores, classes))
        pairs += [(c, int(np.argmax(s))) for s, c in examples(scores, classes)]
    return matrix, pairs


def test_a_confusion_matrix_counts_pairs_over_batches(confusion):
    matrix, pairs = confusion
    assert [[pairs.count((i, j)) for j in range(5)] for i in range(5)] == matrix.counts.tolist()
    assert matrix.accuracy() == pytest.approx(sum(t == p for t, p in pairs) / len(pairs))


def test_precision_recall_and_f1_are_those_of_the_definition(confusion):
    matrix, pairs = confusion
    for i in range(4):
        hits = sum(t == p == i for t, p in pairs)
        precision, recall = hits / sum(p == i for _, p in pairs), hits / sum(t == i for t, _ in pairs)
        assert matrix.precision()[i] == pytest.approx(precision)
        assert matrix.recall()[i] == pytest.approx(recall)
        assert matrix.f1()[i] == pytest.approx(2 * precision * recall / (precision + recall))


def test_a_class_that_never_occurs_scores_0_without_a_warning(confusion):
    matrix, _ = confusion
    assert matrix.precision()[4] == matrix.recall()[4] == matrix.f1()[4] == 0
    assert ConfusionMatrix(3).accuracy() == 0 and ConfusionMatrix(3).f1().tolist() == [0, 0, 0]


@pytest.mark.parametrize("metric", [accuracy, top_k_accuracy(1), ConfusionMatrix(3).update])
def test_shapes_and_dtypes_that_do_not_fit_are_refused(metric):
    scores, classes = tensors(*batch(4, 3))
    with pytest.raises(ShapeError, match=r"scores \(N, C\) and classes \(N,\) are needed, got \(4, 3\) and \(3,\)"):
        metric(scores, classes[:3])
    with pytest.raises(ShapeError, match=r"got \(4,\)"):
        metric(classes, classes)
    with pytest.raises(DtypeError, match="classes must be whole numbers, got float64"):
        metric(scores, classes.to("float64"))


def test_values_out_of_range_are_refused():
    scores, classes = tensors(*batch(4, 3))
    for k in (0, 4):
        with pytest.raises(ArgumentError, match=rf"k = {k} must lie in \[1, 3\]"):
            top_k_accuracy(k)(scores, classes)
    with pytest.raises(RangeError, match="made for 3 classes, got 3 scores and classes from -1 to -1"):
        ConfusionMatrix(3).update(scores, classes * 0 - 1)
    with pytest.raises(RangeError, match="made for 4 classes, got 3 scores"):
        ConfusionMatrix(4).update(scores, classes)
    with pytest.raises(ShapeError, match=r"output is \(4, 3\) but target is \(4,\)"):
        mean_absolute_error(scores, classes)
