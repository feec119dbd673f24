"""Places are within bounds, or the first that is not is named."""

import numpy as np
import pytest

from minigrad.errors import RangeError
from minigrad.ops.bounds import insist_within, outside

NUMBERS = np.arange(-4, 8).reshape(3, 4)


@pytest.mark.parametrize("dtype", ["int64", "int32", "int8"])
@pytest.mark.parametrize(("low", "end"), [(0, 5), (-3, 3), (2, 2), (0, 0)])
def test_what_is_outside_is_marked(dtype, low, end):
    np.testing.assert_array_equal(outside(NUMBERS.astype(dtype), low, end), (low > NUMBERS) | (end <= NUMBERS))


def test_unsigned_and_turned_arrays_are_marked_too():
    np.testing.assert_array_equal(outside(np.array([[0, 5], [7, 2]], "uint8").T, 0, 5), [[False, True], [True, False]])


@pytest.mark.parametrize(("low", "end", "first"), [(0, 9, -4), (-4, 3, 3), (-2, 0, -4), (-4, 7, 7)])
def test_the_first_place_outside_is_handed_to_the_complaint(low, end, first):
    with pytest.raises(RangeError, match=f"^{first}$"):
        insist_within(NUMBERS, low, end, lambda i: RangeError(str(i)))


@pytest.mark.parametrize("places", [NUMBERS, np.zeros((0, 3), int), np.array(2)])
def test_places_within_bounds_are_no_trouble(places):
    insist_within(places, -4, 8, lambda i: RangeError(str(i)))
