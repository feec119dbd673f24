import numpy as np
import pytest

import minigrad
from minigrad import Tensor
from minigrad.anomaly import detect_anomaly
from minigrad.errors import AnomalyError


def leaf(*values):
    return Tensor(np.array(values, "float64"), requires_grad=True)


def test_the_first_bad_result_is_named_by_op_and_by_the_users_line():
    x = leaf(1.0, 0.0)
    with pytest.raises(AnomalyError) as error, detect_anomaly():
        y = x - 1
        (y.log() * 2).sum()
    assert str(error.value).startswith("log at ") and "test_anomaly.py:" in str(error.value)
    assert "holds -inf at (0,), 2 of 2 elements not finite" in str(error.value)


def test_the_first_bad_gradient_is_named_though_every_value_is_finite():
    x = leaf(0.0, 4.0)
    with pytest.raises(AnomalyError) as error, detect_anomaly():
        x.pow(0.5).sum().backward()
    assert str(error.value).startswith("pow at ") and "its rule returned a gradient" in str(error.value)


def test_an_input_that_was_bad_already_is_not_blamed_on_the_op():
    with detect_anomaly():
        y = leaf(float("inf")) * 2
    assert np.isinf(y.numpy()).all()


def test_masking_scores_with_minus_infinity_is_no_anomaly():
    with detect_anomaly():
        scores = leaf(1.0, 2.0).masked_fill(minigrad.tensor([True, False]), -float("inf"))
        scores.softmax(0).sum().backward()


def test_infinities_may_be_let_through():
    with detect_anomaly(check_inf=False):
        leaf(0.0).reciprocal()


def test_the_block_leaves_nothing_behind():
    with pytest.raises(AnomalyError), detect_anomaly():
        leaf(0.0).log()
    assert np.isinf(leaf(0.0).log().numpy()).all()
