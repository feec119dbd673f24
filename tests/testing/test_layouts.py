"""The same values in different memory."""

import numpy as np
import pytest

from minigrad.testing.layouts import LAYOUTS, scrambled

X = np.arange(6.0).reshape(2, 3)
CHANGES = [(name, change) for name, change in LAYOUTS.items() if name != "broadcast"] + [("scrambled", scrambled)]


@pytest.mark.parametrize(("name", "change"), CHANGES, ids=lambda v: v if isinstance(v, str) else "")
@pytest.mark.parametrize("x", [X, np.array(3.0), np.zeros((0, 2)), np.array([True, False]), np.arange(24).reshape(2, 3, 4)], ids=str)
def test_a_layout_keeps_values_shape_and_dtype(name, change, x):
    y = change(x)
    assert y.dtype == x.dtype and y.shape == x.shape and isinstance(y, np.ndarray)
    assert not np.shares_memory(x, y) or (x.ndim == 0 and name == "scrambled")
    np.testing.assert_array_equal(y, x)


def test_each_layout_lies_in_memory_as_its_name_says():
    assert LAYOUTS["F"](X).strides == (8, 16) and LAYOUTS["strided"](X).strides == (96, 16)
    assert LAYOUTS["negative"](X).strides == (-24, -8) and not LAYOUTS["readonly"](X).flags.writeable
    y = scrambled(X)
    assert min(y.strides) < 0 and not y.flags.contiguous and not y.flags.writeable


def test_the_broadcast_layout_repeats_the_first_element_of_the_first_axis():
    y = LAYOUTS["broadcast"](X)
    assert y.strides[0] == 0 and y.tolist() == [[0, 1, 2]] * 2
    assert LAYOUTS["broadcast"](np.array(2.0)) == 2 and LAYOUTS["broadcast"](np.zeros((0, 2))).shape == (0, 2)
