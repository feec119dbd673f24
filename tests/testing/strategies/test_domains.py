"""Domains move values to where a function is defined."""

import numpy as np
from hypothesis import given

from minigrad.testing.strategies import arrays, off_kink, positive, probabilities, shapes, spd, unit


@given(arrays(shapes(max_dims=2), values="normal"))
def test_positive_unit_and_off_kink_values_lie_where_they_say(x):
    assert (positive(x) >= 0.25).all()
    assert (np.abs(unit(x)) < 1).all() and (np.sign(unit(x)) == np.sign(x)).all()
    assert (np.abs(off_kink()(x)) >= 0.05).all()
    far = off_kink(-1.0, 1.0, gap=0.2)(x)
    assert (np.abs(np.abs(far) - 1) >= 0.2 - 1e-12).all()


@given(arrays(shapes(min_dims=1, max_dims=2)))
def test_probabilities_sum_to_one_along_the_last_axis(x):
    p = probabilities(x)
    assert (p > 0).all()
    np.testing.assert_allclose(p.sum(-1), 1)


def test_the_probability_of_the_only_outcome_is_one():
    assert probabilities(np.array(3.0)) == 1


@given(arrays((2, 3, 3)))
def test_spd_matrices_have_a_cholesky_factor(x):
    a = spd(x)
    np.testing.assert_array_equal(a, a.swapaxes(1, 2))
    np.linalg.cholesky(a)
