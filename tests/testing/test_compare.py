"""A difference is told with the law, the place, and both values."""

import numpy as np
import pytest

from minigrad import Tensor, tensor
from minigrad.errors import LawError
from minigrad.testing.compare import arrays_of, check_close, floating, several


def test_results_are_one_or_several():
    x = tensor([1.0])
    assert several(x) == [x] and several((x, 2)) == [x, 2]
    assert floating((x, tensor([1]), 3.0)) == [x]
    assert [a.tolist() for a in arrays_of((x, 2))] == [[1.0], 2]


def test_close_results_pass_nan_and_infinity_included():
    check_close("law", "y", Tensor([1.0, np.nan, np.inf]), np.array([1 + 1e-9, np.nan, np.inf]), 1e-6, 0)


@pytest.mark.parametrize(("got", "expected", "told"), [
    ([1.0, 2.0, 5.0], [1.0, 2.5, 2.0], "law: y, shape (3,): 2 of 3 elements differ, most at (2,): got 5, expected 2"),
    ([True, False], [True, True], "law: y, shape (2,): 1 of 2 elements differ, most at (1,): got 0, expected 1"),
    ([1.0, np.nan], [1.5, 3.0], "law: y, shape (2,): 2 of 2 elements differ, most at (1,): got nan, expected 3"),
    ([1.0], [[1.0]], "law: y has shape (1,), expected (1, 1)"),
    ((np.ones(1), np.zeros(1)), (np.ones(1), np.ones(1)), "law: y 1, shape (1,): 1 of 1 elements differ, most at (0,): got 0, expected 1"),
    ((np.ones(1),), (np.ones(1), np.ones(1)), "law: y: got 1 results, expected 2"),
])  # fmt: skip
def test_a_difference_is_told_in_a_sentence(got, expected, told):
    given = [a if isinstance(a, tuple) else np.array(a) for a in (got, expected)]
    with pytest.raises(LawError) as error:
        check_close("law", "y", *given, 1e-6, 0)
    assert str(error.value) == told


def test_a_hint_stands_on_a_line_of_its_own():
    with pytest.raises(LawError, match=r"expected 2\nHint: add one$"):
        check_close("law", "y", 1.0, 2.0, 0, 0, "add one")
