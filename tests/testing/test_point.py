"""A point is one forward and one backward, with a cotangent that hides nothing (rule 1)."""

import numpy as np
import pytest
from hypothesis.errors import UnsatisfiedAssumption

from minigrad import Tensor
from minigrad.errors import ArgumentError
from minigrad.testing.adapters.choose import subject_for
from minigrad.testing.flaws import Flaw
from minigrad.testing.point import Point, draw

X = np.array([[1.0, 2.0], [3.0, -4.0]])


def at(f, *arrays, **options):
    f = (f[0], lambda dy, x: dy) if isinstance(f, tuple) and f[1] is None else f
    return Point(subject_for("gradcheck", f, arrays), [np.array(a) for a in arrays], **options)


@pytest.mark.parametrize("seed", range(50))
def test_cotangents_are_small_whole_numbers_without_zeros_and_never_all_alike(seed):
    v, w = draw([(2,), (3, 1)], np.random.default_rng(seed))
    assert v.shape == (2,) and w.shape == (3, 1)
    values = np.concatenate([v.reshape(-1), w.reshape(-1)])
    assert set(values) <= {-3, -2, -1, 1, 2, 3} and len(set(values)) > 1
    pair = draw([(2,)], np.random.default_rng(seed))[0]
    assert pair[0] != pair[1]


def test_a_single_number_never_gets_one():
    assert {float(draw([()], np.random.default_rng(seed))[0]) for seed in range(40)} == {-2, -1, 2}


def test_no_outputs_need_no_cotangents():
    assert [v.shape for v in draw([(0, 3)], np.random.default_rng(0))] == [(0, 3)]


def test_the_seed_repeats_the_cotangent():
    assert np.array_equal(at(lambda x: x * 2, X, seed=3).cotangents, at(lambda x: x * 2, X, seed=3).cotangents)


def test_cotangents_may_be_given_as_arrays_tensors_or_lists():
    for v in (X, [X], Tensor(X), X.tolist()):
        given = [v] if isinstance(v, list) and v and isinstance(v[0], list) else v
        np.testing.assert_array_equal(at(lambda x: x * 2, X, cotangent=given).raw[0], 2 * X)


@pytest.mark.parametrize("v", [np.ones(2), [X, X], []])
def test_a_cotangent_of_another_shape_is_refused(v):
    with pytest.raises(ArgumentError, match=r"gradcheck: cotangent has shapes .* the outputs have \[\(2, 2\)\]"):
        at(lambda x: x * 2, X, cotangent=v)


def test_an_input_without_a_path_gets_zeros():
    np.testing.assert_array_equal(at(lambda x, y: x * 2, X, X).gradients[1], np.zeros((2, 2)))


@pytest.mark.parametrize("f, words", [(lambda x: x.log(), r"the output is nan at \[1, 1\], and 1 of 4"), (lambda x: (x - 1).log(), r"the output is -inf at \[0, 0\]"),
                                      (lambda x: (x, x / 0), r"output 1 is inf"), (lambda x: x.sum() / 0, r"the output is inf, and 1 of 1"), ((lambda x: x / 0, None), r"the output is inf at \[0, 0\]")])  # fmt: skip
def test_an_output_that_is_not_finite_is_a_flaw(f, words):
    with pytest.raises(Flaw, match=words) as raised:
        at(f, X)
    assert raised.value.kind == "output" and "domain" in raised.value.hint


def test_what_the_function_raises_is_a_flaw_that_says_where():
    def broken(x):
        raise ZeroDivisionError("in f")

    with pytest.raises(Flaw, match=r"^forward raised ZeroDivisionError: in f$") as raised:
        at(broken, X)
    assert raised.value.kind == "raises" and isinstance(raised.value.__cause__, ZeroDivisionError)
    with pytest.raises(Flaw, match=r"^backward raised KeyError: 'cache'$"):
        at((lambda x: x, lambda dy, x: {}["cache"]), X)


def test_an_assumption_of_a_property_test_passes_through():
    def assuming(x):
        raise UnsatisfiedAssumption()

    with pytest.raises(UnsatisfiedAssumption):
        at(assuming, X)


def test_few_numbers_are_all_different_so_that_no_small_square_is_symmetric():
    for seed in range(50):
        v = draw([(2, 2)], np.random.default_rng(seed))[0]
        assert len(np.unique(v)) == 4
